"""Rankings of large catalogues are the rankings of small ones, found faster."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommend.baselines import fit
from core.recommend.measure import top
from tests.recommend_world import cut


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 2**31))
def test_the_best_are_found_in_the_order_of_a_full_stable_sort(products: int, k: int, seed: int) -> None:
    # Few different values, so that there are ties, and some products that are not ranked.
    scores = np.random.default_rng(seed).integers(-2, 4, (3, products)).astype(float)
    scores[scores == -2] = -np.inf
    assert np.array_equal(top(scores, k), np.argsort(-scores, axis=1, kind="stable")[:, :k])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 47), max_size=12),
    st.sampled_from([0.5, 1.0]),
    st.sampled_from([None, [7, 0, 40]]),
)
def test_step_by_step_a_history_is_scored_as_each_of_its_beginnings(
    row: list[int], decay: float, some: list[int] | None
) -> None:
    model = fit("itemknn", cut().train, {"shrink": 5.0, "decay": decay})
    history, products = np.array(row, np.int32), None if some is None else np.array(some)
    whole = model.score([history[: step + 1] for step in range(len(history))])
    found = model.score_steps(history, products)
    assert found == pytest.approx(whole if products is None else whole[:, products], abs=1e-6)
