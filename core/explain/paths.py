"""Graph paths from the shopper's history to a recommended product, each tested by taking its edge away.

A path exists in the graph or is not shown. Its effect is what the real model's score loses when the fact at the
product's end is deleted and the product is scored again; where a past product's own fact leads straight to the product,
it is deleted there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain import Fact
from core.explain.model import Answering, Explainable

_PRODUCT = "product:"


@dataclass(frozen=True, slots=True)
class FactEffect:
    """What the score loses without one fact: positive where the fact lifts the product."""

    fact: Fact
    effect: float


@dataclass(frozen=True, slots=True)
class GraphPath:
    """history product - fact - shared node - fact - candidate (or one fact that links the two products)."""

    from_product: str
    to_product: str
    facts: tuple[Fact, ...]
    via: str
    effect: float

    @property
    def relations(self) -> tuple[str, ...]:
        """The relations along the path."""
        return tuple(fact.relation for fact in self.facts)


def fact_effects(model: Answering, history: Sequence[str], product_id: str) -> list[FactEffect]:
    """The effect of each fact of the product by deletion and re-scoring, largest first."""
    facts = list(model.facts_of(product_id))
    if not facts:
        return []
    everything = {fact.id for fact in facts}
    scores = model.score_fact_sets(
        history, product_id, [everything, *(everything - {fact.id} for fact in facts)]
    )
    effects = [
        FactEffect(fact, float(scores[0] - score)) for fact, score in zip(facts, scores[1:], strict=True)
    ]
    return sorted(effects, key=lambda found: (-abs(found.effect), found.fact.id))


def paths(
    model: Explainable,
    facts_of: Mapping[str, Sequence[Fact]],
    history: Sequence[str],
    product_id: str,
    effects: Sequence[FactEffect],
    limit: int = 12,
) -> list[GraphPath]:
    """Paths of one or two facts from the history, strongest effect first, at most ``limit``.

    ``facts_of`` maps product ids to all their facts in the graph; ``effects`` come from ``fact_effects``.
    """
    at_candidate = {found.fact.object: found for found in effects}
    found: list[GraphPath] = []
    for past in dict.fromkeys(reversed(history)):
        if past == product_id:
            continue
        for fact in facts_of.get(past, ()):
            if fact.object == _PRODUCT + product_id:
                effect = _effect_at_past(model, history, past, product_id, fact)
                found.append(GraphPath(past, product_id, (fact,), "", effect))
            elif (shared := at_candidate.get(fact.object)) is not None:
                found.append(GraphPath(past, product_id, (fact, shared.fact), fact.object, shared.effect))
        for own in effects:
            if own.fact.object == _PRODUCT + past:
                found.append(GraphPath(past, product_id, (own.fact,), "", own.effect))
    found.sort(key=lambda path: -abs(path.effect))
    return found[:limit]


def _effect_at_past(
    model: Explainable, history: Sequence[str], past: str, product_id: str, fact: Fact
) -> float:
    everything = {own.id for own in model.facts_of(past)}
    whole, without = model.score_past_fact_sets(
        history, past, product_id, [everything, everything - {fact.id}]
    )
    return float(whole - without)
