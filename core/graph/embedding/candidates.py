"""Facts that are not there but could be: what speaks for each, and which products support it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.graph.embedding.model import Embedding
from core.graph.embedding.triples import Ints, Triples
from core.graph.model import PRODUCT

NEAREST = 10
"""Products that are asked whether they have a value."""
EACH = 3
"""Most values of a relation that are considered for a product."""
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Candidates:
    """``rows`` int64[n, 3] of facts that are not known; ``features`` float64[n, 2]: the log of the value's share in the
    softmax over all values of the relation, and the log odds of the value among the nearest products."""

    rows: Ints
    features: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


class Neighbourhood:
    """The products of an embedding, the nearest of each, and the facts that they are asked about."""

    def __init__(self, embedding: Embedding, facts: Triples, heads: Ints | None = None) -> None:
        self.embedding = embedding
        self.facts = facts
        self.products = np.array(
            [k for k, name in enumerate(facts.entities) if name.startswith(PRODUCT)], np.int64
        )
        self.heads = self.products if heads is None else heads
        self.nearest = self._nearest()
        """int64[heads, at most NEAREST]: entities, the nearest first."""

    def holding(self, relation: int, tails: Ints) -> NDArray[np.float64]:
        """float64[heads, tails]: how many of the nearest products have each tail."""
        has = self._incidence(relation, tails)
        owner = np.repeat(np.arange(len(self.heads)), self.nearest.shape[1])
        size = (len(self.heads), len(self.facts.entities))
        near = _sparse(np.ones(self.nearest.size), owner, self.nearest.ravel(), size)
        return np.asarray((near @ has).toarray(), np.float64)

    def supporting(self, head: int, relation: int, tail: int, most: int = 3) -> list[int]:
        """The products nearest to ``head`` that have the fact, the nearest first."""
        rows = self.facts.rows
        who = np.intersect1d(rows[(rows[:, 1] == relation) & (rows[:, 2] == tail), 0], self.products)
        who = who[who != head]
        order = np.argsort(-self.embedding.alike(np.array([head]), who)[0], kind="stable")
        return [int(entity) for entity in who[order[:most]]]

    def _incidence(self, relation: int, tails: Ints) -> Any:
        rows = self.facts.rows[self.facts.rows[:, 1] == relation]
        place = np.searchsorted(tails, rows[:, 2])
        inside = (place < len(tails)) & (tails[np.minimum(place, len(tails) - 1)] == rows[:, 2])
        size = (len(self.facts.entities), len(tails))
        return _sparse(np.ones(inside.sum()), rows[inside, 0], place[inside], size)

    def _nearest(self) -> Ints:
        count = min(NEAREST, max(len(self.products) - 1, 0))
        found = np.zeros((len(self.heads), count), np.int64)
        for start in range(0, len(self.heads) if count else 0, _BLOCK):
            block = self.heads[start : start + _BLOCK]
            alike = self.embedding.alike(block, self.products)
            alike[self.products[None] == block[:, None]] = -np.inf
            best = np.argpartition(-alike, count - 1, axis=1)[:, :count]
            order = np.argsort(-np.take_along_axis(alike, best, 1), axis=1, kind="stable")
            found[start : start + _BLOCK] = self.products[np.take_along_axis(best, order, 1)]
        return found


def candidates(
    around: Neighbourhood,
    known: Triples,
    *,
    single_valued: Collection[str] = (),
    leave_out: Collection[str] = (),
    least: int = 3,
) -> Candidates:
    """The likeliest values that each product does not have: at most ``EACH`` a relation.

    ``known`` facts are no candidates, nor is a second value of a relation in ``single_valued``; relations in
    ``leave_out`` are not considered. A value must be that of ``least`` products among the facts that were trained on.
    """
    heads, facts = around.heads, around.facts
    rows: list[Ints] = []
    features: list[NDArray[np.float64]] = []
    for relation, name in enumerate(facts.relations):
        tails, counts = np.unique(facts.rows[facts.rows[:, 1] == relation, 2], return_counts=True)
        often = counts >= least
        if name in leave_out or not often.any():
            continue
        scores = around.embedding.table(heads, relation, tails).astype(np.float64)
        share = scores - _log_sum(scores)
        free = ~known.has(heads[:, None], np.array(relation), tails[None]) & often[None]
        free &= heads[:, None] != tails[None]
        if name in single_valued:
            taken = np.unique(known.rows[known.rows[:, 1] == relation, 0])
            free &= ~np.isin(heads, taken)[:, None]
        share = np.where(free, share, -np.inf)
        best = np.argsort(-share, axis=1, kind="stable")[:, :EACH]
        owner = np.repeat(np.arange(len(heads)), best.shape[1])
        place = best.ravel()
        possible = free[owner, place]
        owner, place = owner[possible], place[possible]
        held = around.holding(relation, tails)[owner, place]
        count = around.nearest.shape[1]
        odds = np.log((held + 0.5) / (count - held + 0.5))
        rows.append(np.column_stack([heads[owner], np.full(len(owner), relation), tails[place]]))
        features.append(np.column_stack([share[owner, place], odds]))
    if not rows:
        return Candidates(np.empty((0, 3), np.int64), np.empty((0, 2)))
    return Candidates(np.concatenate(rows), np.concatenate(features))


def _log_sum(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    top = scores.max(1, keepdims=True)
    return np.asarray(top + np.log(np.exp(scores - top).sum(1, keepdims=True)), np.float64)


def _sparse(data: Any, row: Any, column: Any, shape: tuple[int, int]) -> Any:
    import scipy.sparse as sp

    return sp.csr_matrix((data, (row, column)), shape=shape)
