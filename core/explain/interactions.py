"""Which groups work together: exact interactions of pairs, from the scores of all coalitions.

The Shapley interaction index (Grabisch and Roubens 1999):
I_ij = sum over S without i, j of |S|! (n - |S| - 2)! / (n - 1)! * (v(S+i+j) - v(S+i) - v(S+j) + v(S))
With what each group does alone, phi_i - (sum_j I_ij) / 2, the interactions sum to the gain, as the shares do
(2-Shapley values: Bordt and von Luxburg, AISTATS 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
from numpy.typing import NDArray

from core.explain.model import Scores
from core.explain.shapley import Attribution, coalitions, shapley_values

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups and what they do to the score together, beyond what each does alone."""

    first: str
    second: str
    value: float


def interaction_index(values: Scores) -> Matrix:
    """float64[n, n], symmetric with a zero diagonal: the index of each pair in the game of ``values`` (2**n,)."""
    n = int(values.shape[0]).bit_length() - 1
    found = np.zeros((n, n))
    if n < 2:
        return found
    sizes = coalitions(n).sum(axis=1)
    weight = np.array([factorial(s) * factorial(n - s - 2) / factorial(n - 1) for s in range(n - 1)])
    rows = np.arange(2**n)
    for i, j in combinations(range(n), 2):
        a, b = 1 << i, 1 << j
        without = rows[(rows & (a | b)) == 0]
        gain = values[without | a | b] - values[without | a] - values[without | b] + values[without]
        found[i, j] = found[j, i] = float(weight[sizes[without]] @ gain)
    return found


def together(found: Attribution) -> Matrix:
    """float64[groups, groups]: interactions off the diagonal, on it what each group does alone.

    The diagonal and one of the two triangles sum to ``score - base``.
    """
    index = interaction_index(found.table)
    return index + np.diag(shapley_values(found.table) - index.sum(axis=1) / 2)


def top_pairs(found: Attribution, limit: int = 5) -> list[Pair]:
    """The pairs with the largest interactions, largest first; those that do not interact are left out."""
    index = interaction_index(found.table)
    least = 1e-6 * (found.spread or 1.0)
    pairs = [
        Pair(found.names[i], found.names[j], float(index[i, j]))
        for i, j in combinations(range(len(found.names)), 2)
        if abs(index[i, j]) > least
    ]
    return sorted(pairs, key=lambda pair: -abs(pair.value))[:limit]
