"""The facts a recommendation rests on: those it shares with the history and would be worth less without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain import Fact

if (
    TYPE_CHECKING
):  # the module would bring torch, which takes seconds, to a page that may have nothing to rank
    from core.recommend.rank import Recommender

LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact of the product, the products of the history that share it, and what the score loses without it."""

    fact: Fact
    shared_with: tuple[str, ...]
    weight: float


def reasons(model: Recommender, history: Sequence[str], product_id: str, k: int = 4) -> list[Reason]:
    """The k facts that matter most: each is taken away, the product is scored again by the real model."""
    facts = model.facts_of(product_id)
    owners: dict[tuple[str, str], list[str]] = {}
    for product in dict.fromkeys(history):
        for fact in model.facts_of(product):
            owners.setdefault((fact.relation, fact.object), []).append(product)
    shared = [fact for fact in facts if (fact.relation, fact.object) in owners]
    if not shared:
        return []
    every = {fact.id for fact in facts}
    scores = model.score_fact_sets(history, product_id, [every, *(every - {fact.id} for fact in shared)])
    found = [
        Reason(fact, tuple(owners[fact.relation, fact.object]), float(scores[0] - without))
        for fact, without in zip(shared, scores[1:], strict=True)
    ]
    return sorted((r for r in found if r.weight > LEAST), key=lambda r: (-r.weight, r.fact.id))[:k]
