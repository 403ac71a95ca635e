"""Laws of the interactions of pairs, and minimality of counterfactuals against brute force, on random games."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.explain.counterfactual import MAX_EDITS, Search
from core.explain.interactions import interaction_index, together
from core.explain.shapley import Attribution, shapley_values

worths = st.floats(-100, 100, allow_nan=False)
games = st.integers(2, 5).flatmap(lambda n: arrays(np.float64, 2**n, elements=worths))


def _size(values: np.ndarray) -> int:
    return int(np.log2(len(values)))


@settings(deadline=None)
@given(games)
def test_an_interaction_is_the_mean_over_orders_of_the_pair_as_one(values: np.ndarray) -> None:
    n, index = _size(values), interaction_index(values)
    for i, j in combinations(range(n), 2):
        gains = []
        for order in permutations([p for p in range(n) if p != j]):
            row = sum(1 << p for p in order[: order.index(i)])
            a, b = 1 << i, 1 << j
            gains.append(values[row | a | b] - values[row | a] - values[row | b] + values[row])
        assert index[i, j] == pytest.approx(np.mean(gains), abs=1e-8)
    assert np.array_equal(index, index.T)


@settings(deadline=None)
@given(games)
def test_what_is_alone_and_together_sums_to_the_gain(values: np.ndarray) -> None:
    n = _size(values)
    found = Attribution(
        tuple("abcde"[:n]), shapley_values(values), float(values[0]), float(values[-1]), values
    )
    assert np.triu(together(found)).sum() == pytest.approx(values[-1] - values[0], abs=1e-7)


@settings(deadline=None)
@given(arrays(np.float64, 4, elements=worths))
def test_in_a_sum_nothing_interacts(weights: np.ndarray) -> None:
    rows = np.arange(16)
    values = ((rows[:, None] >> np.arange(4)) & 1) @ weights
    assert interaction_index(values) == pytest.approx(np.zeros((4, 4)), abs=1e-8)


class _Table:
    """The score of product "x" is any function of which past products are kept; its rivals have fixed scores."""

    groups = ()
    product_ids = ("x", "r0", "r1", "r2")

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def score(self, history: Sequence[str]) -> np.ndarray:
        row = sum(1 << int(p) for p in set(history))
        return np.array([self.values[row], -0.5, 0.0, 0.5])

    def score_lists(self, histories: Sequence[Sequence[str]]) -> np.ndarray:
        return np.stack([self.score(history) for history in histories])


@settings(deadline=None)
@given(arrays(np.float64, 32, elements=st.floats(-1, 1)), st.integers(1, 3))
def test_no_smaller_change_crosses_the_edge(values: np.ndarray, k: int) -> None:
    model, history = _Table(values), [str(n) for n in range(5)]

    def inside(gone: Sequence[str]) -> bool:
        scores = model.score([p for p in history if p not in gone])
        return int((scores > scores[0]).sum()) < k

    found = Search(model, history, "x", k).history_change()  # type: ignore[arg-type]
    crossing = [
        len(gone)
        for size in range(1, MAX_EDITS + 1)
        for gone in combinations(history, size)
        if inside(gone) != inside(())
    ]
    assert len(found.changed) == min(crossing, default=0)
    assert not found.changed or inside(found.changed) != inside(())
