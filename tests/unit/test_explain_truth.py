"""Explanations beside the simulator's known tastes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.catalogue.sample_truth import sample_truth
from core.domain import Product
from core.explain.reference import Reference, some_shoppers
from core.explain.truth import beside_truth, true_groups
from core.stages.explain_one import true_tastes

GROUPS = (
    "history.recent",
    "history.older",
    "identity",
    "use",
    "people",
    "other",
    "text",
    "price",
    "popularity",
)


def test_an_explanation_that_is_the_truth_is_right() -> None:
    truth = sample_truth()
    right = 0
    for shopper in list(truth.shoppers)[:20]:
        spoken = truth.spoken(shopper, "out-015")
        gains = true_groups(spoken, GROUPS)
        assert not {"text", "history.recent"} & gains.keys()
        values = np.array([gains.get(name, 5.0) for name in GROUPS])
        found = beside_truth(GROUPS, values, spoken)
        if found is None:
            continue
        right += 1
        assert (found.place, found.found) == (1, True)
        assert found.correlation == pytest.approx(1.0)
        assert found.of == len(GROUPS) - 3
    assert right > 10


def test_a_liked_fact_of_the_product_speaks_for_it() -> None:
    truth = sample_truth()
    liked = [
        (shopper, taste, product)
        for shopper in truth.shoppers.values()
        for taste in shopper.tastes
        for product in truth.market.products
        if (taste.relation, taste.value) in product.facts
    ]
    shopper, taste, product = liked[0]
    spoken = truth.spoken(shopper.id, product.id)
    own = next(one for one in spoken if (one.kind, one.value) == ("fact", taste.value))
    assert 0 < own.gain <= taste.weight
    sold = Product(product.id, product.title.text)
    assert true_tastes(shopper.id, sold) == spoken
    assert true_tastes(shopper.id, replace(sold, title="another shop's product")) == []
    assert true_tastes("nobody", sold) == []


def test_shoppers_are_drawn_once_and_for_all_by_the_seed() -> None:
    histories = {f"s{n}": [f"p{n}"] for n in range(90)} | {"new": []}
    assert some_shoppers(histories, 1) == some_shoppers(histories, 1) != some_shoppers(histories, 2)
    assert len(some_shoppers(histories, n=200)) == 90
    assert [Reference(one).kind for one in ("average", "empty", "p1")] == ["average", "empty", "product"]
