"""What a rerun need not do again: open workspaces, the folded graph and the products, shared by all visits.

Each is kept until what it was made from has changed; the test for that costs a file's time stamp or one query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from sqlalchemy import func, select

from core.domain import Product
from core.settings import settings
from core.storage import tables
from core.storage.workspaces import Workspace, Workspaces

if TYPE_CHECKING:
    from core.graph.model import Graph


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """The catalogue as it is now: products by id, counts by kind, and a hash that changes when any of it does."""

    products: Mapping[str, Product]
    counts: Mapping[str, int]
    hash: str

    def title(self, product_id: str) -> str:
        """The title of a product, its id where it has left the catalogue; of a value that is spoken of, its words."""
        from core.graph.model import named_value

        product, value = self.products.get(product_id), named_value(product_id)
        return product.title if product else value[1] if value else product_id


def workspaces() -> Workspaces:
    """All workspaces of this server."""
    return Workspaces(settings().workspaces, settings().trash_days)


def open_workspace(workspace_id: str) -> Workspace:
    """The workspace, opened once a process; raises WorkspaceError where there is none of that id."""
    folder = workspaces().folder(workspace_id)
    try:
        stamp = (folder / "workspace.json").stat().st_mtime_ns
    except OSError:
        return workspaces().open(workspace_id)
    return _opened(str(folder), stamp)


def cached_graph(workspace: Workspace) -> Graph:
    """The graph at the head of the log; the store folds what is new since it was last asked for."""
    from core.graph.store import GraphStore

    return GraphStore(workspace).graph()


def cached_catalogue(workspace: Workspace) -> CatalogueView:
    """The products and counts of the catalogue, read once for each state of it."""
    return _catalogue(str(workspace.folder), catalogue_stamp(workspace), workspace)


def log_head(workspace: Workspace) -> int:
    """The last position of the log; 0 for an empty one."""
    with workspace.db.read() as connection:
        return int(connection.scalar(select(func.max(tables.log.c.seq))) or 0)


def catalogue_stamp(workspace: Workspace) -> tuple[object, ...]:
    """Equal stamps, equal catalogue: counts, latest changes and imports of its tables."""
    products, reviews, events, sources = tables.products, tables.reviews, tables.events, tables.sources
    with workspace.db.read() as connection:
        row = connection.execute(
            select(
                select(func.count()).select_from(products).scalar_subquery(),
                select(func.max(products.c.updated_at)).scalar_subquery(),
                select(func.count()).select_from(reviews).scalar_subquery(),
                select(func.max(events.c.id)).scalar_subquery(),
                select(func.count()).select_from(sources).scalar_subquery(),
                select(func.max(sources.c.imported_at)).scalar_subquery(),
            )
        ).one()
    return tuple(row)


def database_stamp(workspace: Workspace) -> tuple[int, ...]:
    """Changes with every commit to a SQLite workspace, at the price of two file stamps; () for other databases."""
    if workspace.info.database_url:
        return ()
    return tuple(
        value for name in ("workspace.db", "workspace.db-wal") for value in _stat(workspace.folder / name)
    )


def _stat(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


@st.cache_resource(max_entries=32, show_spinner=False)
def _opened(folder: str, changed: int) -> Workspace:
    return Workspace(Path(folder))


@st.cache_resource(max_entries=8, show_spinner=False)
def _catalogue(folder: str, stamp: tuple[object, ...], _workspace: Workspace) -> CatalogueView:
    from core.catalogue.store import Catalogue

    catalogue = Catalogue(_workspace)
    products = {product.id: product for product in catalogue.products()}
    return CatalogueView(products, dict(catalogue.counts()), catalogue.catalogue_hash())
