"""From outputs of the network to what is told: shares of classes, a calibrated chance, stars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommend.tasks.config import Kind

Array = NDArray[np.float64]
LEAST_ROWS = 50
"""Fewer validation rows than this say too little to scale by."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Outputs are told as ``slope · output + shift`` before they become chances; ratings stay within ``low`` and
    ``high``, the lowest and highest seen in training."""

    slope: float = 1.0
    shift: float = 0.0
    low: float = -np.inf
    high: float = np.inf

    def told(self, kind: Kind, outputs: Array) -> Array:
        """float64[n, classes] that sum to one, float64[n, 1] chances, or float64[n, 1] stars."""
        if kind is Kind.RATING:
            return np.clip(outputs, self.low, self.high)
        scaled = self.slope * outputs + self.shift
        if kind is Kind.NEED:
            return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scaled)))
        grown = np.exp(scaled - scaled.max(1, keepdims=True))
        return np.asarray(grown / grown.sum(1, keepdims=True))


def fitted(kind: Kind, outputs: Array, target: Array, stars: Array) -> Scale:
    """The scale that makes chances true on validation rows: a temperature for classes (Guo et al. 2017), slope and
    shift for a chance (Platt 1999); for stars the range of the training's ``stars``.

    Where validation is small, or has one kind of answer only, outputs stay as they are.
    """
    if kind is Kind.RATING:
        return Scale(low=float(stars.min()), high=float(stars.max()))
    if len(target) < LEAST_ROWS or len(np.unique(target)) < 2:
        return Scale()
    if kind is Kind.CLASS:
        slopes = np.geomspace(0.2, 5.0, 60)
        losses = [log_loss(Scale(float(s)).told(kind, outputs), target) for s in slopes]
        return Scale(float(slopes[int(np.argmin(losses))]))
    from sklearn.linear_model import LogisticRegression

    made = LogisticRegression(C=1e4).fit(outputs, target)
    return Scale(float(made.coef_[0, 0]), float(made.intercept_[0]))


def log_loss(told: Array, target: Array) -> float:
    """Mean negative logarithm of the chance of what came true; ``told`` as ``Scale.told`` gives it."""
    return float(-np.log(np.clip(chance_of_truth(told, target), 1e-12, 1.0)).mean())


def chance_of_truth(told: Array, target: Array) -> Array:
    """float64[n]: the chance that was given to what came true."""
    truth = target.astype(int)
    if told.shape[1] == 1:
        return np.where(truth == 1, told[:, 0], 1.0 - told[:, 0])
    return np.asarray(told[np.arange(len(told)), truth])
