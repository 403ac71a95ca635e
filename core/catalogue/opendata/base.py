"""What a data set is: its files, its licence, and how its files become tables with a mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.catalogue.mapping import ColumnMapping
from core.catalogue.rows import RawRow, RawTable
from core.errors import UnreadableFile

Files = Mapping[str, Path]
Report = Callable[[str], None]


@dataclass(frozen=True)
class Part:
    """One file of a data set: its key, the name it has at the publisher, and a URL where there is a stable one."""

    key: str
    file: str
    url: str = ""
    required: bool = True


@dataclass(frozen=True)
class Feed:
    """A table on its way into a source of that name."""

    table: RawTable
    mapping: ColumnMapping
    name: str


@dataclass(frozen=True)
class Dataset:
    """A public data set.

    ``feeds`` turns files (part key → path) into tables, products first. ``fetch`` gets the files without asking for
    anything, where that is possible: into a folder, reporting its steps.
    """

    key: str
    name: str
    licence: str
    homepage: str
    parts: tuple[Part, ...]
    feeds: Callable[[Files], list[Feed]]
    fetch: Callable[[Path, Report], Files] | None = None


def derived(
    raw: RawTable,
    columns: tuple[str, ...],
    change: Callable[[dict[str, str]], dict[str, str] | str],
    name: str = "",
) -> RawTable:
    """A table made row by row from another; ``change`` gives the new cells, or the reason to leave the row out."""
    counts: dict[str, int] = {}

    def rows() -> Iterator[RawRow]:
        counts.clear()
        for row in raw.rows():
            made = row.cells if row.issue else change(row.cells)
            if isinstance(made, str):
                counts[made] = counts.get(made, 0) + 1
            else:
                yield RawRow(row.line, made, row.issue)

    return RawTable(
        name or raw.name,
        columns,
        rows,
        raw.format,
        raw.content_hash,
        raw.encoding,
        total=raw.total,
        counts=counts,
    )


def require(raw: RawTable, *columns: str) -> RawTable:
    """The table, if it has the columns of the published file; raises UnreadableFile otherwise."""
    absent = [column for column in columns if column not in raw.columns]
    if absent:
        raise UnreadableFile(
            f"The column {absent[0]!r} is not there, so this is not the file as published.",
            where=raw.name,
            remedy=f"It has to have the columns {', '.join(columns)}.",
        )
    return raw
