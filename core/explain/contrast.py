"""What separates products of one list: one above another, the first ones from the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Fact
from core.explain.model import Explainable, Scores
from core.explain.reference import Reference
from core.explain.shapley import Attribution, attribute


@dataclass(frozen=True, slots=True)
class Contrast:
    """Why one product stands above another: the difference of their shares, group by group."""

    names: tuple[str, ...]
    values: Scores
    base: float
    gap: float


@dataclass(frozen=True, slots=True)
class FactCount:
    """In how many of the first products, and in how many of the next, a fact is found."""

    relation: str
    object: str
    first: int
    next: int


@dataclass(frozen=True, slots=True)
class ListContrast:
    """The first products against the next: the difference of their mean shares, and the facts told apart by most."""

    first: tuple[str, ...]
    next: tuple[str, ...]
    between: Contrast
    facts: tuple[FactCount, ...]


def contrast(above: Attribution, below: Attribution) -> Contrast:
    """The gap between two scores of the same shopper; ``base + sum(values) == gap``."""
    return Contrast(
        above.names, above.values - below.values, above.base - below.base, above.score - below.score
    )


def list_contrast(
    model: Explainable,
    history: Sequence[str],
    k: int = 10,
    reference: Reference | None = None,
    limit: int = 8,
) -> ListContrast | None:
    """The first ``k`` products that are not in the history against the ``k`` after them; None where there are no more
    than ``k``. ``limit`` bounds the facts."""
    had = set(history)
    scores = np.asarray(model.score(history), dtype=np.float64)
    ranked = [p for at in np.argsort(-scores, kind="stable") if (p := model.product_ids[int(at)]) not in had]
    first, after = ranked[:k], ranked[k : 2 * k]
    if not after:
        return None
    means = [_mean([attribute(model, history, p, reference) for p in part]) for part in (first, after)]
    (names, above, base, score), (_names, below, low_base, low_score) = means
    between = Contrast(names, above - below, base - low_base, score - low_score)
    counts = [
        Counter(pair for p in part for pair in {_pair(fact) for fact in model.facts_of(p)})
        for part in (first, after)
    ]
    told = [FactCount(*pair, counts[0][pair], counts[1][pair]) for pair in {*counts[0], *counts[1]}]
    told.sort(key=lambda one: (-abs(one.first - one.next), one.relation, one.object))
    apart = tuple(one for one in told[:limit] if abs(one.first - one.next) > 1)
    return ListContrast(tuple(first), tuple(after), between, apart)


def _mean(found: Sequence[Attribution]) -> tuple[tuple[str, ...], Scores, float, float]:
    values: Scores = np.mean([one.values for one in found], axis=0)
    bases, scores = [one.base for one in found], [one.score for one in found]
    return found[0].names, values, float(np.mean(bases)), float(np.mean(scores))


def _pair(fact: Fact) -> tuple[str, str]:
    return fact.relation, fact.object
