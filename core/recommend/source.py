"""Reads a workspace: interactions from its events, facts from its graph."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from core.domain import EventKind, Fact, Product
from core.recommend.data import Interactions
from core.recommend.features import training_facts
from core.storage.tables import assertions, events
from core.storage.tables import reviews as review_table
from core.storage.workspaces import Workspace

LOWEST_RATING = 3.0
"""A rating below this says that the product was not liked: no interaction to learn from."""


def read_events(workspace: Workspace, *, purchases_only: bool = False) -> list[tuple[str, str, float]]:
    """(shopper, product, time) of all events that speak for a product, in the order they came in."""
    query = select(events.c.shopper_id, events.c.product_id, events.c.time).order_by(events.c.id)
    query = query.where((events.c.kind != EventKind.RATING.value) | (events.c.value >= LOWEST_RATING))
    if purchases_only:
        query = query.where(events.c.kind.in_((EventKind.PURCHASE.value, EventKind.RATING.value)))
    with workspace.db.read() as connection:
        return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def read_histories(workspace: Workspace) -> dict[str, list[str]]:
    """Products by shopper (by id), each once, in the order of their first event."""
    found: dict[str, dict[str, None]] = {}
    for shopper, product, _time in sorted(read_events(workspace), key=lambda row: row[2]):
        found.setdefault(shopper, {})[product] = None
    return {shopper: list(found[shopper]) for shopper in sorted(found)}


def interactions(
    workspace: Workspace, products: Sequence[Product], *, purchases_only: bool = False
) -> Interactions:
    """A shopper's first event with each product of the catalogue."""
    rows = read_events(workspace, purchases_only=purchases_only)
    return Interactions.of(rows, [product.id for product in products], once=True)


def history(workspace: Workspace, shopper_id: str) -> list[tuple[str, float]]:
    """(product, time) of a shopper's first event with each product, oldest first."""
    query = (
        select(events.c.product_id, events.c.time)
        .where(events.c.shopper_id == shopper_id)
        .where((events.c.kind != EventKind.RATING.value) | (events.c.value >= LOWEST_RATING))
        .order_by(events.c.time, events.c.id)
    )
    with workspace.db.read() as connection:
        rows = connection.execute(query).all()
    first: dict[str, float] = {}
    for product, time in rows:
        first.setdefault(product, float(time))
    return list(first.items())


def graph_facts(
    workspace: Workspace, *, reviews: bool = False, behaviour: bool = False
) -> dict[str, list[Fact]]:
    """Facts by product id that training may use, of the graph as it is now."""
    from core.graph.store import GraphStore

    graph = GraphStore(workspace).graph()
    return training_facts(graph.facts.values(), documents_of(workspace), reviews=reviews, behaviour=behaviour)


def documents_of(workspace: Workspace) -> dict[str, str]:
    """Assertion id → document id."""
    with workspace.db.read() as connection:
        rows = connection.execute(select(assertions.c.id, assertions.c.document_id))
        return {row[0]: row[1] for row in rows}


def review_times(workspace: Workspace) -> dict[str, float | None]:
    """Review id → when it was written, None where it is not known."""
    with workspace.db.read() as connection:
        rows = connection.execute(select(review_table.c.id, review_table.c.time))
        return {row[0]: row[1] for row in rows}
