"""The axioms of the Shapley value, and agreement with the shap package, on random games."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.errors import ConfigError
from core.explain.faithful import deletion_curve, insertion_curve
from core.explain.shapley import coalitions, shapley_of, shapley_values

worths = st.floats(-100, 100, allow_nan=False)
games = st.integers(1, 5).flatmap(lambda n: arrays(np.float64, 2**n, elements=worths))


@given(games)
def test_equals_the_mean_over_all_orders(values: np.ndarray) -> None:
    n = int(np.log2(len(values)))
    expected = np.zeros(n)
    orders = list(permutations(range(n)))
    for order in orders:
        row = 0
        for player in order:
            expected[player] += values[row | 1 << player] - values[row]
            row |= 1 << player
    assert shapley_values(values) == pytest.approx(expected / len(orders), abs=1e-8)


@given(games)
def test_shares_sum_to_the_gain(values: np.ndarray) -> None:
    assert shapley_values(values).sum() == pytest.approx(values[-1] - values[0], abs=1e-8)


@given(games, st.data())
def test_a_player_that_changes_nothing_gets_nothing(values: np.ndarray, data: st.DataObject) -> None:
    n = int(np.log2(len(values)))
    idle = data.draw(st.integers(0, n - 1))
    rows = np.arange(2**n)
    assert shapley_values(values[rows & ~(1 << idle)])[idle] == pytest.approx(0.0, abs=1e-9)


@given(games, st.data())
def test_players_that_change_places_change_shares(values: np.ndarray, data: st.DataObject) -> None:
    n = int(np.log2(len(values)))
    one, other = (data.draw(st.integers(0, n - 1)) for _ in range(2))
    rows = np.arange(2**n)
    apart = (rows >> one & 1) ^ (rows >> other & 1)
    swapped = shapley_values(values[rows ^ (apart << one | apart << other)])
    order = np.arange(n)
    order[[one, other]] = order[[other, one]]
    assert swapped == pytest.approx(shapley_values(values)[order], abs=1e-8)


@given(arrays(np.float64, 6, elements=worths))
def test_a_linear_model_gets_its_weights_back(weights: np.ndarray) -> None:
    shares, _table = shapley_of(lambda masks: masks @ weights + 3.0, 6)
    assert shares == pytest.approx(weights, abs=1e-7)


@given(games, games)
def test_shares_of_a_sum_are_sums_of_shares(left: np.ndarray, right: np.ndarray) -> None:
    size = min(len(left), len(right))
    left, right = left[:size], right[:size]
    assert shapley_values(left + right) == pytest.approx(
        shapley_values(left) + shapley_values(right), abs=1e-7
    )


@given(games)
def test_curves_run_from_one_end_to_the_other(values: np.ndarray) -> None:
    order = list(range(int(np.log2(len(values)))))
    down, up = deletion_curve(values, order), insertion_curve(values, order)
    assert (down[0], down[-1]) == (values[-1], values[0])
    assert (up[0], up[-1]) == (values[0], values[-1])


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_agrees_with_the_exact_explainer_of_shap(seed: int) -> None:
    import shap

    random = np.random.default_rng(seed)
    first, second = random.normal(size=(6, 8)), random.normal(size=8)

    def model(rows: np.ndarray) -> np.ndarray:
        return np.tanh(np.asarray(rows, dtype=float) @ first) @ second

    ours, _table = shapley_of(lambda masks: model(masks), 6)
    theirs = shap.explainers.Exact(model, shap.maskers.Independent(np.zeros((1, 6))))(np.ones((1, 6)))
    assert ours == pytest.approx(theirs.values[0], abs=1e-6)


@pytest.mark.parametrize("n", [0, 13])
def test_too_many_groups_are_refused(n: int) -> None:
    with pytest.raises(ConfigError):
        coalitions(n)
