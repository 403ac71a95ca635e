"""A trained embedding: arrays and a formula, usable without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.graph.embedding.scorers import SCORERS, ScorerKind
from core.graph.embedding.triples import Ints

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Embedding:
    """``entity`` float32[entities, dim] and ``relation`` float32[relations, dim], in the order of the names."""

    kind: ScorerKind
    entities: tuple[str, ...]
    relations: tuple[str, ...]
    entity: Floats
    relation: Floats

    def scores(self, rows: Ints) -> Floats:
        """float32[n]: the plausibility of facts int64[n, 3]."""
        scorer = SCORERS[self.kind]
        moved = scorer.moved(np, self.entity[rows[:, 0]], self.relation[rows[:, 1]])
        return np.asarray(scorer.compared(np, moved, self.entity[rows[:, 2]]), np.float32)

    def table(self, heads: Ints, relation: int, tails: Ints) -> Floats:
        """float32[heads, tails]: the plausibility of each tail for each head under one relation."""
        scorer = SCORERS[self.kind]
        moved = scorer.moved(np, self.entity[heads], self.relation[[relation]])
        return np.asarray(scorer.table(np, moved, self.entity[tails]), np.float32)

    def alike(self, heads: Ints, others: Ints) -> Floats:
        """float32[heads, others]: the cosine of entities with others."""
        return np.asarray(self._unit[heads] @ self._unit[others].T, np.float32)

    @cached_property
    def _unit(self) -> Floats:
        length = np.linalg.norm(self.entity, axis=1, keepdims=True)
        return np.asarray(self.entity / np.maximum(length, 1e-12), np.float32)
