"""How well held-out facts are found again: filtered ranks among the values that a relation can have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.graph.embedding.model import Embedding
from core.graph.embedding.triples import Ints, Triples

Table = Callable[[Ints, int, Ints], NDArray[np.floating]]
"""(heads, relation, tails) → float[heads, tails]; higher is more plausible."""


_BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class LinkMeasures:
    """Means over ``n`` held-out facts: reciprocal rank and the share of ranks up to 1, 3 and 10, in [0, 1]."""

    mrr: float
    hits1: float
    hits3: float
    hits10: float
    n: int


def ranks(table: Table, held: Triples, known: Triples) -> NDArray[np.float64]:
    """float64[held]: the rank (1 is first) of each held-out tail among the tails its relation has in ``known``, other
    tails that are true left out (the filtered setting of Bordes et al., 2013). Ties share the mean of their ranks."""
    found = np.zeros(len(held))
    for relation in range(len(held.relations)):
        places = np.flatnonzero(held.rows[:, 1] == relation)
        if not len(places):
            continue
        candidates = known.tails[relation]
        for block in np.array_split(places, -(-len(places) // _BLOCK)):
            heads, tails = held.rows[block, 0], held.rows[block, 2]
            scores = np.array(table(heads, relation, candidates), np.float64)
            own = np.searchsorted(candidates, tails)
            mine = scores[np.arange(len(block)), own][:, None]
            scores[known.has(heads[:, None], np.array(relation), candidates[None])] = -np.inf
            found[block] = 1.0 + (scores > mine).sum(1) + (scores == mine).sum(1) / 2.0
    return found


def summary(found: NDArray[np.float64]) -> LinkMeasures:
    """The measures of ranks; NaN for none."""
    if not len(found):
        nan = float("nan")
        return LinkMeasures(nan, nan, nan, nan, 0)
    one, three, ten = (float((found <= k).mean()) for k in (1, 3, 10))
    return LinkMeasures(float((1.0 / found).mean()), one, three, ten, len(found))


def measure(embedding: Embedding, held: Triples, known: Triples) -> LinkMeasures:
    """What an embedding does on held-out facts."""
    return summary(ranks(embedding.table, held, known))


def by_frequency(train: Triples) -> Table:
    """The baseline to beat: a value is as plausible as it is frequent under the relation, whatever the product."""
    size = len(train.entities)
    counts = np.bincount(train.rows[:, 1] * size + train.rows[:, 2], minlength=size * len(train.relations))

    def table(heads: Ints, relation: int, tails: Ints) -> NDArray[np.float64]:
        return np.broadcast_to(counts[relation * size + tails].astype(np.float64), (len(heads), len(tails)))

    return table
