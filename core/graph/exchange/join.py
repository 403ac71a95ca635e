"""An archive joins a workspace that has something in it already: as a source of the catalogue, and entries of the log.

Products belong to the source that brought them first, as everywhere in the catalogue. Of what the file and the log say
of one thing, the later word counts, so a decision made here is not overruled by an older file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import ColumnElement, Connection, select, update

from core.catalogue import digest, sources
from core.catalogue.item_writer import ItemWriter
from core.catalogue.mapping import ColumnMapping
from core.catalogue.rows import RawRow
from core.catalogue.synonyms import PRODUCTS, REVIEWS, STATEMENTS
from core.catalogue.writers import Entry
from core.domain import DocumentKind, EntryKind, LogEntry, Product, Review
from core.graph.exchange.model import Archive, DocumentRecord
from core.graph.exchange.verify import log_of
from core.graph.log import DOCUMENT, Log
from core.graph.reading import chunks, states
from core.graph.registers import Registers
from core.storage import tables
from core.storage.database import CHUNK_ROWS, insert_new
from core.storage.workspaces import Workspace

ORIGIN = "graph"
_MAPPINGS = {
    PRODUCTS: ColumnMapping(PRODUCTS, {"id": "id", "title": "title"}),
    REVIEWS: ColumnMapping(REVIEWS, {"product_id": "product_id", "text": "text"}),
}
_VERDICTS = (EntryKind.ACCEPTED, EntryKind.REJECTED, EntryKind.CORRECTED)
_REGISTER = (
    dict.fromkeys((EntryKind.ASSERTED, EntryKind.RETRACTED), "live")
    | dict.fromkeys(_VERDICTS, "verdict")
    | dict.fromkeys((EntryKind.MERGED, EntryKind.SPLIT), "merge")
)
"""Kinds of which only the last counts; any other kind is a register of its own."""

Register = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Joined:
    """What was written; see ``BroughtIn``."""

    way: str
    products: int = 0
    kept: int = 0
    documents: int = 0
    assertions: int = 0
    entries: int = 0


def join(
    writer: Connection,
    workspace: Workspace,
    archive: Archive,
    name: str,
    products: Sequence[Product],
    reviews: Sequence[Review],
) -> Joined:
    """Join the archive, as the source ``name``, in the writer's transaction."""
    known = sources.find(writer, PRODUCTS, name)
    if known and known.content_hash == archive.digest:
        return Joined("unchanged")
    added, kept = _items(writer, PRODUCTS, name, archive, products)
    if reviews:
        _items(writer, REVIEWS, name, archive, reviews)
    texts = _documents(writer, _owned(writer, name, archive.documents))
    log = Log(workspace)
    log.reconcile(writer)
    entries = list(log_of(archive, name))
    written = _entries(writer, log, archive, entries)
    return Joined("source", added, kept, texts, *written)


def _items(
    writer: Connection, kind: str, name: str, archive: Archive, items: Iterable[Product | Review]
) -> tuple[int, int]:
    """Write the items under the source of that kind and name: (added or changed, left to other sources)."""
    source = sources.find(writer, kind, name) or sources.create(writer, kind, name, ORIGIN, _MAPPINGS[kind])
    hand = ItemWriter(kind, source.id, "id")
    added, kept, delta, total = 0, 0, 0, 0
    for part in chunks(items):
        total += len(part)
        outcome = hand.write(writer, [Entry(RawRow(0, {}), item) for item in part])
        added += outcome.added + outcome.updated
        kept += len(outcome.refused)
        delta += outcome.delta
    delta += hand.remove(writer, hand.leftovers(writer))
    done = replace(
        source,
        content_hash=archive.digest,
        rows_read=total,
        rows_ok=total - kept,
        digest=digest.add(source.digest, (delta,)),
    )
    sources.save(writer, done)
    return added, kept


