"""The whole way from records to scored pairs: read, block, compare, score, forbid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.graph.resolve.blocking import NEIGHBOURS, candidates
from core.graph.resolve.constraints import Conflict, Rules, conflict
from core.graph.resolve.features import Pairs, features, standing
from core.graph.resolve.matcher import Matcher
from core.graph.resolve.records import Profile, Record, profiles
from core.graph.resolve.space import Floats, sides

Check = Callable[[], None]


class Encodes(Protocol):
    """Titles to vectors of length one."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """float32[texts, size]."""
        ...


@dataclass(frozen=True, eq=False)
class Compared:
    """Candidates of two catalogues with their features, float32[pairs, features]."""

    left: Sequence[Record]
    right: Sequence[Record]
    profiles: tuple[Sequence[Profile], Sequence[Profile]]
    pairs: Pairs
    table: Floats

    def of_left(self, kept: NDArray[np.bool_]) -> Compared:
        """The same for some of the left records, bool[left records], as if the others were not there."""
        places = np.nonzero(kept)[0].tolist()
        moved = np.full(len(self.left), -1, np.int64)
        moved[places] = np.arange(len(places))
        inside = kept[self.pairs.rows]
        pairs = Pairs.of(moved[self.pairs.rows[inside]], self.pairs.columns[inside])
        first, second = self.profiles
        return Compared(
            [self.left[at] for at in places],
            self.right,
            ([first[at] for at in places], second),
            pairs,
            standing(self.table[inside], pairs),
        )

    def conflicts(self, rules: Rules | None = None) -> list[Conflict | None]:
        """Why each pair may not be one thing; None where nothing forbids it."""
        first, second = self.profiles
        return [
            conflict(self.left[i], self.right[j], first[i], second[j], rules)
            for i, j in zip(self.pairs.rows.tolist(), self.pairs.columns.tolist(), strict=True)
        ]

    def score(self, matcher: Matcher, rules: Rules | None = None) -> NDArray[np.float64]:
        """float64[pairs]: probabilities, 0 where a rule forbids the pair."""
        free = np.array([found is None for found in self.conflicts(rules)], bool)
        return np.where(free, matcher.probability(self.table, self.pairs), 0.0)


def compare(
    left: Sequence[Record],
    right: Sequence[Record],
    encoder: Encodes | None = None,
    count: int = NEIGHBOURS,
    check: Check | None = None,
) -> Compared:
    """Find and compare the candidates of two catalogues; vectors are used where an encoder is given."""
    first, second = profiles(left), profiles(right)
    meaning = None
    if encoder is not None:
        meaning = encoder.encode([r.title for r in left]), encoder.encode([r.title for r in right])
    spaces = sides(first, second, meaning)
    pairs = Pairs.of(*candidates(*spaces, count, check))
    return Compared(left, right, (first, second), pairs, features((left, right), spaces, pairs))
