"""Reading the log and what it speaks of: streamed, in parts small enough for one query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, func, select

from core.domain import Assertion, EntryKind, LogEntry
from core.errors import GraphError
from core.graph.registers import ClaimState, Registers
from core.storage import tables
from core.storage.database import CHUNK_ROWS

_Item = TypeVar("_Item")


def read_entries(reader: Connection, since: int = 0, until: int | None = None) -> Iterator[LogEntry]:
    """Entries with ``since < seq <= until``, in order, streamed."""
    log = tables.log
    query = select(log).where(log.c.seq > since).order_by(log.c.seq)
    yield from _entries(reader, query if until is None else query.where(log.c.seq <= until))


def read_assertions(reader: Connection, ids: Sequence[str] | None = None) -> Iterator[Assertion]:
    """Stored assertions, all of them or those of the ids; the order is that of the table."""
    query = select(tables.assertions)
    if ids is None:
        yield from (Assertion(*row) for row in reader.execute(query).yield_per(CHUNK_ROWS))
        return
    for part in chunks(ids):
        yield from (Assertion(*row) for row in reader.execute(query.where(tables.assertions.c.id.in_(part))))


def chunks(items: Iterable[_Item], size: int = CHUNK_ROWS) -> Iterator[list[_Item]]:
    """The items in lists of at most ``size``, small enough for the parameters of one query."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def read_sources(reader: Connection, document_ids: Iterable[str] | None = None) -> dict[str, str]:
    """The source of each document by its id, of all of them or of these; that of the current text where there are
    several."""
    d = tables.documents
    query = select(d.c.id, d.c.source_id).order_by(d.c.current)
    if document_ids is None:
        return {row[0]: row[1] for row in reader.execute(query).yield_per(CHUNK_ROWS)}
    found: dict[str, str] = {}
    for part in chunks(dict.fromkeys(document_ids)):
        found |= {row[0]: row[1] for row in reader.execute(query.where(d.c.id.in_(part)))}
    return found


def read_head(reader: Connection) -> int:
    """The position of the last entry; 0 for an empty log."""
    return int(reader.scalar(select(func.max(tables.log.c.seq))) or 0)


def _entries(reader: Connection, query: Select[Any]) -> Iterator[LogEntry]:
    for row in reader.execute(query).yield_per(CHUNK_ROWS):
        yield _entry(row)


def _entry(row: Row[Any]) -> LogEntry:
    return LogEntry(EntryKind(row.kind), row.target, row.data, row.actor, row.time, row.job_id, row.seq)


def entries_at(reader: Connection, seqs: Iterable[int]) -> Iterator[LogEntry]:
    """The entries at these positions, as far as there are any."""
    for part in chunks(seqs):
        yield from _entries(reader, select(tables.log).where(tables.log.c.seq.in_(part)))


def registers_of(reader: Connection, targets: Iterable[str]) -> Registers:
    """The registers of some targets, with every undoing that concerns them."""
    log = tables.log
    registers = Registers()
    wanted: list[str] = list(dict.fromkeys(targets))
    while wanted:
        seqs: list[str] = []
        for part in chunks(wanted):
            for entry in _entries(reader, select(log).where(log.c.target.in_(part))):
                registers.add(entry)
                seqs.append(str(entry.seq))
        wanted = seqs
    return registers


def states(reader: Connection, ids: Sequence[str]) -> dict[str, ClaimState]:
    """The state of each of these assertions."""
    registers = registers_of(reader, ids)
    return {i: registers.claim(i) for i in ids}


def current_ids(reader: Connection, stored: Sequence[Assertion]) -> set[str]:
    """Ids of the assertions whose document still holds the text they were read from."""
    d = tables.documents
    hashes: dict[str, set[str]] = {}
    now: dict[str, str] = {}
    for part in chunks(sorted({a.document_id for a in stored})):
        for row in reader.execute(select(d.c.id, d.c.hash, d.c.current).where(d.c.id.in_(part))):
            hashes.setdefault(row.id, set()).add(row.hash)
            if row.current:
                now[row.id] = row.hash
    for a in stored:
        if a.document_hash not in hashes.get(a.document_id, ()):
            raise GraphError(
                "An assertion has no document to show as its evidence.",
                where=a.document_id,
                remedy="Import the product again, then read it again.",
            )
    return {a.id for a in stored if now.get(a.document_id) == a.document_hash}
