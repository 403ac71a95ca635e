"""The catalogue of a workspace: what is in it, and everything that may be done to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update
from sqlalchemy import delete as delete_rows

from core.catalogue import digest, quarantine, sources
from core.catalogue.importer import Progress, Save, import_table
from core.catalogue.item_writer import ItemWriter
from core.catalogue.mapping import ColumnMapping, Proposal, propose, signature
from core.catalogue.mending import admit
from core.catalogue.quarantine import Kept
from core.catalogue.report import ImportOptions, ImportReport
from core.catalogue.rows import Issue, RawTable
from core.catalogue.shelves import Shelves
from core.catalogue.sources import Source
from core.catalogue.synonyms import EVENTS, STATEMENTS
from core.catalogue.writers import parts
from core.errors import DataError, MappingError
from core.storage import tables
from core.storage.database import upsert

DELETED_AT_ONCE = 2_000
_DOCUMENTS = tables.documents


class Catalogue(Shelves):
    """The catalogue of one workspace: read it, and change it. Cheap to make; holds no state of its own."""

    def import_table(
        self,
        raw: RawTable,
        mapping: ColumnMapping,
        name: str = "",
        origin: str = "upload",
        on_progress: Progress | None = None,
        check: Callable[[], None] | None = None,
        *,
        source_id: str = "",
        latest: float | None = None,
        save: Save | None = None,
        resume: Mapping[str, Any] | None = None,
    ) -> ImportReport:
        """Import a table into the source of that name (or ``source_id``) and remember the mapping; see ``importer``."""
        options = ImportOptions(name or raw.name, origin, source_id, latest)
        calls = {"on_progress": on_progress, "check": check, "save": save, "resume": resume}
        report = import_table(self._workspace, raw, mapping, options, **calls)  # type: ignore[arg-type]
        self.remember(raw.columns, mapping)
        return report

    def propose(self, raw: RawTable, kind: str = "") -> Proposal:
        """The mapping used last for these columns, or the likeliest one."""
        if remembered := self.recall(raw.columns, kind):
            reasons = dict.fromkeys(remembered.fields, "remembered")
            return Proposal(remembered, reasons)
        return propose(raw.columns, raw.head(), kind)

    def remember(self, columns: Sequence[str], mapping: ColumnMapping) -> None:
        """Keep a mapping for files with these columns."""
        row = {"signature": signature(columns), "kind": mapping.kind, "mapping": mapping.plain()}
        with self._db.write() as connection:
            upsert(connection, tables.mappings, [row])

    def recall(self, columns: Sequence[str], kind: str = "") -> ColumnMapping | None:
        """The mapping kept for files with these columns, where it (still) fits and is of the wanted kind."""
        with self._db.read() as connection:
            kept = connection.scalar(
                select(tables.mappings.c.mapping).where(tables.mappings.c.signature == signature(columns))
            )
        if kept is None:
            return None
        try:
            mapping = ColumnMapping.of(kept)
            mapping.check(columns)
        except MappingError:
            return None
        return mapping if kind in ("", mapping.kind) else None

    # Sources

    def sources(self) -> list[Source]:
        """All sources, oldest first."""
        with self._db.read() as connection:
            return sources.all_sources(connection)

    def source(self, source_id: str) -> Source:
        """One source; raises DataError when there is none of that id."""
        with self._db.read() as connection:
            return sources.get(connection, source_id)

    def delete_source(
        self, source_id: str, check: Callable[[], None] | None = None, on_progress: Progress | None = None
    ) -> int:
        """Delete a source with its items and its quarantine; gives the number of items. Documents stay, not current.

        Works in short transactions; one that was stopped is finished by calling it again.
        """
        source = self.source(source_id)
        with self._db.write() as connection:
            sources.save(connection, replace(source, content_hash=""))
            connection.execute(
                delete_rows(tables.quarantine).where(tables.quarantine.c.source_id == source_id)
            )
        with self._db.read() as connection:
            if source.kind == EVENTS:
                keys: list[Any] = list(
                    connection.scalars(
                        select(tables.events.c.id).where(tables.events.c.source_id == source_id)
                    )
                )
            elif source.kind == STATEMENTS:
                keys = list(connection.scalars(select(_DOCUMENTS.c.id).where(*_statements_of(source_id))))
            else:
                keys = ItemWriter(source.kind, source_id).leftovers(connection)
        for start in range(0, len(keys), DELETED_AT_ONCE):
            if check:
                check()
            with self._db.write() as connection:
                self._delete(connection, source, keys[start : start + DELETED_AT_ONCE])
            if on_progress:
                on_progress(min(start + DELETED_AT_ONCE, len(keys)), len(keys))
        with self._db.write() as connection:
            sources.delete(connection, source_id)
        for file in sources.uploads(self._workspace).glob(f"{source.content_hash or '-'}*"):
            file.unlink(missing_ok=True)
        return len(keys)

    def _delete(self, connection: Connection, source: Source, keys: Sequence[Any]) -> None:
        if source.kind == EVENTS:
            for part in parts(keys):
                connection.execute(delete_rows(tables.events).where(tables.events.c.id.in_(part)))
            return
        if source.kind == STATEMENTS:
            for part in parts(keys):
                connection.execute(update(_DOCUMENTS).where(_DOCUMENTS.c.id.in_(part)).values(current=False))
            return
        delta = ItemWriter(source.kind, source.id).remove(connection, keys)
        stored = sources.get(connection, source.id)
        sources.save(connection, replace(stored, digest=digest.add(stored.digest, (delta,))))

    # Quarantine

    def quarantine(
        self,
        *,
        source_id: str = "",
        status: str = quarantine.OPEN,
        reason: str = "",
        offset: int = 0,
        limit: int = 200,
    ) -> list[Kept]:
        """Rows that were kept apart (or admitted with something left out), by source and line."""
        with self._db.read() as connection:
            return quarantine.entries(
                connection, source_id=source_id, status=status, reason=reason, offset=offset, limit=limit
            )

    def quarantine_tally(self) -> list[tuple[str, str, str, int]]:
        """(source id, status, reason, number of rows)."""
        with self._db.read() as connection:
            return quarantine.tally(connection)

    def mend(self, entry_id: int, row: Mapping[str, str] | None = None) -> Issue | None:
        """Try a row again, as it is or as mended; gives what still does not fit, or None when it is admitted."""
        with self._db.write() as connection:
            return admit(connection, self._kept(connection, entry_id), row)

    def drop(self, entry_ids: Sequence[int]) -> None:
        """Leave rows out for good: the same row in the next version of the file is not listed again."""
        with self._db.write() as connection:
            for entry_id in entry_ids:
                kept = self._kept(connection, entry_id)
                quarantine.settle(connection, kept, quarantine.DROPPED)
                if kept.status == quarantine.OPEN:
                    source = sources.get(connection, kept.source_id)
                    sources.save(connection, replace(source, rows_quarantined=source.rows_quarantined - 1))

    def _kept(self, connection: Connection, entry_id: int) -> Kept:
        kept = quarantine.get(connection, entry_id)
        if kept is None or kept.status not in (quarantine.OPEN, quarantine.ADMITTED):
            raise DataError(
                "This row is no longer kept apart.",
                where=str(entry_id),
                remedy="Reload the page to see what is left.",
            )
        return kept


def _statements_of(source_id: str) -> tuple[ColumnElement[bool], ...]:
    return _DOCUMENTS.c.source_id == source_id, _DOCUMENTS.c.current
