"""How much each group and each relation weighs, over shoppers: shares of what moves their scores, with intervals.

A shopper's share of a group is the sum of its absolute Shapley values over the shopper's recommendations, divided by
that of all groups; each shopper counts alike. Intervals are 95% percentile bootstraps over shoppers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.drivers.rows import Row
from core.recommend.significance import Interval, bootstrap

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weights:
    """Shares by shopper: ``share`` float64[shoppers, names], each row summing to 1 (NaN where nothing moves), and
    ``signed``, the same with the signs of the values."""

    names: tuple[str, ...]
    shoppers: tuple[str, ...]
    share: Floats
    signed: Floats


@dataclass(frozen=True, slots=True)
class Weight:
    """One line: its ``share`` of all that moves scores, in [0, 1]; ``signed``, in [-1, 1], what it lifts or lowers on
    balance; and the shoppers that it is a mean over."""

    name: str
    share: Interval
    signed: Interval
    shoppers: int


def group_weights(rows: Sequence[Row], names: Sequence[str]) -> Weights:
    """By feature group."""
    return _weights(rows, tuple(names), [dict(zip(names, one.values, strict=True)) for one in rows])


def relation_weights(rows: Sequence[Row]) -> Weights:
    """By relation, as shares of what facts change."""
    names = sorted({name for one in rows for name in one.relations})
    return _weights(rows, tuple(names), [one.relations for one in rows])


def importance(weights: Weights, seed: int = 0) -> list[Weight]:
    """Each name with its intervals, heaviest first."""
    found = [
        Weight(
            name,
            bootstrap(weights.share[:, k], seed, 1_000),
            bootstrap(weights.signed[:, k], seed, 1_000),
            int((~np.isnan(weights.share[:, k])).sum()),
        )
        for k, name in enumerate(weights.names)
    ]
    return sorted(found, key=lambda one: (-one.share.mean, one.name))


def _weights(rows: Sequence[Row], names: tuple[str, ...], values: Sequence[Mapping[str, float]]) -> Weights:
    shoppers = tuple(dict.fromkeys(one.shopper for one in rows))
    at = {name: k for k, name in enumerate(shoppers)}
    size, signed = np.zeros((len(shoppers), len(names))), np.zeros((len(shoppers), len(names)))
    for one, own in zip(rows, values, strict=True):
        filled = np.array([own.get(name, 0.0) for name in names])
        size[at[one.shopper]] += np.abs(filled)
        signed[at[one.shopper]] += filled
    total = size.sum(1, keepdims=True)
    total[total == 0] = np.nan
    return Weights(names, shoppers, size / total, signed / total)
