"""Facts that an embedding does not expect, although it never saw them: cross-fitted, so that nothing judges itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.domain import Fact
from core.graph.embedding.config import EmbeddingConfig
from core.graph.embedding.measure import ranks
from core.graph.embedding.train import train
from core.graph.embedding.triples import Triples

LEAST_VALUES = 10
"""A relation with fewer values tells nothing by a rank."""
LEAST_KNOWN = 2
MOST_JUDGED = 20_000
"""Facts that are judged at most; of a larger graph as many drawn at random."""
LEAST_FACTS = 3
"""A value of fewer products is rare, not wrong: nothing can be expected of it."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far a fact is from what is expected: ``rank`` (1 is first) of its value among ``of`` values."""

    fact_id: str
    rank: float
    of: int

    @property
    def place(self) -> float:
        """The rank as a share of the values, in [0, 1]; 1 is the least expected value of all."""
        return (self.rank - 1.0) / max(self.of - 1, 1)


def doubts(
    facts: Iterable[Fact],
    config: EmbeddingConfig,
    folds: int = 3,
    leave_out: Collection[str] = (),
    on_fold: Callable[[int, int], None] = lambda fold, of: None,
) -> list[Doubt]:
    """Each fact that can be judged, the least expected first.

    Facts are dealt into ``folds``; those of a fold are ranked by an embedding that was trained on the other folds,
    where those tell two facts of the product at least. Relations in ``leave_out`` are learned from but not judged.
    ``on_fold(done, folds)`` is called before each training. Raises GraphError for too few facts.
    """
    whole = Triples.of(facts)
    random = np.random.default_rng(config.seed)
    fold_of = random.permutation(len(whole)) % folds
    judged = _judged(whole, leave_out)
    found: list[Doubt] = []
    for fold in range(folds):
        on_fold(fold, folds)
        held = np.flatnonzero((fold_of == fold) & judged)
        if len(held) > MOST_JUDGED // folds:
            held = np.sort(random.choice(held, MOST_JUDGED // folds, replace=False))
        known = whole.take(np.setdiff1d(np.arange(len(whole)), held))
        told = np.bincount(known.rows[:, 0], minlength=len(whole.entities))
        held = held[told[whole.rows[held, 0]] >= LEAST_KNOWN]
        embedding = train(known, config)
        ours = whole.take(held)
        for place, rank in enumerate(ranks(embedding.table, ours, whole).tolist()):
            relation = int(ours.rows[place, 1])
            found.append(Doubt(ours.facts[place], rank, len(whole.tails[relation])))
    return sorted(found, key=lambda doubt: (-doubt.place, doubt.fact_id))


def _judged(whole: Triples, leave_out: Collection[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """bool[n]: facts of a value that several products have, under a relation with values enough."""
    key = whole.rows[:, 1] * len(whole.entities) + whole.rows[:, 2]
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    enough = np.array(
        [
            len(tails) >= LEAST_VALUES and name not in leave_out
            for name, tails in zip(whole.relations, whole.tails, strict=True)
        ]
    )
    return np.asarray((counts[inverse] >= LEAST_FACTS) & enough[whole.rows[:, 1]], bool)
