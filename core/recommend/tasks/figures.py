"""How good a task model is: figures with bootstrap intervals, and paired differences to the best baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.tasks.answer import chance_of_truth, log_loss
from core.recommend.tasks.config import Kind
from core.recommend.tasks.examples import Ints

Array = NDArray[np.float64]
Figure = Callable[[Array, Array], float]
RESAMPLES = 400
BINS = 10

LOWER_IS_BETTER = frozenset({"log_loss", "calibration_error", "rmse", "mae"})
MAIN = {Kind.CLASS: "log_loss", Kind.NEED: "log_loss", Kind.RATING: "rmse"}
"""The figure a model is judged by: what it was trained for."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A figure with its 95% interval (percentile bootstrap)."""

    value: float
    low: float
    high: float

    def plain(self) -> dict[str, float]:
        """As JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


def figures(kind: Kind) -> dict[str, Figure]:
    """The figures of a kind of task, each a function of (told [n, outputs], target [n])."""
    if kind is Kind.CLASS:
        return {
            "accuracy": accuracy,
            "macro_f1": macro_f1,
            "log_loss": log_loss,
            "calibration_error": calibration_error,
        }
    if kind is Kind.NEED:
        return {"auc": auc, "log_loss": log_loss, "calibration_error": calibration_error}
    return {"rmse": rmse, "mae": mae}


def measured(
    kind: Kind, told: Mapping[str, Array], target: Array, units: Ints, seed: int = 0
) -> dict[str, dict[str, Bounds]]:
    """Every figure of every model on the same rows; ``units`` int64[n] are drawn with replacement as wholes."""
    draws = list(_draws(units, seed))
    return {
        name: {
            figure: _bounds(value(rows, target), [value(rows[draw], target[draw]) for draw in draws])
            for figure, value in figures(kind).items()
        }
        for name, rows in told.items()
    }


def gain(kind: Kind, model: Array, other: Array, target: Array, units: Ints, seed: int = 0) -> Bounds:
    """By how much ``model`` is better than ``other`` in the main figure, paired; positive is better."""
    value = figures(kind)[MAIN[kind]]

    def difference(rows: Any) -> float:
        return value(other[rows], target[rows]) - value(model[rows], target[rows])

    return _bounds(difference(slice(None)), [difference(draw) for draw in _draws(units, seed)])


def accuracy(told: Array, target: Array) -> float:
    """Share of rows whose likeliest class is the true one."""
    return float((told.argmax(1) == target).mean())


def macro_f1(told: Array, target: Array) -> float:
    """Mean F1 over the classes that are true somewhere in these rows."""
    guess, truth = told.argmax(1), target.astype(int)
    scores = []
    for label in np.unique(truth):
        right = float(((guess == label) & (truth == label)).sum())
        scores.append(2 * right / float((guess == label).sum() + (truth == label).sum()))
    return float(np.mean(scores))


def auc(told: Array, target: Array) -> float:
    """The chance that a row that came true is ranked above one that did not (Mann–Whitney); NaN for one kind only."""
    from scipy.stats import rankdata

    positive = target == 1
    n, rest = int(positive.sum()), int((~positive).sum())
    if not n or not rest:
        return float("nan")
    ranks = rankdata(told[:, 0])
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * rest))


def calibration_error(told: Array, target: Array) -> float:
    """Expected calibration error over ten bins of equally many rows: what is told against what came true."""
    return float(sum(len_share * abs(mean - truth) for mean, truth, len_share in reliability(told, target)))


def reliability(told: Array, target: Array, bins: int = BINS) -> list[tuple[float, float, float]]:
    """(mean chance told, share that came true, share of rows) of bins of equally many rows, lowest chance first.

    For classes the chance is that of the likeliest one, and it comes true where that is the class.
    """
    chance = told[:, 0] if told.shape[1] == 1 else told.max(1)
    true = target == 1 if told.shape[1] == 1 else told.argmax(1) == target
    order = np.argsort(chance, kind="stable")
    parts = [part for part in np.array_split(order, min(bins, len(order))) if len(part)]
    return [(float(chance[part].mean()), float(true[part].mean()), len(part) / len(order)) for part in parts]


def rmse(told: Array, target: Array) -> float:
    """Root of the mean squared error, in stars."""
    return float(np.sqrt(((told[:, 0] - target) ** 2).mean()))


def mae(told: Array, target: Array) -> float:
    """Mean absolute error, in stars."""
    return float(np.abs(told[:, 0] - target).mean())


def surprise(kind: Kind, told: Array, target: Array) -> Array:
    """float64[n]: how wrong each row is: one minus the chance of what came true, or the distance in stars."""
    if kind is Kind.RATING:
        return np.asarray(np.abs(told[:, 0] - target))
    return np.asarray(1.0 - chance_of_truth(told, target))


def _draws(units: Ints, seed: int) -> list[Ints]:
    names, owner = np.unique(units, return_inverse=True)
    rows = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[rows], np.arange(len(names) + 1))
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = random.integers(0, len(names), len(names))
        drawn.append(np.concatenate([rows[ends[k] : ends[k + 1]] for k in chosen]))
    return drawn


def _bounds(value: float, resampled: list[float]) -> Bounds:
    known = [one for one in resampled if np.isfinite(one)]
    if not known:
        return Bounds(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Bounds(value, float(low), float(high))
