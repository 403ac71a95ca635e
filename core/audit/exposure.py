"""Who is shown: what share of all attention each part of the catalogue gets, beside its share of the catalogue.

Attention falls with the place, by 1 / log2(1 + place) (Singh and Joachims, KDD 2018). Intervals are 95% percentile
bootstraps over shoppers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 500
Floats = NDArray[np.float64]
Lists = NDArray[np.int64]
"""int64[shoppers, k]: places of the products each is shown, best first; -1 where a list is shorter."""


def attention(k: int) -> Floats:
    """float64[k]: what each place of a list is worth, summing to one."""
    worth = 1.0 / np.log2(np.arange(k) + 2.0)
    return np.asarray(worth / worth.sum())


def exposure(
    lists: Lists,
    taken: Sequence[NDArray[np.integer]],
    groups: Sequence[str],
    draws: NDArray[np.int64],
) -> list[dict[str, Any]]:
    """One row a group: ``catalogue``, its share of the products; ``shown``, its share of the attention; ``taken``, its
    share of what the shoppers themselves took (histories of places); and ``ratio`` = shown / catalogue with ``low``
    and ``high``. The largest groups first. ``draws`` is int64[resamples, shoppers], as ``resampled`` gives it."""
    names = sorted(set(groups))
    column = np.array([names.index(one) for one in groups], np.int64)
    own = _by_group(lists, column, len(names))
    bought = np.array([np.bincount(column[one], minlength=len(names)) for one in taken], np.float64)
    share = own.sum(0) / max(own.sum(), 1e-12)
    catalogue = np.bincount(column, minlength=len(names)) / max(len(column), 1)
    sums = _resampled_sums(own, draws)
    spread = sums / np.maximum(sums.sum(1, keepdims=True), 1e-12) / catalogue
    low, high = np.quantile(spread, [0.025, 0.975], axis=0)
    rows = [
        {
            "group": name,
            "products": int((column == k).sum()),
            "catalogue": float(catalogue[k]),
            "shown": float(share[k]),
            "taken": float(bought[:, k].sum() / max(bought.sum(), 1.0)),
            "ratio": float(share[k] / catalogue[k]),
            "low": float(low[k]),
            "high": float(high[k]),
        }
        for k, name in enumerate(names)
    ]
    return sorted(rows, key=lambda row: (-row["products"], row["group"]))


def concentration(
    lists: Lists, taken: Sequence[NDArray[np.integer]], counts: NDArray[np.floating], draws: NDArray[np.int64]
) -> dict[str, dict[str, float | None]]:
    """``lift`` and ``gini``, each with mean, low and high, and ``coverage`` with its mean alone: what nobody was shown
    cannot be drawn, so a bootstrap of it would be too small.

    Popularity lift: how much more popular (mean share of shoppers who took it) what is shown is than what the shopper
    took, averaged over shoppers (Abdollahpouri et al. 2020); 0 is none, 1 twice as popular. Gini: 0 where all products
    get the same attention, 1 where one gets all. Coverage: the share of the catalogue that anybody is shown.
    """
    popular = counts / max(float(counts.max(initial=0.0)), 1.0)
    there = lists >= 0
    shown = np.where(there, popular[lists], 0.0).sum(1) / np.maximum(there.sum(1), 1)
    own = np.array([popular[one].mean() if len(one) else np.nan for one in taken])
    lifts = shown / own - 1.0
    size = len(counts)
    worth = np.where(there, attention(lists.shape[1]), 0.0)

    everybody = np.arange(len(lists))

    def told(of: Callable[[NDArray[np.int64]], float]) -> dict[str, float | None]:
        spread = [of(chosen) for chosen in draws]
        known = [value for value in spread if value == value]
        if not known:
            return {"mean": None, "low": None, "high": None}
        low, high = np.quantile(known, [0.025, 0.975])
        return {"mean": of(everybody), "low": float(low), "high": float(high)}

    def seen(chosen: NDArray[np.int64]) -> Floats:
        kept = there[chosen]
        return np.asarray(np.bincount(lists[chosen][kept], worth[chosen][kept], minlength=size), np.float64)

    return {
        "lift": told(lambda chosen: _mean(lifts[chosen])),
        "gini": told(lambda chosen: gini(seen(chosen))),
        "coverage": {"mean": float((seen(everybody) > 0).mean()), "low": None, "high": None},
    }


def gini(amounts: Floats) -> float:
    """The Gini coefficient in [0, 1] of amounts >= 0; 0 where there is nothing."""
    ordered = np.sort(amounts)
    total = float(ordered.sum())
    if total <= 0:
        return 0.0
    place = np.arange(1, len(ordered) + 1)
    return float((2 * place - len(ordered) - 1) @ ordered / (len(ordered) * total))


def resampled(shoppers: int, seed: int, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    """int64[resamples, shoppers]: rows drawn with replacement, the same for all that is compared."""
    return np.random.default_rng((seed, 41)).integers(0, shoppers, (resamples, shoppers))


def against(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of ``exposure`` with the same figure of another model beside them, as ``other``."""
    ratios = {row["group"]: row["ratio"] for row in theirs}
    return [{**row, "other": ratios[row["group"]]} for row in ours]


def _by_group(lists: Lists, column: NDArray[np.int64], count: int) -> Floats:
    """float64[shoppers, groups]: attention that each shopper gives to each group."""
    there = lists >= 0
    worth = np.where(there, attention(lists.shape[1]), 0.0)
    flat = np.arange(len(lists))[:, None] * count + column[lists]
    found = np.bincount(flat[there], worth[there], minlength=len(lists) * count)
    return np.asarray(found.reshape(len(lists), count))


def _resampled_sums(own: Floats, draws: NDArray[np.int64]) -> Floats:
    """float64[resamples, groups]: sums of ``own`` over each draw, by how often each shopper is in it."""
    times = np.array([np.bincount(chosen, minlength=len(own)) for chosen in draws], np.float64)
    return np.asarray(times @ own)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
