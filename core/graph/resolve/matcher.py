"""The matcher: two logistic models, one upon the other, from the features of a pair to the probability that it is one
thing.

The second model sees what the first thinks of the pair's rivals: how far it is ahead of the next best of either record.
It is taught with what the first says of records it was not taught with (stacking, Wolpert, 1992), so that it learns how
far to trust it. All of it is linear in the features, so a probability can be taken apart exactly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain import content_hash
from core.errors import DataError, ModelUnavailable
from core.graph.resolve.clusters import one_to_one
from core.graph.resolve.features import GROUP_OF, NAMES, Pairs, gap, rank
from core.graph.resolve.space import Floats
from core.settings import ASSETS

SHIPPED = ASSETS / "models" / "resolution.json"
CONTEXT = ("first", "row_gap", "column_gap", "row_rank", "column_rank", "mutual")
"""What the second model is told of the first: its log-odds, and how they stand among those of the rivals."""
LEAST_MATCHES = 20
_FOLDS = 4
_THRESHOLDS = tuple(round(0.1 + 0.05 * step, 2) for step in range(15))
_PENALTY = 1.0
Truth = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Linear:
    """Logistic regression on standardised features; float64[features] each. NaN counts as the mean."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    bias: float

    @staticmethod
    def fit(table: NDArray[Any], truth: Truth) -> Linear:
        """Learn from bool[pairs]."""
        from sklearn.linear_model import LogisticRegression

        known = ~np.isnan(table).all(0)
        mean = np.where(known, np.nanmean(np.where(known, table, 0.0), axis=0), 0.0)
        spread = np.where(known, np.nanstd(np.where(known, table, 0.0), axis=0), 0.0)
        scale = np.where(spread > 1e-9, spread, 1.0)
        made = LogisticRegression(C=_PENALTY, max_iter=3_000).fit(_standard(table, mean, scale), truth)
        return Linear(mean, scale, made.coef_[0].astype(float), float(made.intercept_[0]))

    def parts(self, table: NDArray[Any]) -> NDArray[np.float64]:
        """float64[pairs, features]: what each feature adds to the log-odds."""
        return np.asarray(_standard(table, self.mean, self.scale) * self.weight, np.float64)

    def odds(self, table: NDArray[Any]) -> NDArray[np.float64]:
        """float64[pairs]: log-odds."""
        return np.asarray(self.parts(table).sum(1) + self.bias, np.float64)

    def to_json(self) -> dict[str, Any]:
        """Rounded to five digits, which a probability does not notice."""
        rows = {"mean": self.mean, "scale": self.scale, "weight": self.weight}
        return {
            **{k: [float(f"{x:.5g}") for x in v] for k, v in rows.items()},
            "bias": float(f"{self.bias:.5g}"),
        }

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Linear:
        """As ``to_json`` wrote it."""
        mean, scale, weight = (np.array(raw[name], np.float64) for name in ("mean", "scale", "weight"))
        return Linear(mean, scale, weight, float(raw["bias"]))


@dataclass(frozen=True, eq=False)
class Matcher:
    """``threshold`` is the probability above which a pair is best taken for a match (highest F1 on the records it was
    taught with, each judged by a matcher that had not seen it); ``about`` says what it was taught with."""

    first: Linear
    second: Linear
    threshold: float
    about: str = ""

    @property
    def version(self) -> str:
        """Equal for equal weights."""
        return content_hash(json.dumps(self.to_json(), sort_keys=True))[:12]

    def probability(self, table: Floats, pairs: Pairs) -> NDArray[np.float64]:
        """float64[pairs] in (0, 1); ``table`` is that of the features."""
        return _sigmoid(self.second.odds(self._stacked(table, pairs)))

    def explain(self, table: Floats, pairs: Pairs) -> list[dict[str, float]]:
        """For each pair, what each group of features adds to the log-odds; with ``bias`` they sum to them exactly.

        The part of the second model that rests on the first one's log-odds is handed on to the features these are made
        of; gaps and ranks belong to the standing.
        """
        stacked = self._stacked(table, pairs)
        direct = self.second.parts(stacked)
        at = len(NAMES)
        slope = self.second.weight[at] / self.second.scale[at]
        handed = self.first.parts(table) * slope
        rest = self.second.bias + slope * (self.first.bias - self.second.mean[at])
        found = []
        for own, through, context in zip(direct[:, :at], handed, direct[:, at + 1 :], strict=True):
            groups: dict[str, float] = {"bias": rest}
            for name, value in zip(NAMES, own + through, strict=True):
                groups[GROUP_OF[name]] = groups.get(GROUP_OF[name], 0.0) + float(value)
            groups["standing"] += float(context.sum())
            found.append(groups)
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "about": self.about,
            "features": list(NAMES),
            "threshold": self.threshold,
            "first": self.first.to_json(),
            "second": self.second.to_json(),
        }

    def _stacked(self, table: Floats, pairs: Pairs) -> NDArray[np.float64]:
        return _with_context(table, self.first.odds(table), pairs)


