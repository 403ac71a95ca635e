"""Does an explanation name what the model really used? Measured, and held against a random control.

Deletion: switch groups off in the order of their shares and watch the score fall. Insertion: switch them on and
watch it rise (Petsiuk et al. 2018). Both are read from the table of coalitions, so they cost no further scoring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.explain.model import Scores
from core.explain.shapley import Attribution
from core.explain.surrogate import agreement


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """The card beside an explanation. Areas are shares, in [0, 1], of the range that the scores of all coalitions span.

    ``deletion`` is better when small, ``insertion`` when large; the ``random_*`` are means over random orders.
    ``stability`` is the mean rank correlation between explanations of different seeds, in [-1, 1].
    """

    additivity_error: float
    deletion: float
    random_deletion: float
    insertion: float
    random_insertion: float
    stability: float | None
    orders: int

    @property
    def reliable(self) -> bool:
        """True where both curves beat the random control."""
        return self.deletion < self.random_deletion and self.insertion > self.random_insertion


def deletion_curve(table: Scores, order: Sequence[int]) -> Scores:
    """Scores as groups are switched off in ``order``, shape (groups + 1,), from a table of coalitions."""
    curve: Scores = table[_prefixes(order, len(table) - 1, on=False)]
    return curve


def insertion_curve(table: Scores, order: Sequence[int]) -> Scores:
    """Scores as groups are switched on in ``order``, shape (groups + 1,)."""
    curve: Scores = table[_prefixes(order, 0, on=True)]
    return curve


def deletion_area(table: Scores, order: Sequence[int]) -> float:
    """The area under the deletion curve, as a share of the range of all coalitions' scores; small is good."""
    return _area(deletion_curve(table, order), float(table.min()), float(table.max()))


def insertion_area(table: Scores, order: Sequence[int]) -> float:
    """The area under the insertion curve, likewise; large is good."""
    return _area(insertion_curve(table, order), float(table.min()), float(table.max()))


def _prefixes(order: Sequence[int], start: int, *, on: bool) -> np.ndarray:
    bits = np.cumsum([1 << i for i in order])
    return np.concatenate([[start], start + bits if on else start - bits]).astype(int)


def _area(curve: Scores, low: float, high: float) -> float:
    if high == low:
        return 0.0
    share = (curve - low) / (high - low)
    return float(np.mean((share[1:] + share[:-1]) / 2))


def faithfulness(
    found: Attribution,
    values: Scores | None = None,
    *,
    others: Sequence[Scores] = (),
    orders: int = 50,
    seed: int = 0,
) -> Faithfulness:
    """The card of an attribution of ``found``'s score; ``values`` are another method's, ``others`` other seeds'.

    The order of switching is by signed share: what lifts the score most goes first.
    """
    shares = found.values if values is None else values
    ranked = [int(i) for i in np.argsort(-shares, kind="stable")]
    random = np.random.default_rng(seed)
    draws = [[int(i) for i in random.permutation(len(shares))] for _ in range(orders)]
    agreements = [agreement(shares, other) for other in others]
    return Faithfulness(
        additivity_error=abs(found.base + float(shares.sum()) - found.score),
        deletion=deletion_area(found.table, ranked),
        random_deletion=float(np.mean([deletion_area(found.table, one) for one in draws])),
        insertion=insertion_area(found.table, ranked),
        random_insertion=float(np.mean([insertion_area(found.table, one) for one in draws])),
        stability=float(np.mean(agreements)) if agreements else None,
        orders=orders,
    )
