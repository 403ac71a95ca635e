"""What a task model learns from and is judged on: labelled examples, and which of them it may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.domain import Fact, Product
from core.errors import DataError
from core.recommend.tasks.config import Kind
from core.recommend.tasks.names import Names

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LATEST = 30
"""The most recent products of a history that are read."""
DECAY = 0.9
"""How much less each step back in a history weighs."""
LEAST_EXAMPLES = 20
ENOUGH_VALID = 100
INNER_FOLDS = 4


@dataclass(frozen=True, eq=False)
class Part:
    """Rows to learn from, to stop on and to be judged on; disjoint, ``test`` may be empty."""

    train: Ints
    valid: Ints
    test: Ints


@dataclass(frozen=True, eq=False)
class Examples:
    """``n`` labelled examples of a task over a catalogue.

    ``product`` int64[n] points into ``products``; ``target`` float64[n] is a class's place in ``classes``, 0 or 1, or
    stars; ``shopper`` int64[n] points into ``shoppers`` (−1: nobody known); ``histories`` are products taken before,
    oldest first. ``facts`` and ``hidden`` are what may be known of products; ``notes`` count what was left out.
    """

    kind: Kind
    products: tuple[Product, ...]
    facts: Mapping[str, Sequence[Fact]]
    product: Ints
    target: Floats
    shopper: Ints
    histories: tuple[Ints, ...]
    shoppers: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    hidden: Names = field(default_factory=Names)
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.target)

    @property
    def units(self) -> Ints:
        """int64[n]: what is drawn as one in a bootstrap: a shopper's examples together, else each by itself."""
        alone = len(self.shoppers) + np.arange(len(self))
        return np.where(self.shopper < 0, alone, self.shopper)


def history_matrix(histories: Sequence[Sequence[int] | Ints], products: int) -> Any:
    """Sparse float32[histories, products]: weights of the latest products, newest most; rows sum to 1 or are empty."""
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for history in histories:
        latest = [int(p) for p in history[-LATEST:]]
        weights = DECAY ** np.arange(len(latest))[::-1]
        columns += latest
        values += (weights / max(weights.sum(), 1e-12)).tolist()
        ends.append(len(columns))
    return sp.csr_matrix((np.array(values, np.float32), columns, ends), shape=(len(histories), products))


def enough(n: int, what: str, remedy: str) -> None:
    """Raise DataError where there are fewer than ``LEAST_EXAMPLES``."""
    if n < LEAST_EXAMPLES:
        raise DataError(
            f"There are {n} {what}; a task model needs {LEAST_EXAMPLES} at least.",
            where="task",
            remedy=remedy,
        )


def folds(target: Floats, count: int, valid_share: float, seed: int) -> list[Part]:
    """``count`` parts whose tests cover all rows once, classes spread evenly; a last one without test, for serving."""
    fold = _spread(target, count, seed)
    rows = np.arange(len(target))
    parts = []
    for number in range(count):
        rest = rows[fold != number]
        inner = _spread(target[rest], max(2, round(1 / valid_share)), seed + 1 + number)
        parts.append(Part(rest[inner != 0], rest[inner == 0], rows[fold == number]))
    inner = _spread(target, max(2, round(1 / valid_share)), seed + 1 + count)
    return [*parts, Part(rows[inner != 0], rows[inner == 0], rows[:0])]


def _spread(target: Floats, count: int, seed: int) -> Ints:
    """int64[n]: a group for each row, so that each class is spread over the groups as evenly as can be."""
    order = np.random.default_rng(seed).permutation(len(target))
    order = order[np.argsort(target[order], kind="stable")]
    group = np.empty(len(target), np.int64)
    group[order] = np.arange(len(target)) % count
    return group


def inner_parts(part: Part, seed: int) -> list[tuple[Ints, Ints]]:
    """Rows to fit and rows to choose a penalty by: training and validation where that is large enough to say, else four
    folds of the two together; the test is in none."""
    if len(part.valid) >= ENOUGH_VALID:
        return [(part.train, part.valid)]
    rows = np.random.default_rng(seed).permutation(np.concatenate([part.train, part.valid]))
    group = np.arange(len(rows)) % INNER_FOLDS
    return [(rows[group != number], rows[group == number]) for number in range(INNER_FOLDS)]


def cut_in_time(
    time: Floats, valid_share: float, test_share: float, seed: int, gap: float = 0.0
) -> list[Part]:
    """One part cut at two moments, the latest for the test; at random where times are not known.

    An answer that takes ``gap`` seconds to be known is left out where it came to be known after the cut.
    """
    known = bool(np.isfinite(time).all())
    order = np.argsort(time, kind="stable") if known else np.random.default_rng(seed).permutation(len(time))
    last, middle = round(len(time) * (1 - test_share)), round(len(time) * (1 - test_share - valid_share))
    train, valid, test = (np.sort(rows) for rows in np.split(order, [middle, last]))
    if known and gap and len(valid) and len(test):
        train = train[time[train] + gap <= time[valid].min()]
        valid = valid[time[valid] + gap <= time[test].min()]
    return [Part(train, valid, test)]
