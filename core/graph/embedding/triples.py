"""Facts as rows of numbers, and their division into what is learned and what is held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Triples:
    """Facts as int64[n, 3] of head, relation and tail, indices into ``entities`` and ``relations`` (both sorted).

    ``facts`` are the ids of the facts, in the order of the rows.
    """

    entities: tuple[str, ...]
    relations: tuple[str, ...]
    rows: Ints
    facts: tuple[str, ...]

    @staticmethod
    def of(facts: Iterable[Fact]) -> Triples:
        """From facts, in an order that depends on them alone."""
        known = sorted(facts, key=lambda fact: fact.id)
        entities = tuple(sorted({node for fact in known for node in (fact.subject, fact.object)}))
        relations = tuple(sorted({fact.relation for fact in known}))
        entity = {name: place for place, name in enumerate(entities)}
        relation = {name: place for place, name in enumerate(relations)}
        rows = np.array(
            [(entity[f.subject], relation[f.relation], entity[f.object]) for f in known], np.int64
        ).reshape(-1, 3)
        return Triples(entities, relations, rows, tuple(fact.id for fact in known))

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, places: Ints) -> Triples:
        """Some of the rows; the names stay."""
        return Triples(
            self.entities, self.relations, self.rows[places], tuple(self.facts[place] for place in places)
        )

    @cached_property
    def tails(self) -> tuple[Ints, ...]:
        """For each relation the tails it has anywhere, ascending: what its value can be."""
        return tuple(np.unique(self.rows[self.rows[:, 1] == r, 2]) for r in range(len(self.relations)))

    @cached_property
    def heads(self) -> tuple[Ints, ...]:
        """For each relation the heads it has anywhere, ascending."""
        return tuple(np.unique(self.rows[self.rows[:, 1] == r, 0]) for r in range(len(self.relations)))

    @cached_property
    def keys(self) -> Ints:
        """The rows as sorted numbers, for ``has``."""
        return np.sort(self.key(self.rows[:, 0], self.rows[:, 1], self.rows[:, 2]))

    def key(self, head: Ints, relation: Ints, tail: Ints) -> Ints:
        """One number for each (head, relation, tail); arguments broadcast."""
        made: Ints = (head * len(self.relations) + relation) * len(self.entities) + tail
        return made

    def has(self, head: Ints, relation: Ints, tail: Ints) -> NDArray[np.bool_]:
        """Whether each of them is among the rows; arguments broadcast."""
        wanted = self.key(head, relation, tail)
        if not len(self.keys):
            return np.zeros(wanted.shape, bool)
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found: NDArray[np.bool_] = self.keys[place] == wanted
        return found


@dataclass(frozen=True, eq=False)
class Parts:
    """What is trained on, what is stopped and calibrated on, and what is measured on; ``all`` is their union."""

    all: Triples
    train: Triples
    valid: Triples
    test: Triples


def divided(triples: Triples, valid: float = 0.1, test: float = 0.1, seed: int = 0) -> Parts:
    """Hold out shares of the facts at random, but no product's last fact and no value's last fact of a relation: of
    what is in no trained fact nothing can be expected."""
    order = np.random.default_rng(seed).permutation(len(triples))
    at_head = Counter(triples.rows[:, 0].tolist())
    at_value = Counter(map(tuple, triples.rows[:, 1:].tolist()))
    wanted = int((valid + test) * len(triples))
    out: list[int] = []
    for place in order.tolist():
        if len(out) == wanted:
            break
        head, relation, tail = triples.rows[place].tolist()
        if at_head[head] > 1 and at_value[(relation, tail)] > 1:
            at_head[head] -= 1
            at_value[(relation, tail)] -= 1
            out.append(place)
    cut = round(len(out) * valid / (valid + test)) if out else 0
    held = np.array(out, np.int64)
    kept = np.setdiff1d(np.arange(len(triples)), held)
    return Parts(triples, triples.take(kept), triples.take(held[:cut]), triples.take(held[cut:]))