def train(
    table: Floats, pairs: Pairs, truth: Truth, about: str = "", check: Callable[[], None] | None = None
) -> Matcher:
    """Teach a matcher; raises DataError for fewer than 20 matches among the candidates, or where all of them match.

    Nothing is drawn by chance: records are dealt to folds by their group's number.
    """
    if truth.sum() < LEAST_MATCHES or truth.all():
        raise DataError(
            f"There are {int(truth.sum())} matches among {len(truth)} candidates; at least {LEAST_MATCHES}, and as many"
            " pairs that do not match, are needed to learn from.",
            where="training matches",
            remedy="Give more of them, or none to use the shipped weights.",
        )
    folds = _folds(pairs)
    unseen = np.zeros(len(truth))
    for fold in range(_FOLDS):
        if check:
            check()
        held = folds == fold
        if held.any() and truth[~held].any():
            unseen[held] = _two(table[~held], pairs.only(~held), truth[~held]).probability(
                table[held], pairs.only(held)
            )
    made = _two(table, pairs, truth)
    return Matcher(made.first, made.second, best_threshold(unseen, pairs, truth), about)


def best_threshold(probability: NDArray[np.float64], pairs: Pairs, truth: Truth) -> float:
    """The threshold, of a grid from 0.1 to 0.8, at which one-to-one matching has the highest F1; the middle of several
    that are equally good."""
    gold = int(truth.sum())
    found = []
    for threshold in _THRESHOLDS:
        kept = one_to_one(pairs, probability, threshold)
        found.append(2 * int(truth[kept].sum()) / (len(kept) + gold))
    # One place more or less on the grid is chance: the mean of three neighbours is not.
    smooth = np.convolve(np.pad(found, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    best = np.nonzero(smooth >= smooth.max() - 1e-9)[0]
    return _THRESHOLDS[int(best[len(best) // 2])]


def load(path: Path = SHIPPED) -> Matcher:
    """A matcher from its file; raises ModelUnavailable where it is not there or of another version."""
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


@cache
def _read(path: Path, _changed: int) -> Matcher:
    try:
        raw = json.loads(path.read_text("utf-8"))
        if raw["features"] != list(NAMES):
            raise ValueError("other features")
        return Matcher(
            Linear.from_json(raw["first"]),
            Linear.from_json(raw["second"]),
            float(raw["threshold"]),
            raw["about"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(
            "The weights of the matcher cannot be used.",
            where=str(path),
            remedy="Make them again with `python -m bench.resolution --weights`.",
        ) from error


def _two(table: Floats, pairs: Pairs, truth: Truth) -> Matcher:
    folds = _folds(pairs)
    odds = np.zeros(len(truth))
    for fold in range(_FOLDS):
        held = folds == fold
        rest = ~held
        if held.any() and truth[rest].any() and not truth[rest].all():
            odds[held] = Linear.fit(table[rest], truth[rest]).odds(table[held])
    second = Linear.fit(_with_context(table, odds, pairs), truth)
    return Matcher(Linear.fit(table, truth), second, 0.5)


def _folds(pairs: Pairs) -> NDArray[np.int64]:
    """All pairs of a left record in one fold; scattered by a multiplication, so that neighbours are parted."""
    return (pairs.row_groups * 2_654_435_761 % 2_147_483_647) % _FOLDS


def _with_context(table: Floats, odds: NDArray[np.float64], pairs: Pairs) -> NDArray[np.float64]:
    value = odds.astype(np.float32)
    by_row, by_column = rank(value, pairs.row_groups), rank(value, pairs.column_groups)
    context = (
        odds,
        gap(value, pairs.row_groups),
        gap(value, pairs.column_groups),
        by_row,
        by_column,
        (by_row == 0) & (by_column == 0),
    )
    return np.column_stack([table, *context]).astype(np.float64)


def _standard(
    table: NDArray[Any], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    made = (table - mean) / scale
    return np.asarray(np.where(np.isnan(made), 0.0, made), np.float64)


def _sigmoid(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0))), np.float64)
