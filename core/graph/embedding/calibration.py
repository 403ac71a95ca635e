"""From scores to probabilities that can be believed: a logistic curve fitted on held-out answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RIDGE = 1e-3
_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Platt:
    """P(true) = 1 / (1 + exp(−(Σ slope · (x − middle) / spread + intercept))), after Platt (1999).

    With one feature it is his curve; further features only shift it. ``middle`` and ``spread`` are those of the answers
    it was fitted on.
    """

    slope: tuple[float, ...]
    intercept: float
    middle: tuple[float, ...]
    spread: tuple[float, ...]

    @staticmethod
    def fit(features: Floats, true: NDArray[np.bool_]) -> Platt:
        """Fit on float64[n, k] and bool[n] by Newton's method, towards Platt's smoothed targets.

        Where one of the two answers never occurs the curve is flat at its smoothed share.
        """
        positive, negative = int(true.sum()), int((~true).sum())
        middle, spread = features.mean(0), np.maximum(features.std(0), 1e-9)
        size = features.shape[1]
        if not positive or not negative:
            share = (positive + 1.0) / (positive + negative + 2.0)
            flat = (0.0,) * size
            return Platt(flat, float(np.log(share / (1.0 - share))), tuple(middle), tuple(spread))
        design = np.column_stack([(features - middle) / spread, np.ones(len(features))])
        target = np.where(true, (positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0))
        weights = np.zeros(size + 1)
        weights[-1] = np.log((positive + 1.0) / (negative + 1.0))
        ridge = _RIDGE * np.diag([1.0] * size + [0.0])
        for _ in range(_ROUNDS):
            given = _logistic(design @ weights)
            gradient = design.T @ (given - target) + ridge @ weights
            curvature = (design * (given * (1.0 - given))[:, None]).T @ design + ridge
            step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
            weights = weights - step
            if np.abs(step).max() < 1e-8:
                break
        return Platt(tuple(weights[:-1].tolist()), float(weights[-1]), tuple(middle), tuple(spread))

    def probability(self, features: Floats) -> Floats:
        """float64[n] in (0, 1) for float64[n, k]."""
        scaled = (features - np.array(self.middle)) / np.array(self.spread)
        return _logistic(scaled @ np.array(self.slope) + self.intercept)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities are to be believed, on answers that were not fitted on: the mean probability and the share
    that is true in each tenth of [0, 1] that occurs; ``error`` is their mean distance weighted by count (expected
    calibration error), ``brier`` the mean squared error."""

    expected: tuple[float, ...]
    found: tuple[float, ...]
    counts: tuple[int, ...]
    error: float
    brier: float


def reliability(probability: Floats, true: NDArray[np.bool_]) -> Reliability:
    """Compare probabilities with what is true; all zero for none."""
    tenth = np.minimum((probability * 10).astype(int), 9)
    groups = [tenth == k for k in range(10) if (tenth == k).any()]
    expected = tuple(float(probability[group].mean()) for group in groups)
    found = tuple(float(true[group].mean()) for group in groups)
    counts = tuple(int(group.sum()) for group in groups)
    apart = sum(n * abs(p - q) for p, q, n in zip(expected, found, counts, strict=True))
    brier = float(((probability - true) ** 2).mean()) if len(true) else 0.0
    return Reliability(expected, found, counts, apart / max(1, len(true)), brier)


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -60.0, 60.0))), np.float64)
