"""What speaks for each product of the sample, for one simulated shopper, part by part and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from core.catalogue.sample_market import Floats, Market
from core.catalogue.sample_shoppers import DAY, Rules, Shopper

Part = tuple[tuple[str, str, str], Floats]
"""(kind, relation, value) and what it adds to the utility of each product."""


def steady_parts(shopper: Shopper, market: Market, rules: Rules, launched: Floats) -> list[Part]:
    """What speaks for each product at any time; ``launched`` are times, minus infinity for what is old."""
    parts: list[Part] = [
        (
            ("fact", taste.relation, taste.value),
            taste.weight * market.carriers[taste.relation, taste.value].astype(np.float64),
        )
        for taste in shopper.tastes
    ]
    if shopper.brand:
        same = np.array([name == shopper.brand.value for name in market.brands])
        parts.append((("brand", "brand", shopper.brand.value), shopper.brand.weight * same))
    parts.append((("price", "price", ""), -shopper.price_sensitivity * market.dearness))
    parts.append((("popularity", "", ""), shopper.popularity_pull * market.popularity))
    parts.append((("novelty", "", ""), np.where(np.isfinite(launched), rules.novelty, 0.0)))
    return parts


def parts_at(
    time: float, steady: Sequence[Part], bought: Mapping[int, float], market: Market, rules: Rules
) -> list[Part]:
    """What speaks now: what always does, the season, and what was ``bought`` of late (time by index)."""
    month = datetime.fromtimestamp(time, UTC).month
    parts = [*steady, (("season", "", ""), rules.season * market.seasonal[month - 1])]
    for product, moment in bought.items():
        fading = 0.5 ** ((time - moment) / DAY / rules.fading_days)
        if fading > 0.01:
            name = market.products[product].id
            link = rules.accessory * fading * market.fits[:, product]
            use = rules.shared_use * fading * market.shared_use[:, product]
            parts.append((("accessory", "isAccessoryOrSparePartFor", name), link))
            parts.append((("sharedUse", "usedFor", name), use))
    return parts
