"""What a shopper is where a part of the history is off: other shoppers' parts stand in, scored by the real model.

Taking a part away instead would compare a short history with a long one: a sum over the history would fall with its
length, whoever it belongs to. So the value of a coalition is the mean over a sample of shoppers (interventional
Shapley values: Janzing et al., AISTATS 2020; Lundberg and Lee 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.recommend.data import Ints
from core.recommend.scoring import Combined

RECENT = 3
"""The recent part of a history: its last products, at most this many and at most half of it, rounded up."""

History = tuple[int, ...]


def recent_length(length: int) -> int:
    """How many products at the end of a history of that length are its recent part."""
    return min(RECENT, (length + 1) // 2)


@dataclass(frozen=True, eq=False)
class Sides:
    """The shopper with neither part of the history on, the older one, the recent one, both: ``vectors`` [4, size], and
    the histories of each of the four, whose mean counts."""

    vectors: NDArray[np.floating]
    histories: tuple[tuple[History, ...], ...]

    def baseline(self, model: Combined, item: int, *, stranger: bool) -> NDArray[np.float64]:
        """float64[4]: the baseline's scores of a product. An empty history is the average shopper's or, without
        ``stranger``, the prior alone."""
        rows = [np.array(one, np.int32) for four in self.histories for one in four]
        scores = model.baseline.score_one(rows, item)
        if stranger:
            scores[[len(row) == 0 for row in rows]] = model.average_baseline[item]
        ends = np.cumsum([0, *(len(four) for four in self.histories)])
        return np.array([scores[a:b].mean() for a, b in pairwise(ends)])


class Stand:
    """Makes the sides of shoppers; those asked for last are kept, as they hold for every product."""

    def __init__(self, model: Combined) -> None:
        self._model = model
        self._mean = lru_cache(maxsize=64)(self._mean_vector)

    def beside(self, history: History, others: tuple[History, ...]) -> Sides:
        """A part that is off is what each of the ``others`` has there, on average."""
        older, recent = _cut(history)
        cuts = [_cut(other) for other in others]
        return self._sides(
            others,
            tuple(older + theirs for _older, theirs in cuts),
            tuple(theirs + recent for theirs, _recent in cuts),
            (history,),
        )

    def from_nothing(self, history: History) -> Sides:
        """A part that is off is taken away, and nothing at all is a vector of zeros."""
        older, recent = _cut(history)
        made = self._sides(((),), (older,), (recent,), (history,))
        empty = [len(part) == 0 for part in ((), older, recent)] + [False]
        vectors = np.where(np.array(empty)[:, None], 0.0, made.vectors)
        return Sides(vectors, made.histories)

    def _sides(self, *four: tuple[History, ...]) -> Sides:
        return Sides(np.stack([self._mean(part) for part in four]), four)

    def _mean_vector(self, histories: tuple[History, ...]) -> NDArray[np.floating]:
        rows: Sequence[Ints] = [np.array(one, np.int32) for one in histories]
        mean: NDArray[np.floating] = self._model.shoppers(rows).mean(0)
        return mean


def _cut(history: History) -> tuple[History, History]:
    at = len(history) - recent_length(len(history))
    return history[:at], history[at:]
