"""Exact shares of one recommendation, in a form that many can be put together: by group and by relation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.explain.model import Explainable, Masks, Scores
from core.explain.shapley import attribute, shapley_of

MOST_RELATIONS = 10
"""Relations of one product that are told apart; with more, those with the fewest facts count together."""
REST = "rest"


@dataclass(frozen=True, slots=True)
class Row:
    """One recommendation. ``values`` are the exact shares of the groups, in units of the score; ``relations`` those of
    the product's relations in what its facts change; ``error`` is the additivity error. ``place`` starts at 1;
    ``history`` is the number of products of the shopper, ``shoppers`` that of the product's."""

    shopper: str
    product: str
    place: int
    history: int
    shoppers: int
    values: tuple[float, ...]
    relations: Mapping[str, float]
    base: float
    score: float
    error: float

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def of_plain(raw: Mapping[str, Any]) -> Row:
        """Back from what ``plain`` gave."""
        return Row(**{**raw, "values": tuple(raw["values"])})


def row(
    model: Explainable, shopper: str, history: Sequence[str], product: str, place: int, shoppers: int
) -> Row:
    """Take one recommendation apart."""
    found = attribute(model, history, product)
    return Row(
        shopper,
        product,
        place,
        len(history),
        shoppers,
        tuple(float(value) for value in found.values),
        relation_shares(model, history, product),
        found.base,
        found.score,
        found.additivity_error,
    )


def relation_shares(model: Explainable, history: Sequence[str], product: str) -> dict[str, float]:
    """Exact Shapley values of the product's relations in its score, everything else as it is.

    They sum to the score with all its facts minus the score with none. {} for a product without facts.
    """
    facts = model.facts_of(product)
    sizes = Counter(fact.relation for fact in facts)
    if not sizes:
        return {}
    ordered = sorted(sizes, key=lambda name: (-sizes[name], name))
    players = ordered if len(ordered) <= MOST_RELATIONS else [*ordered[: MOST_RELATIONS - 1], REST]
    of = {name: min(place, len(players) - 1) for place, name in enumerate(ordered)}

    def value(masks: Masks) -> Scores:
        kept = [[fact.id for fact in facts if on[of[fact.relation]]] for on in masks]
        return model.score_fact_sets(history, product, kept)

    shares, _ = shapley_of(value, len(players))
    return {name: float(share) for name, share in zip(players, shares, strict=True)}


def matrix(rows: Sequence[Row], names: Sequence[str]) -> np.ndarray:
    """float64[rows, groups] of the shares."""
    return np.array([one.values for one in rows], np.float64).reshape(len(rows), len(names))