def _owned(writer: Connection, name: str, documents: Sequence[DocumentRecord]) -> Sequence[DocumentRecord]:
    """The documents, statements of prior knowledge among them as those of a source that can be deleted with them."""
    if not any(record.kind == DocumentKind.STATEMENT for record in documents):
        return documents
    source = sources.find(writer, STATEMENTS, name) or sources.create(
        writer, STATEMENTS, name, ORIGIN, ColumnMapping(STATEMENTS, {})
    )
    return [replace(r, source_id=source.id) if r.kind == DocumentKind.STATEMENT else r for r in documents]


def _documents(writer: Connection, documents: Sequence[DocumentRecord]) -> int:
    """Add the texts that are not there yet; one is current where nothing else is under its id."""
    d = tables.documents
    added = 0
    for part in chunks(documents, 500):
        rows = writer.execute(
            select(d.c.id, d.c.hash, d.c.current).where(d.c.id.in_({r.id for r in part}))
        ).all()
        there = {(row.id, row.hash) for row in rows}
        taken = {row.id for row in rows if row.current}
        fresh = [
            {**asdict(r), "current": r.current and r.id not in taken}
            for r in part
            if (r.id, r.hash) not in there
        ]
        insert_new(writer, d, fresh)
        added += len(fresh)
        for record in part:
            if record.current and record.id not in taken and (record.id, record.hash) in there:
                again = update(d).where(d.c.id == record.id, d.c.hash == record.hash)
                writer.execute(again.values(current=True))
    return added


def _entries(writer: Connection, log: Log, archive: Archive, entries: Sequence[LogEntry]) -> tuple[int, int]:
    """Append what the file says last of each thing, unless something later is known here: (assertions, entries)."""
    registers = Registers(entries)
    final = _final(registers, entries)
    here = _touched(writer, {target for target, _ in final})
    late = {key for key, entry in final.items() if entry.time > here.get(key, 0.0)}
    live = [a for a in archive.assertions if registers.claim(a.id).live]
    found = states(writer, [a.id for a in live])
    asserted = [a for a in live if (a.id, "live") in late or found[a.id].retracted_because == DOCUMENT]
    rest = [
        entry
        for key, entry in final.items()
        if key in late
        and entry.kind is not EntryKind.ASSERTED
        and not (entry.kind is EntryKind.RETRACTED and entry.data.get("reason") == DOCUMENT)
    ]
    rest.sort(key=lambda entry: entry.seq)
    first = log.append(asserted, connection=writer)
    second = log.append((), [replace(entry, seq=0) for entry in rest], writer)
    return len(first), len(first) + len(second)


def _final(registers: Registers, entries: Iterable[LogEntry]) -> dict[Register, LogEntry]:
    """The last entry of each register that was not undone."""
    return {
        register(entry): entry
        for entry in sorted(entries, key=lambda entry: entry.seq)
        if entry.kind is not EntryKind.UNDONE and not registers.void(entry.seq)
    }


def register(entry: LogEntry) -> Register:
    """What an entry decides: its target, and the kind of question it answers."""
    return entry.target, _REGISTER.get(entry.kind, entry.kind.value)


def _touched(reader: Connection, targets: Iterable[str]) -> dict[Register, float]:
    """When each register of these targets was last written or undone here."""
    log = tables.log
    found: dict[Register, float] = {}
    of_seq: dict[int, Register] = {}

    def see(key: Register, moment: float) -> None:
        found[key] = max(found.get(key, 0.0), moment)

    for part in chunks(targets):
        for entry in entries_where(reader, log.c.target.in_(part)):
            of_seq[entry.seq] = register(entry)
            see(register(entry), entry.time)
    for entry in entries_where(reader, log.c.kind == EntryKind.UNDONE):
        if int(entry.target) in of_seq:
            see(of_seq[int(entry.target)], entry.time)
    return found


def entries_where(reader: Connection, condition: ColumnElement[bool]) -> Iterator[LogEntry]:
    """The entries of the log for which a condition holds, in order."""
    log = tables.log
    for row in reader.execute(select(log).where(condition).order_by(log.c.seq)).yield_per(CHUNK_ROWS):
        yield LogEntry(EntryKind(row.kind), row.target, row.data, row.actor, row.time, row.job_id, row.seq)
