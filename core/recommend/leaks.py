"""Ways in which training could see the test: through its rows, or through links made of the test's own events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.domain import Fact
from core.recommend.interactions import Cases, Interactions, Ints, Split

FEWEST_LINKS = 5
"""So many links of a relation have to be borne out by the test alone before it looks planted."""


def later_rows(split: Split) -> int:
    """Rows before the test that are one of its answers, training rows that are an answer of the validation, and rows
    at or after the cut they should precede."""
    known = _pairs(split.known) | _pairs(split.train)
    count = len(known & _answers(split.test)) + len(_pairs(split.train) & _answers(split.valid))
    if split.cuts is None:
        return count
    first, second = split.cuts
    return count + int((split.train.time >= first).sum() + (split.known.time >= second).sum())


def held_out_rows(split: Split) -> int:
    """Rows of the products or shoppers that the split keeps from training."""
    if split.hidden is None:
        return 0
    both, test = split.hidden
    return int(both.rows(split.train).sum() + test.rows(split.known).sum())


def links_of_the_test(split: Split, facts: Iterable[Fact]) -> int:
    """Links between two products that somebody takes together in the test but nobody did before, in relations where
    these outnumber the links that were borne out before.

    A link that the text gives may come true in the test, but more of them have come true in the longer time before;
    so a relation with the reverse was made of the test's events, whatever its name.
    """
    place = {f"product:{name}": index for index, name in enumerate(split.known.products)}
    ends: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for fact in facts:
        if fact.subject in place and fact.object in place:
            ends[fact.relation].append((place[fact.subject], place[fact.object]))
    if not ends:
        return 0
    answers, taken = _matrix(split.test.targets, place), split.known.matrix
    before = _matrix(split.test.histories, place) + answers
    found = 0
    for pairs in ends.values():
        left, right = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
        earlier = _together(taken, taken, left, right)
        later = _together(answers, before, left, right) | _together(before, answers, left, right)
        planted = int((later & ~earlier).sum())
        if planted >= FEWEST_LINKS and planted > int(earlier.sum()):
            found += planted
    return found


def _together(one: Any, other: Any, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[pairs]: whether a row of ``one`` has the left product and the same row of ``other`` the right one."""
    both = one.tocsc()[:, left].multiply(other.tocsc()[:, right])
    return np.asarray(both.sum(axis=0)).ravel() > 0


def _matrix(rows: Sequence[Ints], products: Iterable[str]) -> Any:
    owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    column = np.concatenate([*rows, np.empty(0, np.int32)])
    shape = (len(rows), len(list(products)))
    return sp.csr_matrix((np.ones(len(owner), np.float32), (owner, column)), shape=shape)


def _pairs(data: Interactions) -> set[tuple[int, int]]:
    return set(zip(data.shopper.tolist(), data.product.tolist(), strict=True))


def _answers(cases: Cases) -> set[tuple[int, int]]:
    shoppers = zip(cases.shopper.tolist(), cases.targets, strict=True)
    return {(shopper, product) for shopper, taken in shoppers for product in taken.tolist()}
