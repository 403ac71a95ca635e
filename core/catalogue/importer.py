"""The import of one table into one source: in chunks, resumable, the same file twice without effect.

Each chunk is one short transaction that holds rows, documents, quarantine, the source's digest and the checkpoint, so a
stop at any moment loses nothing and a resumed import ends in the same state as one that was never stopped.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection

from core.catalogue import digest, quarantine, sources
from core.catalogue.chunks import HOPELESS, Chunk, give_up_early, read, taken
from core.catalogue.event_writer import EventWriter
from core.catalogue.interpret import Interpreter
from core.catalogue.item_writer import ItemWriter
from core.catalogue.mapping import ColumnMapping
from core.catalogue.report import ImportOptions, ImportReport
from core.catalogue.rows import RawRow, RawTable
from core.catalogue.sources import Source
from core.catalogue.synonyms import EVENTS
from core.catalogue.writers import Writer
from core.errors import MappingError
from core.storage.workspaces import Workspace

FUTURE_SECONDS = 86_400.0
_FIRST_CHUNK, _LARGEST_CHUNK, _SMALLEST_CHUNK = 500, 5_000, 50
_QUICK, _SLOW = 0.08, 0.2

Progress = Callable[[int, int], None]
Save = Callable[[Mapping[str, Any], Connection], None]


def import_table(
    workspace: Workspace,
    raw: RawTable,
    mapping: ColumnMapping,
    options: ImportOptions,
    *,
    on_progress: Progress | None = None,
    check: Callable[[], None] | None = None,
    save: Save | None = None,
    resume: Mapping[str, Any] | None = None,
) -> ImportReport:
    """Import a table. Raises MappingError for a mapping that gives nothing, UnreadableFile for a damaged file,
    Cancelled when ``check`` says so: what was written until then stays, and the next import goes on from it."""
    return _Import(workspace, raw, mapping, options, on_progress, check, save).run(resume or {})


class _Import:
    def __init__(
        self,
        workspace: Workspace,
        raw: RawTable,
        mapping: ColumnMapping,
        options: ImportOptions,
        on_progress: Progress | None,
        check: Callable[[], None] | None,
        save: Save | None,
    ) -> None:
        mapping.check(raw.columns)
        self._db = workspace.db
        self._raw = raw
        self._mapping = mapping
        self._options = options
        self._progress = on_progress or (lambda _done, _total: None)
        self._check = check or (lambda: None)
        self._save = save or (lambda _data, _connection: None)
        latest = time.time() + FUTURE_SECONDS if options.latest is None else options.latest
        self._interpreter = Interpreter(mapping, latest)
        self._counts: Counter[str] = Counter()
        self._issues: Counter[str] = Counter()
        self._chunk = _FIRST_CHUNK
        self._began = time.monotonic()

    def run(self, resume: Mapping[str, Any]) -> ImportReport:
        """The whole import."""
        self._counts.update(resume.get("counts", {}))
        self._issues.update(resume.get("issues", {}))
        rows = self._raw.rows()
        first = list(islice(rows, HOPELESS))
        give_up_early(self._interpreter, first, self._raw.name)
        if not resume:
            with self._db.read() as connection:
                known = self._known(connection)
            same = known and known.content_hash == self._raw.content_hash and known.mapping == self._mapping
            if known and same:
                return self._nothing_to_do(known)
        source = self._begin(str(resume.get("source_id", "")))
        writer, decisions = self._writer(source)
        self._rows(source, writer, decisions, chain(first, rows), int(resume.get("rows", 0)))
        self._remove(source, writer)
        return self._finish(source, decisions)

    def _known(self, connection: Connection) -> Source | None:
        if self._options.source_id:
            return sources.get(connection, self._options.source_id)
        same = sources.same_content(connection, self._mapping.kind, self._raw.content_hash, self._mapping)
        return same or sources.find(connection, self._mapping.kind, self._options.name)

    def _begin(self, resumed: str) -> Source:
        """The source, marked as incomplete and without what a fresh import will find again."""
        with self._db.write() as connection:
            if resumed:
                return sources.get(connection, resumed)
            source = self._known(connection)
            if source and source.kind != self._mapping.kind:
                raise MappingError(
                    f"“{source.name}” holds {source.kind}; {self._mapping.kind} cannot replace them.",
                    where=self._raw.name,
                    remedy="Import the file as a source of its own.",
                )
            if source is None:
                kind, name = self._mapping.kind, self._options.name
                source = sources.create(connection, kind, name, self._options.origin, self._mapping)
            quarantine.clear_undecided(connection, source.id)
            begun = replace(source, content_hash="", mapping=self._mapping, columns=self._raw.columns)
            sources.save(connection, begun)
            self._save(self._checkpoint(source.id, 0), connection)
            return begun

    def _writer(self, source: Source) -> tuple[Writer, quarantine.Decisions]:
        with self._db.read() as connection:
            decisions = quarantine.Decisions(connection, source.id)
            if source.kind == EVENTS:
                return EventWriter(connection, source.id), decisions
            return ItemWriter(source.kind, source.id, self._mapping.fields.get("id", "")), decisions

    def _rows(
        self,
        source: Source,
        writer: Writer,
        decisions: quarantine.Decisions,
        rows: Iterator[RawRow],
        done: int,
    ) -> None:
        count = 0
        while some := taken(rows, min(self._chunk, done - count) if count < done else self._chunk):
            self._check()
            chunk = read(self._interpreter, some, decisions)
            count += len(some)
            if count <= done:
                writer.replay(chunk.entries)
                continue
            self._write(source, writer, chunk, count)
            self._progress(count, max(self._raw.total, count))

    def _write(self, source: Source, writer: Writer, chunk: Chunk, count: int) -> None:
        """One transaction; its duration decides how much the next one takes on."""
        began = time.monotonic()
        with self._db.write() as connection:
            outcome = writer.write(connection, chunk.entries)
            refused = [*chunk.refused, *outcome.refused]
            quarantine.add(connection, source.id, refused, quarantine.OPEN)
            room = max(quarantine.NOTED_A_SOURCE - self._counts["listed"], 0)
            quarantine.add(connection, source.id, chunk.noted[:room], quarantine.ADMITTED)
            ok = outcome.added + outcome.updated + outcome.unchanged
            self._counts.update(
                read=len(chunk.entries) + len(chunk.refused) + chunk.dropped,
                ok=ok,
                added=outcome.added,
                updated=outcome.updated,
                unchanged=outcome.unchanged,
                duplicates=outcome.duplicates,
                quarantined=len(refused),
                dropped=chunk.dropped,
                noted=len({row.line for row, _ in chunk.noted}),
                listed=len(chunk.noted[:room]),
            )
            self._issues.update(issue.code for _, issue in (*refused, *chunk.noted))
            self._shift_digest(connection, source, outcome.delta)
            self._save(self._checkpoint(source.id, count), connection)
        self._pace(time.monotonic() - began)

    def _remove(self, source: Source, writer: Writer) -> None:
        """Take out what the file no longer has."""
        with self._db.read() as connection:
            keys = writer.leftovers(connection)
        while keys:
            self._check()
            part, keys = keys[: self._chunk], keys[self._chunk :]
            began = time.monotonic()
            with self._db.write() as connection:
                self._shift_digest(connection, source, writer.remove(connection, part))
                self._counts["removed"] += len(part)
                self._save(self._checkpoint(source.id, self._counts["read"]), connection)
            self._pace(time.monotonic() - began)

    def _finish(self, source: Source, decisions: quarantine.Decisions) -> ImportReport:
        counts = self._counts
        report = ImportReport(
            source.id,
            source.kind,
            source.name,
            seconds=round(time.monotonic() - self._began, 3),
            issues=dict(self._issues),
            left_out=dict(self._raw.counts),
        )
        counted: dict[str, Any] = {name: counts[name] for name in _COUNTED}
        report = replace(report, **counted)
        with self._db.write() as connection:
            decisions.forget_unmet(connection)
            finished = replace(
                sources.get(connection, source.id),
                content_hash=self._raw.content_hash,
                imported_at=time.time(),
                rows_read=counts["read"],
                rows_ok=counts["ok"],
                rows_quarantined=counts["quarantined"],
                report=report.plain(),
            )
            sources.save(connection, finished)
        self._progress(counts["read"], counts["read"])
        return report

    def _nothing_to_do(self, known: Source) -> ImportReport:
        return ImportReport(
            known.id,
            known.kind,
            known.name,
            read=known.rows_read,
            ok=known.rows_ok,
            unchanged=known.rows_ok,
            quarantined=known.rows_quarantined,
            duplicates=int(known.report.get("duplicates", 0)),
            dropped=int(known.report.get("dropped", 0)),
            seconds=round(time.monotonic() - self._began, 3),
            same_file=True,
        )

    def _shift_digest(self, connection: Connection, source: Source, delta: int) -> None:
        if delta:
            stored = sources.get(connection, source.id)
            sources.save(connection, replace(stored, digest=digest.add(stored.digest, (delta,))))

    def _checkpoint(self, source_id: str, rows: int) -> dict[str, Any]:
        counts = {"counts": dict(self._counts), "issues": dict(self._issues)}
        return {"source_id": source_id, "rows": rows, **counts}

    def _pace(self, seconds: float) -> None:
        if seconds > _SLOW:
            self._chunk = max(self._chunk // 2, _SMALLEST_CHUNK)
        elif seconds < _QUICK:
            self._chunk = min(self._chunk * 2, _LARGEST_CHUNK)


_COUNTED = (
    "read",
    "ok",
    "added",
    "updated",
    "unchanged",
    "removed",
    "duplicates",
    "quarantined",
    "dropped",
    "noted",
)
