"""What joins products of different shelves and sources: the uses, people and occasions that they share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from core.graph.model import PRODUCT, Graph
from core.ontology import Family, family

INTENTS = frozenset((Family.USE, Family.PEOPLE))
MOST_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class SharedIntent:
    """A value that products of several categories or sources have in common.

    ``specificity`` is ln(products with any intent / products with this one), in nats: what few products share says more
    of them. ``products`` are nodes, at most ``MOST_EXAMPLES``, of different categories first.
    """

    node: str
    relations: tuple[str, ...]
    count: int
    categories: tuple[str, ...]
    sources: tuple[str, ...]
    specificity: float
    confidence: float
    products: tuple[str, ...]


def shared_intents(graph: Graph, limit: int = 500) -> list[SharedIntent]:
    """The values of use and people that join categories or sources, the most specific first; of equally specific ones
    those that join more categories, then the surer."""
    category: dict[str, str] = {}
    at: dict[str, dict[str, tuple[str, float, tuple[str, ...]]]] = {}
    for fact in graph.facts.values():
        if not fact.subject.startswith(PRODUCT):
            continue
        if fact.relation == "category":
            category[fact.subject] = min(category.get(fact.subject, fact.object), fact.object)
        elif family(fact.relation) in INTENTS:
            at.setdefault(fact.object, {})[fact.subject] = (fact.relation, fact.confidence, fact.sources)
    every = len({product for products in at.values() for product in products})
    found = []
    for node, products in at.items():
        categories = {category[product] for product in products if product in category}
        sources = {source for _, _, named in products.values() for source in named}
        if len(products) < 2 or (len(categories) < 2 and len(sources) < 2):
            continue
        found.append(
            SharedIntent(
                node,
                tuple(sorted({relation for relation, _, _ in products.values()})),
                len(products),
                tuple(sorted(categories)),
                tuple(sorted(sources)),
                math.log(every / len(products)),
                sum(confidence for _, confidence, _ in products.values()) / len(products),
                _examples(products, category),
            )
        )
    found.sort(key=lambda i: (-i.specificity, -len(i.categories), -i.confidence, i.node))
    return found[:limit]


def _examples(
    products: dict[str, tuple[str, float, tuple[str, ...]]], category: dict[str, str]
) -> tuple[str, ...]:
    """Some of the products, one of each category before a second of any."""
    turns: dict[str, int] = {}
    ranked = []
    for product in sorted(products, key=lambda p: (-products[p][1], p)):
        place = category.get(product, "")
        ranked.append((turns.get(place, 0), -products[product][1], product))
        turns[place] = turns.get(place, 0) + 1
    return tuple(product for _, _, product in sorted(ranked)[:MOST_EXAMPLES])
