"""Rows that were kept apart, and admitted rows with something left out: listed with line, column, reason and raw row.

Status: ``open`` (kept apart), ``admitted`` (in the catalogue without the cell that did not fit), ``mended``,
``dropped``. What was decided about a row is remembered by its raw content: the same bad row in the next version of the
file is mended or dropped in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from core.catalogue.limits import CELL_CHARS, KEPT_CHARS
from core.catalogue.rows import Issue, RawRow
from core.domain import canonical_json, content_hash
from core.storage import tables

OPEN, ADMITTED, MENDED, DROPPED = "open", "admitted", "mended", "dropped"
NOTED_A_SOURCE = 1_000
"""Admitted rows with a problem are listed up to this number; all are counted."""

_TABLE = tables.quarantine
_ROW, _MENDED = "row", "mended"


@dataclass(frozen=True, slots=True)
class Kept:
    """One entry of the list. ``raw`` is the row as it came; ``mended`` what a person made of it."""

    id: int
    source_id: str
    line: int
    column: str
    reason: str
    detail: str
    raw: Mapping[str, str]
    status: str
    mended: Mapping[str, str] | None = None

    @staticmethod
    def of(row: Row[Any]) -> Kept:
        """From a row of the table."""
        raw = row.raw
        return Kept(
            row.id,
            row.source_id,
            row.line,
            row.column,
            row.reason,
            row.detail,
            raw[_ROW],
            row.status,
            raw.get(_MENDED),
        )


class Decisions:
    """What was decided earlier about bad rows of a source, by the hash of the row as it came."""

    def __init__(self, connection: Connection, source_id: str) -> None:
        query = select(_TABLE).where(_TABLE.c.source_id == source_id, _TABLE.c.status.in_((MENDED, DROPPED)))
        self._known = {raw_hash(kept.raw): kept for kept in map(Kept.of, connection.execute(query))}
        self._met: set[int] = set()

    def about(self, row: RawRow) -> Kept | None:
        """The decision about this row, if there is one."""
        if not self._known:
            return None
        kept = self._known.get(raw_hash(shortened(row.cells)))
        if kept:
            self._met.add(kept.id)
        return kept

    def forget_unmet(self, connection: Connection) -> None:
        """Take out decisions about rows that the file no longer has."""
        gone = [kept.id for kept in self._known.values() if kept.id not in self._met]
        for start in range(0, len(gone), 500):
            connection.execute(delete(_TABLE).where(_TABLE.c.id.in_(gone[start : start + 500])))


def add(connection: Connection, source_id: str, found: Sequence[tuple[RawRow, Issue]], status: str) -> None:
    """List rows."""
    rows = [
        {
            "source_id": source_id,
            "line": row.line,
            "column": issue.column,
            "reason": issue.code,
            "detail": issue.detail,
            "raw": {_ROW: shortened(row.cells)},
            "status": status,
        }
        for row, issue in found
    ]
    if rows:
        connection.execute(insert(_TABLE), rows)


def entries(
    connection: Connection,
    *,
    source_id: str = "",
    status: str = "",
    reason: str = "",
    offset: int = 0,
    limit: int = 200,
) -> list[Kept]:
    """Entries by source and line."""
    query = select(_TABLE)
    for column, wanted in (
        (_TABLE.c.source_id, source_id),
        (_TABLE.c.status, status),
        (_TABLE.c.reason, reason),
    ):
        query = query.where(column == wanted) if wanted else query
    query = query.order_by(_TABLE.c.source_id, _TABLE.c.line, _TABLE.c.id).offset(offset).limit(limit)
    return [Kept.of(row) for row in connection.execute(query)]


def tally(connection: Connection) -> list[tuple[str, str, str, int]]:
    """(source id, status, reason, number) of all entries."""
    columns = (_TABLE.c.source_id, _TABLE.c.status, _TABLE.c.reason)
    query = select(*columns, func.count()).group_by(*columns).order_by(*columns)
    return [(row[0], row[1], row[2], int(row[3])) for row in connection.execute(query)]


def get(connection: Connection, entry_id: int) -> Kept | None:
    """One entry."""
    row = connection.execute(select(_TABLE).where(_TABLE.c.id == entry_id)).one_or_none()
    return Kept.of(row) if row else None


def settle(connection: Connection, kept: Kept, status: str, mended: Mapping[str, str] | None = None) -> None:
    """Record a decision, and the mended row with it."""
    raw = {_ROW: dict(kept.raw)} | ({_MENDED: dict(mended)} if mended is not None else {})
    connection.execute(update(_TABLE).where(_TABLE.c.id == kept.id).values(status=status, raw=raw))


def clear_undecided(connection: Connection, source_id: str) -> None:
    """Forget what is open or only noted: a new import of the source finds it again."""
    undecided = _TABLE.c.status.in_((OPEN, ADMITTED))
    connection.execute(delete(_TABLE).where(_TABLE.c.source_id == source_id, undecided))


def shortened(cells: Mapping[str, str]) -> dict[str, str]:
    """The row as it is kept: what is too long to be a cell is cut, what no database takes is replaced."""
    return {
        name: (cell if len(cell) <= CELL_CHARS else f"{cell[:KEPT_CHARS]}…")
        .encode("utf-8", "replace")
        .decode("utf-8")
        for name, cell in cells.items()
    }


def raw_hash(cells: Mapping[str, str]) -> str:
    """What makes two raw rows the same."""
    return content_hash(canonical_json(dict(cells)))
