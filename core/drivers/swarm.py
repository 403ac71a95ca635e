"""The shares of many recommendations as a ``shap.Explanation``, so that that package's plots show the same numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.drivers.rows import Row, matrix

NEAR = 0.015
"""Points of a swarm keep this far apart, as a share of the range of all values."""


def as_shap(rows: Sequence[Row], names: Sequence[str], amounts: NDArray[np.float64] | None = None) -> Any:
    """A ``shap.Explanation`` of shape (rows, groups); ``amounts`` float64[rows, groups] colour the points."""
    import shap

    return shap.Explanation(
        values=matrix(rows, names),
        base_values=np.array([one.base for one in rows]),
        data=amounts if amounts is not None else np.ones((len(rows), len(names))),
        feature_names=list(names),
    )


def amounts(
    rows: Sequence[Row], names: Sequence[str], of_product: Mapping[str, Mapping[str, float]]
) -> NDArray[np.float64]:
    """float64[rows, groups] in [0, 1]: how much of a group's input there is, by its rank among the rows; NaN where a
    group has no amount. ``of_product`` gives amounts by product and group; those of the history are lengths."""
    raw = np.array(
        [
            [
                float(one.history)
                if name.startswith("history.")
                else of_product[one.product].get(name, np.nan)
                for name in names
            ]
            for one in rows
        ],
        np.float64,
    ).reshape(len(rows), len(names))
    found = np.full(raw.shape, np.nan)
    for k in range(raw.shape[1]):
        known = ~np.isnan(raw[:, k])
        if known.any():
            _, place = np.unique(raw[known, k], return_inverse=True)
            found[known, k] = place / max(int(place.max()), 1)
    return found


def spread(values: NDArray[np.float64], near: float) -> NDArray[np.float64]:
    """float64[points] in [-1, 1]: how far off its line each point is drawn, so that points within ``near`` of each
    other do not hide one another; those alone stay on it."""
    bins = np.floor((values - values.min(initial=0.0)) / max(near, 1e-12)).astype(np.int64)
    off = np.zeros(len(values))
    for one in np.unique(bins):
        own = np.flatnonzero(bins == one)
        steps = np.arange(len(own))
        off[own] = (steps + 1) // 2 * np.where(steps % 2, 1.0, -1.0)
    return off / max(float(np.abs(off).max(initial=0.0)), 1.0)
