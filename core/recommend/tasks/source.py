"""Reads a workspace for a task: products, facts that may be known, ratings, and what shoppers did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from core.catalogue.store import Catalogue
from core.domain import EventKind, Fact
from core.errors import DataError
from core.recommend.features import training_facts
from core.recommend.source import LOWEST_RATING, documents_of
from core.recommend.tasks.classes import Place, class_examples
from core.recommend.tasks.config import Kind, TaskConfig
from core.recommend.tasks.examples import Examples, Part
from core.recommend.tasks.pairs import Stars, Step, need_examples, rating_examples
from core.storage.tables import assertions, events, reviews
from core.storage.workspaces import Workspace


def read_examples(workspace: Workspace, config: TaskConfig) -> tuple[Examples, list[Part], str]:
    """The examples of a task, their parts, and the hash of the graph they were made with.

    What only reviews say is not known of a product: praise is a rating in other words, and may be later than the test.
    Raises DataError where there is too little to learn from.
    """
    from core.graph.store import GraphStore

    products = list(Catalogue(workspace).products())
    if not products:
        raise DataError("There are no products.", where="catalogue", remedy="Import a file of products.")
    graph = GraphStore(workspace).graph()
    facts = training_facts(graph.facts.values(), documents_of(workspace))
    if config.kind is Kind.CLASS:
        forms = {node.id: (node.label, *node.aliases) for node in graph.nodes.values()}
        stated = [fact for rows in facts.values() for fact in rows if fact.relation == config.target]
        examples, parts = class_examples(products, facts, forms, config, read_places(workspace, stated))
    elif config.kind is Kind.RATING:
        examples, parts = rating_examples(
            products, facts, read_stars(workspace), read_steps(workspace), config
        )
    else:
        examples, parts = need_examples(products, facts, read_steps(workspace), config)
    return examples, parts, graph.hash


def read_places(workspace: Workspace, facts: Iterable[Fact]) -> dict[str, Place]:
    """Where each fact was read first: titles before other texts; facts that no text states are left out."""
    owner = {support: fact.id for fact in facts for support in fact.supports}
    query = select(assertions.c.id, assertions.c.document_id, assertions.c.start)
    found: dict[str, Place] = {}
    with workspace.db.read() as connection:
        for key, document, start in connection.execute(query):
            if key in owner:
                place = (not document.endswith("/title"), str(document), int(start))
                found[owner[key]] = min(place, found.get(owner[key], place))
    return found


def read_stars(workspace: Workspace) -> list[Stars]:
    """Ratings of reviews and of events, in the order they came in."""
    told = select(reviews.c.shopper_id, reviews.c.product_id, reviews.c.time, reviews.c.rating)
    done = select(events.c.shopper_id, events.c.product_id, events.c.time, events.c.value)
    with workspace.db.read() as connection:
        rows = [
            *connection.execute(told.where(reviews.c.rating.is_not(None)).order_by(reviews.c.id)),
            *connection.execute(done.where(events.c.kind == EventKind.RATING.value).order_by(events.c.id)),
        ]
    return [
        Stars(r[0] or "", r[1], float(r[2]) if r[2] is not None else float("nan"), float(r[3])) for r in rows
    ]


def read_steps(workspace: Workspace) -> list[Step]:
    """What shoppers did: bought, or liked enough to rate well, counts as taken; a look or a cart does not."""
    query = select(
        events.c.shopper_id, events.c.product_id, events.c.time, events.c.kind, events.c.value
    ).order_by(events.c.id)
    with workspace.db.read() as connection:
        return [
            Step(
                row[0],
                row[1],
                float(row[2]),
                row[3] == EventKind.PURCHASE or (row[3] == EventKind.RATING and row[4] >= LOWEST_RATING),
            )
            for row in connection.execute(query)
        ]


def targets(workspace: Workspace) -> list[str]:
    """Relations of product facts that could be classes, those with the most facts first; "category" leads."""
    from core.graph.store import GraphStore

    graph = GraphStore(workspace).graph()
    sizes = Counter(fact.relation for fact in graph.facts.values() if fact.subject.startswith("product:"))
    named = [name for name, _n in sizes.most_common() if name != "category"]
    return ["category", *named]
