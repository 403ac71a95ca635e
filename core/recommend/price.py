"""Prices as features: how dear a product is among its like."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.domain import Product
from core.recommend.text import unit

PRICE_BINS = 8
CENTRES = np.linspace(-2.0, 2.0, PRICE_BINS)
LEAST_PRICED = 4
"""A category has a mean of its own from this many priced products on; else its currency's stands in."""


@dataclass(frozen=True, slots=True)
class PriceScale:
    """Mean and spread of log prices; a price becomes PRICE_BINS soft bins, a missing one the catalogue's middle.

    ``means`` are those of each category in a currency, and of each currency, by ``_keys``. With them a price is dear or
    cheap among its like: 30 is dear for a notebook and cheap for headphones, and yuan are not euros.
    """

    mean: float = 0.0
    spread: float = 1.0
    means: Mapping[str, float] = field(default_factory=dict)

    @staticmethod
    def of(products: Sequence[Product], *, among_like: bool = True) -> PriceScale:
        """Learn the scale from the catalogue's positive prices; without ``among_like`` there is one mean for all."""
        priced = [product for product in products if product.price is not None and product.price > 0]
        logs = [math.log(product.price or 1.0) for product in priced]
        mean = float(np.mean(logs)) if logs else 0.0
        means: dict[str, float] = {}
        if among_like:
            found: dict[str, list[float]] = defaultdict(list)
            for product, value in zip(priced, logs, strict=True):
                for key in _keys(product):
                    found[key].append(value)
            means = {key: float(np.mean(rows)) for key, rows in found.items() if len(rows) >= LEAST_PRICED}
        left = PriceScale(mean, 1.0, means)
        places = np.array([left._place(product) for product in priced] or [0.0])
        return PriceScale(mean, float(max(places.std(), 0.1)), means)

    def encode(self, products: Sequence[Product]) -> NDArray[np.float32]:
        """float32[products, PRICE_BINS], rows of length one; zero for a missing price."""
        place = np.clip([self._place(product) for product in products], -2.5, 2.5)
        bins = np.exp(-0.5 * ((place[:, None] - CENTRES) / 0.4) ** 2)
        return unit(np.nan_to_num(bins).astype(np.float32))

    def _place(self, product: Product) -> float:
        if product.price is None or product.price <= 0:
            return float("nan")
        mean = next((self.means[key] for key in _keys(product) if key in self.means), self.mean)
        return (float(np.log(product.price)) - mean) / self.spread


def dearness(bins: NDArray[np.floating]) -> NDArray[np.float64]:
    """float64[n] in [-1, 1]: how dear each product is, 0 in the middle and where there is no price.

    The mean of the bins' places, in twice the spread of log prices.
    """
    total = bins.sum(1, dtype=np.float64)
    mean: NDArray[np.float64] = (bins @ CENTRES) / np.where(total > 0, total, 1.0) / CENTRES[-1]
    return mean


def sales_slope(dear: NDArray[np.floating], sales: NDArray[np.floating]) -> float:
    """By how much (log) sales change with dearness: the least-squares slope; 0 where all are equally dear.

    What sells because it is cheap is not popular for its own sake: sales are what price explains and a rest (the
    unobserved quality of Berry, RAND Journal of Economics 1994).
    """
    apart = dear - dear.mean() if len(dear) else dear
    spread = float(apart @ apart)
    return float(apart @ sales) / spread if spread > 1e-9 else 0.0


def _keys(product: Product) -> tuple[str, str]:
    currency = product.currency or ""
    return f"{currency}/{product.category or ''}", f"{currency}/"
