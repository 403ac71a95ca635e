"""Rows in chunks: taken from a table, and read into what can be written, what is kept apart and what is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.catalogue import quarantine
from core.catalogue.interpret import Interpreter
from core.catalogue.rows import Issue, RawRow
from core.catalogue.writers import Entry
from core.errors import MappingError

HOPELESS = 1_000
_READ_AT_ONCE_CHARS = 4_000_000

Flawed = tuple[RawRow, Issue]


@dataclass(slots=True)
class Chunk:
    """What came of some rows: ``entries`` to write, rows that are ``refused``, flaws of written ones that are
    ``noted``, and how many were ``dropped`` because somebody had said so."""

    entries: list[Entry] = field(default_factory=list)
    refused: list[Flawed] = field(default_factory=list)
    noted: list[Flawed] = field(default_factory=list)
    dropped: int = 0


def taken(rows: Iterator[RawRow], count: int) -> list[RawRow]:
    """Up to ``count`` rows, fewer where they are huge."""
    chunk: list[RawRow] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += sum(map(len, row.cells.values()))
        if len(chunk) >= count or size > _READ_AT_ONCE_CHARS:
            break
    return chunk


def read(interpreter: Interpreter, rows: Sequence[RawRow], decisions: quarantine.Decisions) -> Chunk:
    """The rows as they are meant, with what was decided about flawed ones before."""
    chunk = Chunk()
    for row in rows:
        reading = interpreter.read(row)
        if reading.issues and (kept := decisions.about(row)):
            if kept.status == quarantine.DROPPED:
                chunk.dropped += 1
                continue
            reading = interpreter.read(RawRow(row.line, dict(kept.mended or {})))
        if reading.item is None:
            chunk.refused.append((row, reading.issues[0]))
            continue
        chunk.entries.append(Entry(row, reading.item, reading.raw_texts))
        chunk.noted += [(row, issue) for issue in reading.issues]
    return chunk


def give_up_early(interpreter: Interpreter, first: Sequence[RawRow], name: str) -> None:
    """Raises MappingError where none of the first thousand rows of a table is good: then the mapping is wrong, not the
    rows."""
    if len(first) < HOPELESS:
        return
    readings = [interpreter.read(row) for row in first]
    if any(reading.item for reading in readings):
        return
    (column, code, detail), _ = Counter(reading.issues[0] for reading in readings).most_common(1)[0]
    raise MappingError(
        f"None of the first {HOPELESS:,} rows fits ({code.replace('_', ' ')} {detail!r}).",
        where=f"{name}, column {column!r}" if column else name,
        remedy="Choose other columns.",
    )
