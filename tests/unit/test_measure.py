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


def test_a_few_products_are_scored_as_in_the_whole_ranking() -> None:
    model = fit("itemknn", cut().train, {"shrink": 5.0, "decay": 0.7})
    histories = [np.array([3, 7], np.int32), np.empty(0, np.int32)]
    some = np.array([7, 0, 40])
    assert model.score_some(histories, some) == pytest.approx(model.score(histories)[:, some])
