"""How a catalogue is divided: by brand, price, popularity, source, category and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.domain import Product
from core.extract.tokens import has_cjk
from core.recommend.bands import popularity_bands

DIMENSIONS = ("brand", "price", "popularity", "source", "category", "language")
NONE = ""
"""The group of products that have no brand, price or category."""


def groups(
    products: Sequence[Product | None], counts: NDArray[np.floating], sources: Mapping[str, str]
) -> dict[str, list[str]]:
    """For each dimension the group of every product, in their order; a product that has left the catalogue is None.

    Price: thirds of what costs the same currency ("low", "middle", "high"). Popularity, by ``counts`` (float[products],
    shoppers a product): "new" below COLD_EVENTS, and of the others the best-selling fifth ("head"), the lower half
    ("tail") and what lies between ("middle"). ``sources`` names a source by its id.
    """
    return {
        "brand": [one.brand or NONE if one else NONE for one in products],
        "price": price_bands(products),
        "popularity": popularity_bands(counts),
        "source": [sources.get(one.source_id, one.source_id) if one else NONE for one in products],
        "category": [one.category or NONE if one else NONE for one in products],
        "language": ["zh" if one and has_cjk(one.title) else "en" for one in products],
    }


def price_bands(products: Sequence[Product | None]) -> list[str]:
    """ "low", "middle" or "high" third within the currency; NONE without a price."""
    bands = [NONE] * len(products)
    prices: dict[str, list[tuple[int, float]]] = {}
    for place, one in enumerate(products):
        if one and one.price is not None:
            prices.setdefault(one.currency or "", []).append((place, float(one.price)))
    for own in prices.values():
        cuts = np.quantile([price for _, price in own], [1 / 3, 2 / 3])
        for place, price in own:
            bands[place] = ("low", "middle", "high")[int((price > cuts).sum())]
    return bands
