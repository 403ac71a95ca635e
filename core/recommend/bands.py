"""Products by how known they are, shoppers by how active."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.recommend.measure import COLD_EVENTS

POPULARITY = ("new", "tail", "middle", "head")
ACTIVITY = ("new", "light", "heavy")
HEAD_SHARE = 0.2
TAIL_SHARE = 0.5


def popularity_bands(counts: NDArray[np.floating]) -> list[str]:
    """For each number of shoppers one of POPULARITY: "new" below COLD_EVENTS, and of the others the best-selling
    fifth ("head"), the lower half ("tail") and what lies between. Equal numbers are in one band."""
    known = counts[counts >= COLD_EVENTS]
    if not len(known):
        return ["new"] * len(counts)
    low, high = np.quantile(known, [TAIL_SHARE, 1 - HEAD_SHARE])
    return [
        "new" if one < COLD_EVENTS else "head" if one > high else "middle" if one > low else "tail"
        for one in counts
    ]


def shopper_bands(lengths: NDArray[np.integer]) -> list[str]:
    """For each length of history one of ACTIVITY: "new" below COLD_EVENTS, and the others at their median."""
    known = lengths[lengths >= COLD_EVENTS]
    middle = float(np.median(known)) if len(known) else 0.0
    return ["new" if n < COLD_EVENTS else "light" if n <= middle else "heavy" for n in lengths.tolist()]
