"""Which facts each node is part of: kept by the fold part by part, put in order when somebody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.domain import Fact

Ids = tuple[str, ...]
HUB = 500
"""Of nodes with so many facts the neighbours are kept once somebody has asked for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Adjacency(Mapping[str, Ids]):
    """Node → ids of its facts, ordered by relation, subject and object.

    ``links`` has the same in no order, ``own`` the facts that a node is the subject of, by relation and object. A hub
    may have as many facts as there are products, so their order is made on demand, and serves every later version of
    the graph in which nothing has changed at that node; so do the other ends of its facts.
    """

    facts: Mapping[str, Fact]
    links: Mapping[str, Ids]
    own: Mapping[str, Ids]
    ordered: dict[str, tuple[Ids, Ids]] = field(default_factory=dict)
    ends: dict[str, tuple[Ids, Ids]] = field(default_factory=dict)

    @staticmethod
    def of(facts: Mapping[str, Fact]) -> Adjacency:
        """The adjacency of these facts, made anew."""
        links = Links()
        by_subject: dict[str, list[Fact]] = {}
        for fact in facts.values():
            by_subject.setdefault(fact.subject, []).append(fact)
        for subject, own in by_subject.items():
            links.enter(subject, sorted(own, key=_order))
        return links.adjacency(facts)

    def __getitem__(self, node_id: str) -> Ids:
        links = self.links[node_id]
        known = self.ordered.get(node_id)
        if known is None or known[0] is not links:
            found = sorted((self.facts[i] for i in links), key=_order)
            known = self.ordered[node_id] = (links, tuple(fact.id for fact in found))
        return known[1]

    def neighbours(self, node_id: str) -> Ids:
        """The nodes one fact away, each as often as there are facts, in no order."""
        links = self.links.get(node_id, ())
        known = self.ends.get(node_id)
        if known is not None and known[0] is links:
            return known[1]
        facts = map(self.facts.__getitem__, links)
        found = tuple([fact.object if fact.subject == node_id else fact.subject for fact in facts])
        if len(found) >= HUB:
            self.ends[node_id] = (links, found)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.links)

    def __len__(self) -> int:
        return len(self.links)


class Links:
    """The links of a running fold: subjects leave and enter, and what was handed out stays as it was."""

    def __init__(self) -> None:
        self._links: dict[str, Ids] = {}
        self._own: dict[str, Ids] = {}
        self._ordered: dict[str, tuple[Ids, Ids]] = {}
        self._ends: dict[str, tuple[Ids, Ids]] = {}
        self._come: dict[str, dict[str, None]] = {}
        self._gone: dict[str, set[str]] = {}

    def leave(self, subject: str, facts: Iterable[Fact]) -> None:
        """Take away the facts of a subject."""
        self._own.pop(subject, None)
        for fact in facts:
            for node in (fact.subject, fact.object):
                self._gone.setdefault(node, set()).add(fact.id)
                self._come.get(node, {}).pop(fact.id, None)

    def enter(self, subject: str, facts: Iterable[Fact]) -> None:
        """Put in the facts of a subject, which had none."""
        own = tuple(facts)
        self._own[subject] = tuple(fact.id for fact in own)
        for fact in own:
            for node in (fact.subject, fact.object):
                self._come.setdefault(node, {})[fact.id] = None

    def adjacency(self, facts: Mapping[str, Fact]) -> Adjacency:
        """What is linked now."""
        self._settle()
        return Adjacency(facts, dict(self._links), dict(self._own), self._ordered, self._ends)

    def _settle(self) -> None:
        """Make each node that was touched anew, once, however many of its facts came or went."""
        for node in self._gone.keys() | self._come.keys():
            gone, come = self._gone.get(node, ()), self._come.get(node, {})
            kept = (i for i in self._links.get(node, ()) if i not in gone)
            links = (*kept, *come)
            if links:
                self._links[node] = links
            else:
                self._links.pop(node, None)
                self._ordered.pop(node, None)
                self._ends.pop(node, None)
        self._gone.clear()
        self._come.clear()


def _order(fact: Fact) -> tuple[str, str, str]:
    return (fact.relation, fact.subject, fact.object)
