"""What every reader gives: a table of rows of text, each with its line, and what is wrong with it if something is."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, NamedTuple

BLOCK = 1 << 20


class Issue(NamedTuple):
    """Why a row, or one of its cells, does not fit. ``code`` is machine-readable; its text is in assets/i18n."""

    column: str
    code: str
    detail: str = ""


class RawRow(NamedTuple):
    """One row as text: ``line`` counts from 1 in the file (the sheet, the list), as an editor shows it."""

    line: int
    cells: dict[str, str]
    issue: Issue | None = None


class Note(NamedTuple):
    """Something about a whole table that its owner should know, e.g. ``duplicate_header``."""

    code: str
    detail: str = ""


class Content:
    """Bytes in memory or in a file, with one face. Nothing is read before it is asked for."""

    def __init__(self, data: bytes | Path) -> None:
        self._data = data

    def open(self) -> BinaryIO:
        """A new reader from the beginning."""
        return io.BytesIO(self._data) if isinstance(self._data, bytes) else self._data.open("rb")

    def head(self, count: int) -> bytes:
        """The first bytes."""
        with self.open() as reader:
            return reader.read(count)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self._data) if isinstance(self._data, bytes) else self._data.stat().st_size

    @cached_property
    def fingerprint(self) -> tuple[str, int]:
        """(content hash, number of line ends), in one pass."""
        digest, lines = blake2b(digest_size=16), 0
        with self.open() as reader:
            while block := reader.read(BLOCK):
                digest.update(block)
                lines += block.count(b"\n")
        return digest.hexdigest(), lines


@dataclass(frozen=True)
class RawTable:
    """A table before anything is known of its meaning. ``rows()`` may be called again and again.

    ``total`` is the number of rows, exact for Parquet, a good guess otherwise (0: unknown). ``counts`` is filled
    while rows are read by readers that leave rows out on purpose (reason code → rows).
    """

    name: str
    columns: tuple[str, ...]
    open: Callable[[], Iterator[RawRow]]
    format: str
    content_hash: str
    encoding: str = ""
    delimiter: str = ""
    header: bool = True
    total: int = 0
    notes: tuple[Note, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)

    def rows(self) -> Iterator[RawRow]:
        """All rows in order, good ones and those with an issue."""
        return self.open()

    def head(self, count: int = 200) -> list[RawRow]:
        """The first rows; the rest of the file is not read."""
        found: list[RawRow] = []
        reader = self.open()
        for row in reader:
            found.append(row)
            if len(found) >= count:
                break
        close = getattr(reader, "close", None)
        if close:
            close()
        return found


def unique_columns(names: list[str]) -> tuple[tuple[str, ...], tuple[Note, ...]]:
    """Column names that differ: "price", "price (2)"; nameless ones are "column 3". With notes on what was done."""
    columns: list[str] = []
    notes: list[Note] = []
    taken: set[str] = set()
    for position, raw in enumerate(names, start=1):
        name = " ".join(raw.split())[:200]
        if not name:
            name = f"column {position}"
            notes.append(Note("nameless_column", name))
        final, number = name, 1
        while final in taken:
            number += 1
            final = f"{name} ({number})"
        if final != name:
            notes.append(Note("duplicate_header", final))
        taken.add(final)
        columns.append(final)
    return tuple(columns), tuple(notes)


def fit(line: int, columns: tuple[str, ...], cells: list[str]) -> RawRow:
    """Put cells under their columns; a ragged row gets an issue, its surplus cells the names "+1", "+2" …"""
    row = dict(zip(columns, cells, strict=False))
    if len(cells) == len(columns):
        return RawRow(line, row)
    if len(cells) > len(columns):
        surplus = cells[len(columns) :]
        row |= {f"+{number}": cell for number, cell in enumerate(surplus, start=1)}
        if not any(cell.strip() for cell in surplus):
            return RawRow(line, {name: row[name] for name in columns})
        code = "too_many_cells"
    else:
        row |= dict.fromkeys(columns[len(cells) :], "")
        code = "too_few_cells"
    return RawRow(line, row, Issue("", code, f"{len(cells)} / {len(columns)}"))
