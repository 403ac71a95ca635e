"""Is the difference real? Paired tests over shoppers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95% percentile bootstrap interval."""

    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the interval's width: the number behind ±."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """Model minus reference, paired over ``n`` shoppers: difference with interval, Wilcoxon p, p after Holm."""

    difference: Interval
    p: float
    p_holm: float
    n: int


def bootstrap(values: NDArray[np.float64], seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """95% percentile interval of the mean (NaN entries are left out); resamples shoppers with replacement."""
    clean = values[~np.isnan(values)]
    if len(clean) == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    random = np.random.default_rng(seed)
    means = np.empty(resamples)
    step = max(1, 2_000_000 // len(clean))
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        means[start : start + size] = clean[random.integers(0, len(clean), (size, len(clean)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(clean.mean()), float(low), float(high))


def wilcoxon(differences: NDArray[np.float64]) -> float:
    """Two-sided p of the Wilcoxon signed-rank test (Pratt's zeros); 1 where nothing differs."""
    clean = differences[~np.isnan(differences)]
    if not np.any(clean):
        return 1.0
    from scipy import stats

    return float(stats.wilcoxon(clean, zero_method="pratt", method="approx").pvalue)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Holm's step-down correction: p values that may be read together."""
    corrected: dict[str, float] = {}
    largest = 0.0
    for place, (name, p) in enumerate(sorted(p_values.items(), key=lambda pair: pair[1])):
        largest = max(largest, min(1.0, p * (len(p_values) - place)))
        corrected[name] = largest
    return corrected


def compare(
    model: NDArray[np.float64], references: Mapping[str, NDArray[np.float64]], seed: int = 0
) -> dict[str, Comparison]:
    """Compare a model with each reference on the same shoppers; p values are corrected for their number."""
    differences = {name: model - values for name, values in references.items()}
    raw = {name: wilcoxon(values) for name, values in differences.items()}
    corrected = holm(raw)
    return {
        name: Comparison(bootstrap(values, seed), raw[name], corrected[name], int((~np.isnan(values)).sum()))
        for name, values in differences.items()
    }
