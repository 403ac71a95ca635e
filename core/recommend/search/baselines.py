"""Baselines tuned by the same search with the same number of trials, so that none is beaten for want of care."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from core.recommend.baselines import GRID, Baseline, fit, tuned
from core.recommend.interactions import Cases, Interactions
from core.recommend.measure import evaluate
from core.recommend.search.plan import DONE, Trial, Tuned
from core.recommend.search.space import Dimension, Value
from core.recommend.search.study import Report, search

_RANGES: Mapping[str, tuple[float, float]] = {
    "recency": (0.0, 40.0),
    "shrink": (0.0, 100.0),
    "alpha": (0.3, 1.5),
    "beta": (0.0, 1.0),
    "ridge": (1.0, 3_000.0),
    "penalty": (0.003, 0.3),
    "share": (0.0, 1.0),
    "decay": (0.3, 1.0),
}
_BY_POWERS = frozenset({"ridge", "penalty"})


def space_of(name: str) -> tuple[Dimension, ...]:
    """The parameters of a baseline, each with a range that its grid lies in."""
    _, grid = GRID[name]
    return tuple(
        Dimension(param, name, "real", (), *_RANGES[param], log=param in _BY_POWERS) for param in grid
    )


def tune_baseline(
    name: str,
    train: Interactions,
    cases: Cases,
    text: Any,
    trials: int,
    *,
    seed: int = 0,
    check: Callable[[], None] = lambda: None,
) -> Tuned:
    """The best by NDCG@10 on ``cases``, fitted on ``train`` only: of all points of the grid and of so many trials more,
    so that a baseline is never tuned worse than a training would."""
    _, grid = GRID[name]
    fitted: dict[tuple[tuple[str, float], ...], Baseline] = {}

    def value(params: Mapping[str, float]) -> float:
        check()
        own = tuple((param, given) for param, given in params.items() if param != "decay")
        if own not in fitted:
            fitted.clear()
            fitted[own] = fit(name, train, dict(own), text)
        model = replace(fitted[own], params=params)
        return evaluate(model.score, cases, train.counts).mean("ndcg@10")

    def objective(params: Mapping[str, Value], report: Report) -> None:
        report(0, value({param: float(given) for param, given in params.items()}))

    began = time.perf_counter()
    points = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    known = [
        Trial(number, DONE, point, found, [found])
        for number, point in enumerate(points)
        for found in (value(point),)
    ]
    total = len(known) + trials
    found = search(objective, space_of(name), points[0], total, prune=False, seed=seed, known=known)
    best = max((one for one in found if one.state == DONE), key=lambda one: one.value or 0.0)
    return Tuned(
        {param: float(given) for param, given in best.params.items()},
        best.value or 0.0,
        len(found),
        time.perf_counter() - began,
        [one.value or 0.0 for one in found],
    )


def tune_on_grid(
    name: str, train: Interactions, cases: Cases, text: Any, *, check: Callable[[], None] = lambda: None
) -> Tuned:
    """As a training does it: every point of the grid."""
    began = time.perf_counter()
    params, valid = tuned(name, train, cases, text, check)
    points = math.prod(len(values) for values in GRID[name][1].values())
    return Tuned(params, valid, points, time.perf_counter() - began)
