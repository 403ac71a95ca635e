"""What every baseline owes its callers, whatever it learns from."""

from __future__ import annotations

import numpy as np
import pytest

from core.recommend.baselines import GRID, fit, text_similarity, tuned
from core.recommend.bpr import factorise
from core.recommend.data import Interactions
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


def test_popularity_that_forgets_puts_recent_products_first() -> None:
    rows = [(f"s{n}", "old", float(n)) for n in range(9)] + [(f"t{n}", "new", 90.0 + n) for n in range(3)]
    data = Interactions.of(rows, ["old", "new"])
    nobody = [np.array([], np.int32)]
    assert fit("popularity", data, {"recency": 0.0}).score(nobody).tolist() == [[9.0, 3.0]]
    old, new = fit("popularity", data, {"recency": 10.0}).score(nobody)[0]
    assert new > old > 0


def test_factors_rank_what_was_taken_above_what_was_not() -> None:
    data = cut().train
    factors = factorise(data, 0.01)
    scores = factors.shoppers @ factors.products.T
    taken = data.matrix.toarray() > 0
    right = [
        (row[own][:, None] > row[~own]).mean() for row, own in zip(scores, taken, strict=True) if own.any()
    ]
    assert np.mean(right) > 0.85
