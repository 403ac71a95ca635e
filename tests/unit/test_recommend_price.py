"""What a price says, how much each part of the score counts at the start, and when the gate to the network opens."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.domain import Product
from core.errors import RunError
from core.recommend.fact_table import FactTable
from core.recommend.gate import as_good
from core.recommend.level import Choices, fitted
from core.recommend.network import Network, Shape
from core.recommend.price import PRICE_BINS, PriceScale, dearness, sales_slope
from core.recommend.train import take_up


def _shop() -> list[Product]:
    euros = [
        Product(f"e{k}", "kettle", category="Kitchen", price=20.0 * 1.5**k, currency="EUR") for k in range(5)
    ]
    yuan = [Product(f"c{k}", "茶壶", category="厨房", price=160.0 * 1.5**k, currency="CNY") for k in range(5)]
    return [*euros, *yuan, Product("n", "cup", category="Kitchen")]


def test_a_product_is_dear_among_its_like_whatever_the_currency() -> None:
    shop = _shop()
    dear = dearness(PriceScale.of(shop).encode(shop))
    assert np.allclose(dear[:5], dear[5:10], atol=1e-6)
    assert (np.diff(dear[:5]) > 0).all()
    assert dear[0] == pytest.approx(-dear[4], abs=1e-6)
    assert dear[10] == 0.0
    assert np.abs(dear).max() <= 1.0


def test_a_scale_of_before_reads_prices_as_it_did() -> None:
    shop = _shop()
    logs = np.log([product.price for product in shop[:10]])
    told = PriceScale(float(logs.mean()), float(logs.std()))
    assert PriceScale.of(shop, among_like=False) == told
    assert dearness(told.encode(shop[5:10])).min() > dearness(told.encode(shop[:1])).max()
    assert told.encode([]).shape == (0, PRICE_BINS)


def test_without_prices_nothing_is_dear() -> None:
    unpriced = [Product(f"p{k}", "cup") for k in range(3)]
    assert (dearness(PriceScale.of(unpriced).encode(unpriced)) == 0.0).all()


def test_sales_that_price_explains_are_told_from_the_rest() -> None:
    dear = np.linspace(-1.0, 1.0, 21)
    assert sales_slope(dear, 3.0 - 0.5 * dear) == pytest.approx(-0.5)
    assert sales_slope(np.zeros(4), np.arange(4.0)) == 0.0


def _choices(weights: np.ndarray, n: int = 4_000) -> list[Choices]:
    random = np.random.default_rng(0)
    parts = random.standard_normal((len(weights), n, 20)) * np.array([1.0, 5.0, 0.2])[:, None, None]
    scores = np.tensordot(weights, parts, 1) + random.gumbel(size=(n, 20))
    chosen = scores.argmax(1)
    last = parts[:, np.arange(n), chosen].copy()
    parts[:, np.arange(n), chosen], parts[:, :, -1] = parts[:, :, -1], last
    closed = np.zeros((n, 20), bool)
    return [Choices(parts[:, part].astype(np.float32), closed[part]) for part in (slice(0, 99), slice(99, n))]


def test_the_sizes_to_start_from_are_those_that_choices_were_made_by() -> None:
    weights = np.array([0.8, 0.1, -1.5])
    found = fitted(_choices(weights), np.full(3, -np.inf))
    assert found == pytest.approx(weights, abs=0.12)


def test_no_block_starts_below_what_it_needs_to_learn() -> None:
    found = fitted(_choices(np.array([0.8, 0.1, -1.5])), np.array([0.02, 0.02, 0.02]))
    assert found[2] == pytest.approx(0.02 / 0.2, rel=0.05)
    assert found[0] == pytest.approx(0.8, abs=0.1)


def test_weights_that_chance_tells_apart_are_equal() -> None:
    best = np.tile([0.0, 1.0], 50)
    found = {0.0: best, 0.5: best[::-1] - 0.02, 1.0: best - 0.02, 2.5: best - np.tile([0.0, 0.6], 50)}
    assert as_good(found) == [0.0, 0.5]
    assert as_good({0.0: best, 1.0: best}) == [0.0, 1.0]


def _network(*, priced: bool) -> Network:
    shape = Shape(3, 0, 0, (), 0, 0, 4, 8, 4, 8, 0, 1, 5, 0.0, priced)
    return Network(shape, FactTable.of((), 3))


def test_weights_of_before_fit_a_run_of_before_and_are_refused_by_a_new_one() -> None:
    before = _network(priced=False).state_dict()
    assert not {"sold", "dearness"} & before.keys()
    take_up(_network(priced=False), before)
    with pytest.raises(RunError, match="earlier ShelfGraph"):
        take_up(_network(priced=True), before)


def test_being_dear_counts_for_everybody_in_its_own_block_alone() -> None:
    network = _network(priced=True)
    assert network.dearness is not None
    history = torch.zeros(1, 2, sum(network.shape.blocks().values()))
    with torch.no_grad():
        network.dearness.fill_(-0.7)
        found = network.shoppers(history)
    at = network.shape.slices()["dearness"]
    assert found[..., at] == pytest.approx(-0.7)
    assert float(found.abs().sum()) == pytest.approx(1.4)
