"""The card of many explanations, on a model whose truth is known."""

from __future__ import annotations

import numpy as np

from core.explain.card import card
from core.explain.model import Masks, Scores
from core.explain.reference import Reference
from core.explain.surrogate import kernel_shap


class _Group:
    def __init__(self, name: str) -> None:
        self.name, self.family = name, None


class _Linear:
    """A score that is a weighted sum of the groups that are on."""

    groups = tuple(map(_Group, "abcdef"))
    weights = np.array([3.0, -1.0, 0.5, 2.0, 0.0, -0.5])

    def score_coalitions(
        self, history: object, product: str, masks: Masks, background: str = "average", shoppers: object = ()
    ) -> Scores:
        return 1.0 + masks @ self.weights


def test_exact_values_of_a_sum_are_its_parts_and_no_order_deletes_faster() -> None:
    model = _Linear()
    pairs = [(["x"], "p"), (["y"], "q")]
    told = card(model, pairs, references=[Reference(), Reference()], stability_of=1)  # type: ignore[arg-type]
    exact, kernel = told["methods"]["exact"], told["methods"]["kernelshap"]
    assert exact["additivity_error"] < 1e-9
    assert exact["infidelity"] < 1e-12
    assert exact["beats_random"] == exact["stability"] == 1.0
    assert exact["deletion"] <= min(kernel["deletion"], told["methods"]["lime"]["deletion"]) + 1e-12
    assert exact["insertion"] >= max(kernel["insertion"], told["methods"]["lime"]["insertion"]) - 1e-12


def test_kernel_shap_is_drawn_by_its_own_seed_and_leaves_the_common_one_alone() -> None:
    np.random.seed(3)
    first = np.random.rand()
    np.random.seed(3)
    values, base = kernel_shap(6, lambda masks: 1.0 + masks @ _Linear.weights, seed=5)
    assert np.random.rand() == first
    np.testing.assert_allclose(values, _Linear.weights, atol=1e-6)
    assert abs(base - 1.0) < 1e-9
