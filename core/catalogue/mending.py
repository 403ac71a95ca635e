"""Re-admission of rows that were kept apart."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from core.catalogue import digest, quarantine, sources
from core.catalogue.event_writer import EventWriter
from core.catalogue.importer import FUTURE_SECONDS
from core.catalogue.interpret import Interpreter
from core.catalogue.item_writer import ItemWriter
from core.catalogue.quarantine import Kept
from core.catalogue.rows import Issue, RawRow
from core.catalogue.sources import Source
from core.catalogue.synonyms import EVENTS, STATEMENTS
from core.catalogue.writers import Entry, Outcome


def admit(connection: Connection, kept: Kept, mended: Mapping[str, str] | None) -> Issue | None:
    """Read the row by its source's mapping and write what it gives; the first thing that does not fit otherwise.

    A mended row must be free of problems: whoever mends a price wants a price. A row that is tried again as it is may
    still lack what is optional.
    """
    source = sources.get(connection, kept.source_id)
    if source.kind == STATEMENTS:
        return Issue("", "mend_in_file")
    cells = dict(kept.raw if mended is None else mended)
    row = RawRow(kept.line, {name: cells.get(name, "") for name in (*source.columns, *cells)})
    reading = Interpreter(source.mapping, time.time() + FUTURE_SECONDS).read(row)
    if reading.item is None or (reading.issues and mended is not None):
        return reading.issues[0]
    entry = Entry(row, reading.item, reading.raw_texts)
    outcome = _write(connection, source, entry, kept)
    if outcome.refused:
        return outcome.refused[0][1]
    quarantine.settle(connection, kept, quarantine.MENDED, cells)
    was_open = kept.status == quarantine.OPEN
    stored = sources.get(connection, source.id)
    sources.save(
        connection,
        replace(
            stored,
            digest=digest.add(stored.digest, (outcome.delta,)),
            rows_ok=stored.rows_ok + was_open,
            rows_quarantined=stored.rows_quarantined - was_open,
            imported_at=time.time(),
        ),
    )
    return None


def _write(connection: Connection, source: Source, entry: Entry, kept: Kept) -> Outcome:
    if source.kind == EVENTS:
        return EventWriter(connection, source.id, compare=False).write(connection, [entry])
    writer = ItemWriter(source.kind, source.id, source.mapping.fields.get("id", ""))
    # A row that was kept apart must not overwrite a good one that has its id.
    clash = writer.clash(connection, entry) if kept.status == quarantine.OPEN else None
    return Outcome(refused=[(entry.row, clash)]) if clash else writer.write(connection, [entry])


class Readmission(NamedTuple):
    """How many rows are in the catalogue now, and what is still wrong with the others."""

    admitted: int
    left: tuple[Issue, ...]


class Mender(Protocol):
    """Whatever tries a row again; the catalogue."""

    def mend(self, entry_id: int, row: Mapping[str, str] | None = None) -> Issue | None:
        """Try one row."""


def readmit(catalogue: Mender, wishes: Mapping[int, Mapping[str, str] | None]) -> Readmission:
    """Try rows again: entry id → the mended row, or None to try it as it is."""
    outcomes = [catalogue.mend(entry_id, row) for entry_id, row in wishes.items()]
    left = tuple(issue for issue in outcomes if issue is not None)
    return Readmission(len(outcomes) - len(left), left)
