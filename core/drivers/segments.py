"""Which recommendations a segment holds: by how known the product is, how active the shopper, and category."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from core.drivers.importance import Weight, group_weights, importance
from core.drivers.kept import Drivers
from core.drivers.rows import Row
from core.recommend.bands import shopper_bands

DIMENSIONS = ("popularity", "shopper", "category")
LEAST_SHOPPERS = 8
"""A segment of fewer shoppers is left out: its intervals would say nothing."""


def by_segment(
    found: Drivers, of: Callable[[Row], str], order: Sequence[str] = (), seed: int = 0
) -> dict[str, list[Weight]]:
    """The importance of the groups in each segment, in ``order`` or else the largest first."""
    names = [of(row) for row in found.rows]
    sizes = {
        name: len({r.shopper for r, n in zip(found.rows, names, strict=True) if n == name})
        for name in set(names)
    }
    known = [name for name in sizes if sizes[name] >= LEAST_SHOPPERS]
    placed = {name: place for place, name in enumerate(order)}
    ordered = sorted(known, key=lambda name: (placed.get(name, len(order)), -sizes[name], name))
    return {
        name: importance(
            group_weights([r for r, n in zip(found.rows, names, strict=True) if n == name], found.groups),
            seed,
        )
        for name in ordered
    }


def activity(found: Drivers) -> Mapping[str, str]:
    """Shopper → "new", "light" or "heavy" among the measured shoppers."""
    lengths = {row.shopper: row.history for row in found.rows}
    return dict(zip(lengths, shopper_bands(np.array(list(lengths.values()))), strict=True))
