"""How soon a review finds the errors: the share of them in the first part of the queue, by fact and by value. Pure.

A queue shows first what is doubted most. Fact by fact that is 1 - confidence; value by value the doubts of all facts
with the same value add up, and one look settles all of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

FIRST = 0.1
"""The part of the queue that is quoted: its first tenth."""
STEPS = 100
Point = tuple[float, float]


@dataclass(frozen=True)
class Triage:
    """Values that were given: how sure, whether right, and which share a look. All three have the same length."""

    confidences: Sequence[float]
    right: Sequence[bool]
    groups: Sequence[Hashable]

    @property
    def wrong_share(self) -> float:
        """Share of the values that is wrong, in [0, 1]; 0 where there are none."""
        return sum(not right for right in self.right) / max(1, len(self.right))

    @cached_property
    def by_fact(self) -> list[Point]:
        """The curve of a queue that shows one fact a look."""
        return found_curve((1.0 - c, int(not r)) for c, r in zip(self.confidences, self.right, strict=True))

    @cached_property
    def by_value(self) -> list[Point]:
        """The curve of a queue that shows one value a look."""
        looks: dict[Hashable, list[tuple[float, bool]]] = {}
        for confidence, right, group in zip(self.confidences, self.right, self.groups, strict=True):
            looks.setdefault(group, []).append((1.0 - confidence, not right))
        return found_curve(
            (math.fsum(doubt for doubt, _ in look), sum(wrong for _, wrong in look))
            for look in looks.values()
        )

    @cached_property
    def perfect(self) -> list[Point]:
        """The curve of a queue that shows one fact a look and has all errors first: no order of facts is better."""
        return found_curve((float(not right), int(not right)) for right in self.right)

    @cached_property
    def perfect_by_value(self) -> list[Point]:
        """The curve of a queue that shows one value a look and has those with most errors first."""
        wrong = Counter(group for right, group in zip(self.right, self.groups, strict=True) if not right)
        return found_curve((float(wrong[group]), wrong[group]) for group in set(self.groups))

    def to_json(self) -> dict[str, Any]:
        """The shares of all errors that lie in the first tenth of each queue, and in as many looks at values as a tenth
        of the facts takes looks, each beside the most that any order could find (``perfect``), in [0, 1], None where
        there is no error; the share of values that is wrong; and how many looks each queue has."""
        return {
            "first_tenth": found_at(self.by_fact, FIRST),
            "first_tenth_by_value": found_at(self.by_value, FIRST),
            "same_looks_by_value": found_at(self.by_value, self._of_values(FIRST)),
            "perfect": found_at(self.perfect, FIRST),
            "perfect_by_value": found_at(self.perfect_by_value, FIRST),
            "perfect_same_looks": found_at(self.perfect_by_value, self._of_values(FIRST)),
            "wrong_share": self.wrong_share,
            "facts": len(self.groups),
            "values": len(set(self.groups)),
        }

    def curves(self) -> dict[str, list[float]]:
        """The share of errors found in as many looks as 0, 1, …, 100% of the facts; empty where there is no error."""
        shares = [step / STEPS for step in range(STEPS + 1)]
        return {
            "by_fact": _sampled(self.by_fact, shares),
            "by_value": _sampled(self.by_value, map(self._of_values, shares)),
            "perfect": _sampled(self.perfect, shares),
        }

    def _of_values(self, share: float) -> float:
        """The share of the values that takes as many looks as ``share`` of the facts; at most 1."""
        return min(1.0, share * len(self.groups) / max(1, len(set(self.groups))))


def found_curve(looks: Iterable[tuple[float, int]]) -> list[Point]:
    """(share of the looks taken, share of the errors found), from (0, 0) to (1, 1); [] where there is no error.

    ``looks`` are (doubt, number of errors), taken by falling doubt. Looks of equal doubt may come in any order; the
    straight line over them is what is expected of a random one, so the curve depends on no order of the input.
    """
    tied: dict[float, tuple[int, int]] = {}
    for doubt, errors in looks:
        many, wrong = tied.get(doubt, (0, 0))
        tied[doubt] = many + 1, wrong + errors
    all_looks, all_wrong = (sum(column) for column in zip(*tied.values(), strict=True)) if tied else (0, 0)
    if not all_wrong:
        return []
    points, taken, found = [(0.0, 0.0)], 0, 0
    for doubt in sorted(tied, reverse=True):
        many, wrong = tied[doubt]
        taken, found = taken + many, found + wrong
        points.append((taken / all_looks, found / all_wrong))
    return points


def found_at(curve: Sequence[Point], share: float) -> float | None:
    """The share of errors found when ``share`` of the looks, in [0, 1], are taken; None for an empty curve."""
    if not curve:
        return None
    at = min(max(bisect_left(curve, (share,)), 1), len(curve) - 1)
    (x0, y0), (x1, y1) = curve[at - 1], curve[at]
    return y0 + (y1 - y0) * (share - x0) / (x1 - x0)


def _sampled(curve: Sequence[Point], shares: Iterable[float]) -> list[float]:
    values = (found_at(curve, share) for share in shares)
    return [value for value in values if value is not None]
