"""Exact Shapley values over a dozen groups, from the scores of all coalitions at once.

phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! * (v(S + i) - v(S))      (Shapley 1953)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigError
from core.explain.model import Answering, Masks, Scores
from core.explain.reference import Reference

MAX_GROUPS = 12


@cache
def coalitions(n: int) -> Masks:
    """All subsets of ``n`` players, shape (2**n, n); row ``r`` holds player ``i`` where bit ``i`` of ``r`` is set."""
    if not 1 <= n <= MAX_GROUPS:
        raise ConfigError(
            f"Exact Shapley values need 1 to {MAX_GROUPS} groups, not {n}.",
            remedy="Merge groups of features.",
        )
    rows = np.arange(2**n)[:, None]
    masks: Masks = (rows >> np.arange(n)) & 1 == 1
    masks.setflags(write=False)
    return masks


def shapley_values(values: Scores) -> Scores:
    """Shapley values, shape (n,), of the game whose coalition ``r`` (as in ``coalitions``) is worth ``values[r]``."""
    n = int(values.shape[0]).bit_length() - 1
    sizes = coalitions(n).sum(axis=1)
    weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])
    rows = np.arange(2**n)
    phi = np.empty(n)
    for player in range(n):
        without = rows[(rows >> player) & 1 == 0]
        gain = values[without | (1 << player)] - values[without]
        phi[player] = float(weight[sizes[without]] @ gain)
    return phi


@dataclass(frozen=True, slots=True)
class Attribution:
    """Shares of one score: ``base + sum(values) == score`` up to ``additivity_error``.

    ``table`` are the scores of all coalitions, shape (2**groups,), from which every control is computed.
    """

    names: tuple[str, ...]
    values: Scores
    base: float
    score: float
    table: NDArray[np.float64]

    @property
    def additivity_error(self) -> float:
        """Largest part of the score that the shares leave unexplained, in units of the score."""
        return abs(self.base + float(self.values.sum()) - self.score)

    @property
    def spread(self) -> float:
        """The range of the scores of all coalitions: what errors are a share of."""
        return float(np.ptp(self.table))

    def scored(self, masks: Masks) -> Scores:
        """The scores of these coalitions (bool[n, groups]), looked up instead of asked of the model again."""
        on = np.asarray(masks, dtype=bool)
        found: Scores = self.table[on @ (1 << np.arange(len(self.names)))]
        return found

    @property
    def order(self) -> tuple[int, ...]:
        """Groups by size of their share, largest first; ties by position."""
        return tuple(int(i) for i in np.argsort(-np.abs(self.values), kind="stable"))

    def as_shap(self) -> Any:
        """The same numbers as a ``shap.Explanation``, for the plots of that package."""
        import shap

        return shap.Explanation(
            values=self.values,
            base_values=self.base,
            data=np.ones(len(self.names)),
            feature_names=list(self.names),
        )


def attribute(
    model: Answering, history: Sequence[str], product_id: str, reference: Reference | None = None
) -> Attribution:
    """The exact share of each feature group in one score, compared with ``reference`` (the average without one)."""
    against = reference or Reference()
    names = tuple(group.name for group in model.groups)
    masks = coalitions(len(names))
    scores = model.score_coalitions(history, product_id, masks, against.product, against.shoppers)
    table = np.asarray(scores, dtype=np.float64)
    return Attribution(names, shapley_values(table), float(table[0]), float(table[-1]), table)


def shapley_of(value: Callable[[Masks], Scores], n: int) -> tuple[Scores, Scores]:
    """(Shapley values, coalition table) of any game of ``n`` players given as a batch function of masks."""
    table = np.asarray(value(coalitions(n)), dtype=np.float64)
    return shapley_values(table), table
