"""The k-core of interactions, and a shopper's events cut into sessions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.recommend.interactions import Interactions

Row = tuple[str, str, float]
SESSION = "·"
"""Stands between a shopper's name and the number of a session."""


@dataclass(frozen=True, slots=True)
class Core:
    """What a k-core left out, in how many rounds."""

    k: int
    rounds: int
    shoppers: int
    products: int
    events: int


def k_core(data: Interactions, k: int) -> tuple[Interactions, Core]:
    """The largest part in which each shopper has ``k`` products and each product with an event ``k`` shoppers.

    ``data`` hold a pair once. Shoppers without rows are left out by name; products keep their places, so the whole
    catalogue is still ranked. As in published figures the rows of the test count too, which is a mild look ahead.
    """
    keep, rounds = np.ones(len(data), dtype=bool), 0
    while True:
        by_shopper = np.bincount(data.shopper[keep], minlength=len(data.shoppers))
        by_product = np.bincount(data.product[keep], minlength=len(data.products))
        still = keep & (by_shopper[data.shopper] >= k) & (by_product[data.product] >= k)
        if still.sum() == keep.sum():
            break
        keep, rounds = still, rounds + 1
    left = data.where(keep).compact()
    taken = len(np.unique(data.product)) - len(np.unique(left.product))
    out = Core(k, rounds, len(data.compact().shoppers) - len(left.shoppers), taken, len(data) - len(left))
    return left, out


def sessions(rows: Sequence[Row], gap: float) -> list[Row]:
    """The same rows in the same order, each shopper's name followed by the number of the session, from 1.

    A session ends where a shopper's next event is more than ``gap`` (in the unit of the times) later.
    """
    number: Counter[str] = Counter()
    last: dict[str, float] = {}
    named: list[Row] = list(rows)
    for at in sorted(range(len(rows)), key=lambda place: rows[place][2]):
        shopper, product, time = rows[at]
        if shopper not in last or time - last[shopper] > gap:
            number[shopper] += 1
        last[shopper] = time
        named[at] = (f"{shopper}{SESSION}{number[shopper]}", product, time)
    return named
