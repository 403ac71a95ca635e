"""What every baseline owes its callers, whatever it learns from."""

from __future__ import annotations

import numpy as np
import pytest

from core.recommend.baselines import GRID, fit, text_similarity, tuned
from core.recommend.text import Lexicon, product_text
from tests.recommend_world import PRODUCTS, cut, products


@pytest.fixture(params=sorted(GRID))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def text() -> object:
    texts = [product_text(product) for product in products()]
    return text_similarity(Lexicon.of(texts, 16).sparse(texts))


def test_a_tuned_baseline_scores_every_product_for_any_history(name: str, text: object) -> None:
    params, best = tuned(name, cut().train, cut().valid, text)
    assert 0 <= best <= 1
    model = fit(name, cut().train, params, text)
    histories = [np.array([], np.int32), np.array([3], np.int32), np.arange(PRODUCTS, dtype=np.int32)]
    scores = model.score(histories)
    assert scores.shape == (3, PRODUCTS)
    assert np.isfinite(scores).all()
    for item in (0, PRODUCTS - 1):
        assert model.score_one(histories, item) == pytest.approx(scores[:, item], abs=1e-6)
    assert np.array_equal(scores, fit(name, cut().train, params, text).score(histories))
