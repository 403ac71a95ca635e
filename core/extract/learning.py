"""What more labelled texts would give: a power law through the points of a learning curve.

F1 after n texts is modelled as ``a - b * n ** -c`` with b >= 0, c > 0 and a <= 1 (Cortes et al., 1993), fitted by
least squares: for each exponent of a fine grid the best a and b have a closed form. The law is fitted to the curve of
each fold, and the folds' forecasts give the interval.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[int, float]

LEAST_POINTS = 3
_EXPONENTS = tuple(step / 50 for step in range(1, 101))
_T_975 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """F1 after ``n`` texts is ``a - b * n ** -c``."""

    a: float
    b: float
    c: float

    def at(self, texts: float) -> float:
        """The F1 expected after so many texts."""
        return self.a - self.b * math.pow(texts, -self.c)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What ``more`` texts beyond ``texts`` would add to F1: the mean of the folds' forecasts and their 95% interval,
    none of it below 0. ``laws`` has the law of each fold."""

    texts: int
    more: int
    gain: float
    low: float
    high: float
    laws: tuple[PowerLaw, ...]


def fit(points: Sequence[Point]) -> PowerLaw | None:
    """The law of least squared error; None for points at fewer than three sizes."""
    if len({texts for texts, _ in points}) < LEAST_POINTS:
        return None
    return min(
        (_with_exponent(points, c) for c in _EXPONENTS),
        key=lambda law: sum((value - law.at(texts)) ** 2 for texts, value in points),
    )


def prospect(curves: Sequence[Sequence[Point]], more: int = 10) -> Prospect | None:
    """What ``more`` texts would add to the largest size measured; ``curves`` has the points of each fold. None where
    there are too few points."""
    laws = [law for curve in curves if (law := fit(curve))]
    if not laws:
        return None
    texts = round(statistics.mean(max(n for n, _ in curve) for curve in curves))
    gains = [law.at(texts + more) - law.at(texts) for law in laws]
    mean, half = statistics.mean(gains), half_width(gains) or 0.0
    return Prospect(texts, more, mean, max(0.0, mean - half), mean + half, tuple(laws))


def half_width(values: Sequence[float]) -> float | None:
    """Half of the 95% interval of the mean (Student's t); None for fewer than two values.

    Folds share most of what they learn from, so for them it is a little too narrow.
    """
    if len(values) < 2:
        return None
    quantile = _T_975.get(len(values) - 1, 2.0)
    return quantile * statistics.stdev(values) / math.sqrt(len(values))


def _with_exponent(points: Sequence[Point], c: float) -> PowerLaw:
    powers = [texts**-c for texts, _ in points]
    values = [value for _, value in points]
    x, y = statistics.mean(powers), statistics.mean(values)
    spread = sum((power - x) ** 2 for power in powers)
    slope = sum((power - x) * (value - y) for power, value in zip(powers, values, strict=True)) / spread
    b = max(0.0, -slope)
    a = y + b * x
    if a > 1.0:
        a = 1.0
        b = max(
            0.0, sum(p * (1.0 - v) for p, v in zip(powers, values, strict=True)) / sum(p * p for p in powers)
        )
    return PowerLaw(a, b, c)
