"""Sources: the files that the catalogue was made from, and what is known of each."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.catalogue.mapping import ColumnMapping
from core.domain import content_hash
from core.errors import DataError
from core.storage import tables
from core.storage.workspaces import Workspace

_TABLE = tables.sources


@dataclass(frozen=True)
class Source:
    """One file in the catalogue.

    ``content_hash`` is "" while its import is not complete. ``digest`` is the hash of the set of its items;
    ``columns`` are those of its file; ``report`` the counts of its last import.
    """

    id: str
    kind: str
    name: str
    origin: str
    content_hash: str
    mapping: ColumnMapping
    imported_at: float
    rows_read: int = 0
    rows_ok: int = 0
    rows_quarantined: int = 0
    digest: int = 0
    columns: tuple[str, ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether its last import came to its end."""
        return bool(self.content_hash)

    @staticmethod
    def of(row: Row[Any]) -> Source:
        """From a row of the table."""
        state = row.mapping.get("state", {})
        return Source(
            row.id,
            row.kind,
            row.name,
            row.origin,
            row.content_hash,
            ColumnMapping.of(row.mapping["columns"]),
            row.imported_at,
            row.rows_read,
            row.rows_ok,
            row.rows_quarantined,
            int(state.get("digest", "0"), 16),
            tuple(state.get("names", ())),
            state.get("report", {}),
        )


def all_sources(connection: Connection) -> list[Source]:
    """All sources, oldest first."""
    return [
        Source.of(row)
        for row in connection.execute(select(_TABLE).order_by(_TABLE.c.imported_at, _TABLE.c.id))
    ]


def get(connection: Connection, source_id: str) -> Source:
    """One source; raises DataError when there is none of that id."""
    row = connection.execute(select(_TABLE).where(_TABLE.c.id == source_id)).one_or_none()
    if row is None:
        raise DataError("This source is no longer there.", where=source_id, remedy="Reload the page.")
    return Source.of(row)


def find(connection: Connection, kind: str, name: str) -> Source | None:
    """The source of that kind and name."""
    query = select(_TABLE).where(_TABLE.c.kind == kind, _TABLE.c.name == name)
    row = connection.execute(query.order_by(_TABLE.c.imported_at)).first()
    return Source.of(row) if row else None


def same_content(connection: Connection, kind: str, hashed: str, mapping: ColumnMapping) -> Source | None:
    """A complete source of the same bytes, read the same way."""
    query = select(_TABLE).where(_TABLE.c.kind == kind, _TABLE.c.content_hash == hashed)
    found = (Source.of(row) for row in connection.execute(query))
    return next((source for source in found if source.mapping == mapping), None)


def create(connection: Connection, kind: str, name: str, origin: str, mapping: ColumnMapping) -> Source:
    """A new, incomplete source; its id comes from kind and name and is free."""
    stem = (re.sub(r"[^\w]+", "-", name.casefold()).strip("-") or "source")[:40]
    wanted = f"{stem}-{content_hash(kind, name)[:6]}"
    taken = set(connection.scalars(select(_TABLE.c.id).where(_TABLE.c.id.startswith(wanted))))
    final = next(one for one in (wanted, *(f"{wanted}-{n}" for n in range(2, 10_000))) if one not in taken)
    source = Source(final, kind, name, origin, "", mapping, time.time())
    connection.execute(insert(_TABLE), _row(source))
    return source


def save(connection: Connection, source: Source) -> None:
    """Write what changed of a source."""
    row = _row(source)
    connection.execute(update(_TABLE).where(_TABLE.c.id == row.pop("id")).values(**row))


def delete(connection: Connection, source_id: str) -> None:
    """Take the row out; everything that refers to it has to be gone."""
    connection.execute(_TABLE.delete().where(_TABLE.c.id == source_id))


def uploads(workspace: Workspace) -> Path:
    """Where the files that came in are kept, named by their content."""
    return workspace.sub("uploads")


def _row(source: Source) -> dict[str, Any]:
    state = {"digest": f"{source.digest:x}", "names": list(source.columns), "report": dict(source.report)}
    return {
        "id": source.id,
        "kind": source.kind,
        "name": source.name,
        "origin": source.origin,
        "content_hash": source.content_hash,
        "mapping": {"columns": source.mapping.plain(), "state": state},
        "imported_at": source.imported_at,
        "rows_read": source.rows_read,
        "rows_ok": source.rows_ok,
        "rows_quarantined": source.rows_quarantined,
    }
