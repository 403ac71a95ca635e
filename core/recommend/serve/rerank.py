"""Re-ranking on candidates, for any number of shoppers at once: discount, diversity, long tail. No randomness; of equal
values the one that was before stays before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Scores = NDArray[np.float64]
CANDIDATES = 100
"""The best products of a shopper, which are re-ranked; what is below them is not looked at."""
NOTHING = -1e9


@dataclass(frozen=True, eq=False)
class Candidates:
    """The best products of each shopper, best first.

    ``rows`` is int64[shoppers, candidates], −1 where there are fewer; ``scores`` the same shape, −∞ there; ``scale``
    float64[shoppers] the distance between the first and the last.
    """

    rows: Rows
    scores: Scores
    scale: NDArray[np.float64]


def best(scores: Scores, size: int = CANDIDATES) -> Candidates:
    """The ``size`` best of each row of ``scores`` (float64[shoppers, n]); those at −∞ are none."""
    scores = np.asarray(scores, np.float64)
    size = min(size, scores.shape[1])
    rows = np.full((len(scores), size), -1, np.int64)
    kept = np.full((len(scores), size), -np.inf)
    for at, own in enumerate(scores):
        chosen = _top(own, size)
        rows[at, : len(chosen)], kept[at, : len(chosen)] = chosen, own[chosen]
    return Candidates(rows, kept, _scale(kept))


def discounted(found: Candidates, popularity: NDArray[np.float64], strength: float) -> Candidates:
    """Take ``strength`` · scale · popularity (float64[n] in [0, 1]) off each score, and put them in order again.

    The mean popularity of the first k never rises with the strength.
    """
    if strength == 0.0:
        return found
    off = strength * found.scale[:, None] * popularity[found.rows]
    lower = np.where(found.rows >= 0, found.scores - off, -np.inf)
    return _taken(Candidates(found.rows, lower, found.scale), np.argsort(-lower, axis=1, kind="stable"))


def similarity(found: Candidates, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32[shoppers, candidates, candidates]: cosines of the candidates' vectors (float32[n, size], length one)."""
    own = vectors[found.rows]
    return np.asarray(own @ own.transpose(0, 2, 1), np.float32)


def varied(found: Candidates, alike: NDArray[np.float32], diversity: float, depth: int) -> Rows:
    """int64[shoppers, candidates]: the candidates' order by maximal marginal relevance, for the first ``depth``; then
    as they come. ``alike`` is what ``similarity`` gives.

    The next is the one with the largest (1 − diversity) · relevance − diversity · likeness to the nearest that was
    chosen; relevance is the score, brought to [0, 1]. At diversity 0 the order stays.
    """
    shoppers, size = found.rows.shape
    if diversity == 0.0 or not size:
        return np.tile(np.arange(size), (shoppers, 1))
    first = np.where(found.rows[:, :1] >= 0, found.scores[:, :1], 0.0)
    span = np.maximum(_scale(found.scores), 1e-12)[:, None]
    # What is not there is worse than anything, but not yet taken: it comes when nothing else is left.
    relevance = np.where(found.rows >= 0, 1.0 - (first - found.scores) / span, NOTHING)
    closest = np.zeros((shoppers, size))
    free = np.ones((shoppers, size), bool)
    each = np.arange(shoppers)
    chosen = np.empty((shoppers, min(depth, size)), np.int64)
    for step in range(chosen.shape[1]):
        value = np.where(free, (1.0 - diversity) * relevance - diversity * closest, -np.inf)
        value[found.rows < 0] = np.where(free[found.rows < 0], NOTHING, -np.inf)
        chosen[:, step] = pick = value.argmax(1)
        free[each, pick] = False
        np.maximum(closest, alike[each, pick], out=closest)
    rest = np.argsort(~free, axis=1, kind="stable")[:, : size - chosen.shape[1]]
    return np.concatenate([chosen, rest], 1)


def with_tail(order: Rows, tail: NDArray[np.bool_], share: float, depth: int) -> Rows:
    """The order with at least ⌊share · j⌋ products of the long tail among its first j, for every j up to ``depth``,
    as far as there are so many. ``order`` int64[shoppers, size] and ``tail`` bool of that shape, in the order given.

    Both parts keep their own order. The number of long-tail products among the first k never falls with the share.
    """
    if share == 0.0 or not order.size:
        return order
    shoppers, size = order.shape
    depth = min(depth, size)
    rare, known = np.argsort(~tail, axis=1, kind="stable"), np.argsort(tail, axis=1, kind="stable")
    rares, each = tail.sum(1), np.arange(shoppers)
    made = np.empty((shoppers, depth), np.int64)
    taken = np.zeros(shoppers, np.int64)
    for step in range(depth):
        next_rare = np.where(taken < rares, rare[each, np.minimum(taken, size - 1)], size)
        others = step - taken
        next_known = np.where(others < size - rares, known[each, np.minimum(others, size - 1)], size)
        due = (taken < np.floor(share * (step + 1) + 1e-9)) & (next_rare < size)
        is_rare = due | (next_rare < next_known)
        made[:, step] = np.where(is_rare, next_rare, next_known)
        taken += is_rare
    left = np.ones((shoppers, size), bool)
    left[each[:, None], made] = False
    rest = np.argsort(~left, axis=1, kind="stable")[:, : size - depth]
    return np.asarray(order[each[:, None], np.concatenate([made, rest], 1)])


def _top(own: Scores, size: int) -> Rows:
    """Places of the highest finite values, best first, of equal ones the first: also where they are cut off."""
    if size < len(own):
        least = np.partition(own, len(own) - size)[len(own) - size]
        near = np.flatnonzero(own >= least)
    else:
        near = np.arange(len(own))
    near = near[np.isfinite(own[near])]
    return near[np.argsort(-own[near], kind="stable")][:size]


def _scale(scores: Scores) -> NDArray[np.float64]:
    finite = np.isfinite(scores)
    high = np.where(finite, scores, -np.inf).max(1, initial=-np.inf)
    low = np.where(finite, scores, np.inf).min(1, initial=np.inf)
    return np.where(finite.any(1), high - low, 0.0)


def _taken(found: Candidates, order: Rows) -> Candidates:
    each = np.arange(len(order))[:, None]
    return Candidates(found.rows[each, order], found.scores[each, order], found.scale)
