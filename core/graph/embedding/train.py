"""Training: −log softmax of the true value among wrong ones of its kind, and of the true product among wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import GraphError
from core.graph.embedding.config import EmbeddingConfig
from core.graph.embedding.measure import measure
from core.graph.embedding.model import Embedding
from core.graph.embedding.scorers import SCORERS, ScorerKind
from core.graph.embedding.triples import Ints, Triples

LEAST_FACTS = 20
LOOK_EVERY = 10
"""Steps between two looks at the held-out facts."""
MOST_LOOKED_AT = 1_000
OnLook = Callable[[int, int, float], None]


def train(
    known: Triples,
    config: EmbeddingConfig,
    valid: Triples | None = None,
    on_look: OnLook = lambda step, of, mrr: None,
) -> Embedding:
    """An embedding of ``known``; with ``valid``, the one of the step with the best filtered MRR on it.

    Wrong tails and heads are those that the relation has anywhere (the type constraint) and that make no known fact.
    ``on_look(step, steps, MRR)`` is called at each look and may raise to stop. Equal input and seed, equal vectors, on
    one machine. Raises GraphError for fewer than 20 facts.
    """
    import torch

    if len(known) < LEAST_FACTS:
        raise GraphError(
            f"There are {len(known)} facts; an embedding needs {LEAST_FACTS} at least.",
            where="graph",
            remedy="Build the graph from more products.",
        )
    random = np.random.default_rng(config.seed)
    learner = _Learner(known, config)
    optimiser = torch.optim.Adam([learner.entity, learner.relation], lr=config.learning_rate)
    watched = valid.take(np.arange(min(len(valid), MOST_LOOKED_AT))) if valid is not None else None
    best, kept, stale = -1.0, None, 0
    for step in range(1, config.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * (1.0 - 0.9 * step / config.steps)
        optimiser.zero_grad()
        learner.loss(random).backward()
        optimiser.step()
        if step % LOOK_EVERY and step < config.steps:
            continue
        mrr = measure(learner.embedding(), watched, known).mrr if watched else float("nan")
        on_look(step, config.steps, mrr)
        if watched:
            stale = 0 if mrr > best else stale + 1
            if mrr > best:
                best, kept = mrr, learner.embedding()
            if stale >= config.patience:
                break
    return kept or learner.embedding()


class _Learner:
    """The vectors, and the loss on facts drawn at random."""

    def __init__(self, known: Triples, config: EmbeddingConfig) -> None:
        import torch

        self._known, self._config, self._scorer = known, config, SCORERS[config.scorer]
        generator = torch.Generator().manual_seed(config.seed)
        shapes = (len(known.entities), config.dim), (len(known.relations), config.dim)
        entity, relation = (0.3 * torch.randn(shape, generator=generator) for shape in shapes)
        if config.scorer is ScorerKind.ROTATE:
            relation = relation * (np.pi / 0.3)
        elif config.scorer is ScorerKind.DISTMULT:
            relation = 1.0 + relation
        self.entity, self.relation = torch.nn.Parameter(entity), torch.nn.Parameter(relation)

    def embedding(self) -> Embedding:
        """The vectors as they are now."""
        entity, relation = (np.array(p.detach().numpy(), np.float32) for p in (self.entity, self.relation))
        return Embedding(self._config.scorer, self._known.entities, self._known.relations, entity, relation)

    def loss(self, random: np.random.Generator) -> Any:
        """Mean over the facts of a step."""
        import torch

        total: Any = 0.0
        facts = 0
        for relation, rows in self._batch(random):
            facts += len(rows)
            head, tail = (self.entity[torch.from_numpy(rows[:, place])] for place in (0, 2))
            by = self.relation[[relation]]
            total = total + self._against(
                self._scorer.moved(torch, head, by), tail, self._tails(relation, rows, random)
            )
            total = total + self._against(
                self._scorer.moved_back(torch, tail, by), head, self._heads(relation, rows, random)
            )
            if self._config.scorer is ScorerKind.DISTMULT:
                # Products of vectors grow without end; distances do not, as both ends have to meet.
                total = total + self._config.decay * ((head**2).sum() + (tail**2).sum())
        return total / facts

    def _against(self, moved: Any, right: Any, wrong: tuple[Ints, NDArray[np.bool_]]) -> Any:
        import torch

        pool, known = wrong
        first = self._scorer.compared(torch, moved, right)[:, None]
        rest = self._scorer.table(torch, moved, self.entity[torch.from_numpy(pool)])
        rest = rest.masked_fill(torch.from_numpy(known), float("-inf"))
        return (torch.logsumexp(torch.cat([first, rest], 1), 1) - first[:, 0]).sum()

    def _batch(self, random: np.random.Generator) -> Iterator[tuple[int, Ints]]:
        rows = self._known.rows
        if len(rows) > self._config.batch:
            rows = rows[random.integers(0, len(rows), self._config.batch)]
        for relation in np.unique(rows[:, 1]).tolist():
            yield relation, rows[rows[:, 1] == relation]

    def _tails(
        self, relation: int, rows: Ints, random: np.random.Generator
    ) -> tuple[Ints, NDArray[np.bool_]]:
        pool = self._some(self._known.tails[relation], random)
        return pool, self._known.has(rows[:, [0]], rows[:, [1]], pool[None])

    def _heads(
        self, relation: int, rows: Ints, random: np.random.Generator
    ) -> tuple[Ints, NDArray[np.bool_]]:
        pool = self._some(self._known.heads[relation], random)
        return pool, self._known.has(pool[None], rows[:, [1]], rows[:, [2]])

    def _some(self, pool: Ints, random: np.random.Generator) -> Ints:
        if len(pool) <= self._config.negatives:
            return pool
        return random.choice(pool, self._config.negatives, replace=False)
