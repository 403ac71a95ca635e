"""Who is served well: recall and NDCG of the test by segments of shoppers and of products, each against the rest.

A segment is a part of the shoppers (its cases count) or of the products (only answers in it count, per shopper).
Intervals and p values are bootstraps over shoppers; p values of one measure are corrected after Holm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.bands import shopper_bands
from core.recommend.data import Cases
from core.recommend.measure import BATCH, Scorer, ndcg, target_ranks
from core.recommend.significance import holm

MEASURES = ("ndcg@10", "recall@20")
LEAST_CASES = 10
"""A segment with fewer shoppers than this is listed and not judged."""
RESAMPLES = 10_000
MOST_DRAWN = 20_000_000
"""Resamples times cases; with more cases there are fewer resamples, at least a thousand."""
Floats = NDArray[np.float64]


def ranked(scorer: Scorer, cases: Cases) -> list[Floats]:
    """For each case the ranks (0 is first) of its answers."""
    found: list[Floats] = []
    for start in range(0, len(cases), BATCH):
        histories, wanted = cases.histories[start : start + BATCH], cases.targets[start : start + BATCH]
        found += target_ranks(np.asarray(scorer(histories)), histories, wanted)
    return found


def quality(
    ranks: Sequence[Floats],
    cases: Cases,
    of_products: Mapping[str, Sequence[str]],
    seed: int = 0,
) -> list[dict[str, Any]]:
    """One row a segment and measure, with ``mean``, ``low``, ``high``, and its ``difference`` from the rest with
    ``p_holm``; None where a segment or its rest is too small to be judged. ``of_products`` gives the group of every
    product by dimension; shoppers are divided by the length of their history."""
    rows = []
    random = np.random.default_rng((seed, 43))
    count = max(1_000, min(RESAMPLES, MOST_DRAWN // max(len(cases), 1)))
    # How often each case is in each resample: means are then products of matrices.
    draws = random.multinomial(len(cases), np.full(len(cases), 1 / len(cases)), count).astype(np.float32)
    split = [*_by_shopper(cases), *_by_product(cases, of_products)]
    for measure in MEASURES:
        own = []
        for dimension, group, inside in split:
            values = _values(ranks, inside, measure)
            rest = _values(ranks, [~one for one in inside], measure)
            own.append(
                {"dimension": dimension, "group": group, "measure": measure, **_told(values, rest, draws)}
            )
        # Holm over the segments that can be judged, one family a measure.
        judged = {str(k): row["p"] for k, row in enumerate(own) if row["p"] is not None}
        corrected = holm(judged)
        rows += [{**row, "p_holm": corrected.get(str(k))} for k, row in enumerate(own)]
    return rows


def _by_shopper(cases: Cases) -> list[tuple[str, str, list[NDArray[np.bool_]]]]:
    own = shopper_bands(np.array([len(history) for history in cases.histories]))
    return [
        ("shopper", name, [np.full(len(t), g == name) for g, t in zip(own, cases.targets, strict=True)])
        for name in ("new", "light", "heavy")
        if name in own
    ]


def _by_product(
    cases: Cases, of_products: Mapping[str, Sequence[str]]
) -> list[tuple[str, str, list[NDArray[np.bool_]]]]:
    found = []
    for dimension, groups in of_products.items():
        names = np.array(groups, dtype=object)
        for name in sorted({names[int(p)] for targets in cases.targets for p in targets}):
            inside = [np.asarray(names[targets] == name, bool) for targets in cases.targets]
            if not all(one.all() for one in inside):
                found.append((dimension, str(name), inside))
    return found


def _values(ranks: Sequence[Floats], inside: Sequence[NDArray[np.bool_]], measure: str) -> Floats:
    """float64[cases]: the measure over the answers inside; NaN for cases without any."""
    kept = [one[mask] for one, mask in zip(ranks, inside, strict=True)]
    if measure == "ndcg@10":
        return np.array([ndcg(one) for one in kept])
    return np.array([float((one < 20).mean()) if len(one) else float("nan") for one in kept])


def _told(values: Floats, rest: Floats, draws: NDArray[np.float32]) -> dict[str, Any]:
    cases, others = int((~np.isnan(values)).sum()), int((~np.isnan(rest)).sum())
    told: dict[str, Any] = {
        "cases": cases,
        "mean": None,
        "low": None,
        "high": None,
        "difference": None,
        "p": None,
    }
    if not cases:
        return told
    means = _means(values, draws)
    low, high = np.nanquantile(means, [0.025, 0.975])
    told |= {"mean": float(np.nanmean(values)), "low": float(low), "high": float(high)}
    if cases < LEAST_CASES or others < LEAST_CASES:
        return told
    gaps = means - _means(rest, draws)
    gaps = gaps[~np.isnan(gaps)]
    # Two-sided: how often the resampled gap lies on the other side of nothing.
    beyond = min(float((gaps <= 0).sum()), float((gaps >= 0).sum()))
    return told | {
        "difference": told["mean"] - float(np.nanmean(rest)),
        "p": min(1.0, 2.0 * (beyond + 1.0) / (len(gaps) + 1.0)),
    }


def _means(values: Floats, draws: NDArray[np.float32]) -> Floats:
    there = ~np.isnan(values)
    count = draws @ there.astype(np.float32)
    total = draws @ np.where(there, values, 0.0).astype(np.float32)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan), np.float64)
