"""Confidence that keeps its word on this catalogue: a logistic curve through what reviewers decided (Platt, 1999).

What readers are sure of was fitted on other catalogues; on a foreign one they may be too sure, and nothing but
decisions says by how much. Few decisions move the curve little: slope and shift start from "as it is" with a normal
prior.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from core.extract.score import calibration_error

LEAST = 20
"""From so many decided facts on, confidence is called calibrated on the catalogue."""
GOOD = 0.05
"""The calibration error that is aimed at."""
SIZES = (0, 10, 20, 50, 100, 200, 400)
DRAWS = 20
_SLOPE_SPREAD, _SHIFT_SPREAD = 0.5, 0.7
_STEPS = 25
_FLOOR = 1e-3

Decided = Sequence[tuple[float, bool]]
"""(confidence as the readers gave it, whether the value was right) of each decided fact."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """``logit(confidence) * slope + shift``, fitted to so many decided ``facts``; as it comes it changes nothing."""

    slope: float = 1.0
    shift: float = 0.0
    facts: int = 0

    def of(self, confidence: float) -> float:
        """The calibrated confidence, in (0, 1), in the same order; unchanged where nothing was decided."""
        return _sigmoid(self.slope * _logit(confidence) + self.shift) if self.facts else confidence


AS_IT_IS = Calibration()
"""Of a catalogue of which nothing has been decided."""


def fit(decided: Decided) -> Calibration:
    """The likeliest curve after these decisions (maximum a posteriori, by Newton's method); its slope is positive."""
    if not decided:
        return AS_IT_IS
    slope, shift = 1.0, 0.0
    told = [(_logit(confidence), float(right)) for confidence, right in decided]
    for _ in range(_STEPS):
        down_slope = (slope - 1.0) / _SLOPE_SPREAD**2
        down_shift = shift / _SHIFT_SPREAD**2
        aa, ab, bb = 1.0 / _SLOPE_SPREAD**2, 0.0, 1.0 / _SHIFT_SPREAD**2
        for x, right in told:
            chance = _sigmoid(slope * x + shift)
            down_slope += (chance - right) * x
            down_shift += chance - right
            weight = chance * (1.0 - chance)
            aa, ab, bb = aa + weight * x * x, ab + weight * x, bb + weight
        whole = aa * bb - ab * ab
        step_slope = (bb * down_slope - ab * down_shift) / whole
        step_shift = (aa * down_shift - ab * down_slope) / whole
        slope, shift = max(slope - step_slope, _FLOOR), shift - step_shift
        if abs(step_slope) + abs(step_shift) < 1e-9:
            break
    return Calibration(round(slope, 4), round(shift, 4), len(decided))


@dataclass(frozen=True, slots=True)
class Spread:
    """The calibration error of what was not decided after ``facts`` decisions, over several draws: the mean, and the
    lowest and highest but a tenth."""

    facts: int
    ece: float
    low: float
    high: float


def outlook(
    decided: Decided, sizes: Sequence[int] = SIZES, draws: int = DRAWS, seed: int = 0
) -> list[Spread]:
    """How the calibration error of the rest falls as more of the facts are decided, drawn at random; sizes that leave
    fewer than half of the facts to judge on are left out. Does not depend on the order of ``decided``."""
    drawn = random.Random(seed)
    facts = sorted(decided)
    orders = [drawn.sample(facts, len(facts)) for _ in range(draws)]
    made = []
    for size in sizes:
        if 2 * size > len(facts) or not facts:
            break
        errors = sorted(_error(order[size:], fit(order[:size])) for order in orders)
        tenth = draws // 10
        made.append(Spread(size, math.fsum(errors) / draws, errors[tenth], errors[-1 - tenth]))
    return made


def _error(rest: Decided, calibration: Calibration) -> float:
    return calibration_error([calibration.of(c) for c, _ in rest], [right for _, right in rest])


def _logit(value: float) -> float:
    kept = min(1.0 - _FLOOR, max(_FLOOR, value))
    return math.log(kept / (1.0 - kept))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value > -60 else 0.0
