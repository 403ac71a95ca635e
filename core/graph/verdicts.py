"""The verdicts on all subjects together: facts, links, standings and contradictions, and what they add to the hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from core.domain import Fact, Standing
from core.graph.adjacency import Links
from core.graph.canonical import MODULUS
from core.graph.subject import Subject

NOTHING = Subject()


class Change(NamedTuple):
    """What the graph said of a subject, and says now."""

    root: str
    old: Subject
    new: Subject


class Verdicts:
    """What a graph says of its subjects. ``sum`` is that of their digests, modulo 2**256; ``derived`` counts by rule
    the ways in which facts follow."""

    def __init__(self) -> None:
        self.subjects: dict[str, Subject] = {}
        self.facts: dict[str, Fact] = {}
        self.links = Links()
        self.standing: dict[str, Standing] = {}
        self.reasons: dict[str, str] = {}
        self.weighed: dict[str, float] = {}
        self.conflicts: dict[tuple[str, str], tuple[str, ...]] = {}
        self.counts: Counter[Standing] = Counter()
        self.derived: Counter[str] = Counter()
        self.sum = 0
        self._digests: dict[str, int] = {}

    def follow(self, changes: Sequence[Change]) -> None:
        """Put new verdicts in place of old ones."""
        # A merge moves assertions from one subject to another, so all leave before any comes.
        for root, old, _new in changes:
            if old.standing:
                self._leave(root, old)
        for root, _old, new in changes:
            if new.standing:
                self._enter(root, new)

    def _leave(self, root: str, old: Subject) -> None:
        del self.subjects[root]
        self.sum = (self.sum - self._digests.pop(root)) % MODULUS
        self._count(old, -1)
        for fact in old.facts:
            del self.facts[fact.id]
        self.links.leave(root, old.facts)
        for assertion in old.standing:
            del self.standing[assertion]
            self.reasons.pop(assertion, None)
            self.weighed.pop(assertion, None)
        for relation in old.conflicts:
            del self.conflicts[(root, relation)]

    def _enter(self, root: str, new: Subject) -> None:
        self.subjects[root] = new
        self._digests[root] = new.digest()
        self.sum = (self.sum + self._digests[root]) % MODULUS
        self._count(new, 1)
        self.facts.update((fact.id, fact) for fact in new.facts)
        self.links.enter(root, new.facts)
        self.standing.update(new.standing)
        self.reasons.update(new.reasons)
        self.weighed.update(new.weighed)
        self.conflicts.update(((root, relation), facts) for relation, facts in new.conflicts.items())

    def _count(self, subject: Subject, sign: int) -> None:
        for standing in subject.standing.values():
            self.counts[standing] += sign
        for fact in subject.facts:
            for way in fact.derivations:
                self.derived[way.rule] += sign
