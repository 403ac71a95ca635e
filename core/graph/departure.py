"""A source that leaves, with everything that came from it: what would go, and the going."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import and_, func, select

from core.catalogue.importer import Progress
from core.catalogue.store import Catalogue
from core.domain import DocumentKind, Fact
from core.graph.log import Log
from core.graph.store import GraphStore
from core.storage import tables
from core.storage.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class Departure:
    """What deleting a source would take: its ``items`` (products, reviews, events or statements), facts that nothing
    else says (with those that follow from them), and facts that would come in their place, such as values that it has
    kept apart."""

    items: int
    gone: tuple[Fact, ...]
    come: tuple[Fact, ...]


def departure(workspace: Workspace, source_id: str) -> Departure:
    """What deleting a source would take; nothing is changed."""
    gone, come = GraphStore(workspace).without(source_id)
    d = tables.documents
    of_it = [table.c.source_id == source_id for table in (tables.products, tables.reviews, tables.events)]
    of_it.append(and_(d.c.source_id == source_id, d.c.current, d.c.kind == DocumentKind.STATEMENT))
    with workspace.db.read() as reader:
        items = sum(int(reader.scalar(select(func.count()).where(one)) or 0) for one in of_it)
    return Departure(items, tuple(gone), tuple(come))


def delete_source(
    workspace: Workspace,
    source_id: str,
    check: Callable[[], None] | None = None,
    on_progress: Progress | None = None,
) -> int:
    """Delete a source with its items, and retract what was read of them; gives the number of items.

    The graph is then what it would be if the source had never come. Raises DataError for one that is not there.
    """
    deleted = Catalogue(workspace).delete_source(source_id, check, on_progress)
    Log(workspace).reconcile()
    return deleted
