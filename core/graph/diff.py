"""What is different between two versions of a graph, as facts and nodes that came, went or changed.

A difference runs in both directions: ``diff(a, b).inverse()`` is ``diff(b, a)``, and what it names is all there is, so
that ``a`` with the difference applied has the nodes and facts of ``b``, and contradictions about the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.domain import Fact, Node
from core.graph.model import Graph

_Item = TypeVar("_Item", Fact, Node)
_Conflict = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change(Generic[_Item]):
    """A fact or node that is in both versions, but not alike."""

    before: _Item
    after: _Item


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """All that is different in ``new``; each tuple is ordered by id.

    A fact ``changed`` by its supports, its confidence or what it follows from, a node by its label or its aliases.
    ``contradicted`` are the (subject, relation) whose values contradict each other now and did not before, ``settled``
    those that no longer do.
    """

    old_hash: str
    new_hash: str
    old_seq: int
    new_seq: int
    added: tuple[Fact, ...] = ()
    gone: tuple[Fact, ...] = ()
    changed: tuple[Change[Fact], ...] = ()
    nodes_added: tuple[Node, ...] = ()
    nodes_gone: tuple[Node, ...] = ()
    nodes_changed: tuple[Change[Node], ...] = ()
    contradicted: tuple[_Conflict, ...] = ()
    settled: tuple[_Conflict, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference at all in what the graph says."""
        return bool(
            self.added
            or self.gone
            or self.changed
            or self.nodes_added
            or self.nodes_gone
            or self.nodes_changed
            or self.contradicted
            or self.settled
        )

    def inverse(self) -> GraphDiff:
        """The difference the other way round."""
        return GraphDiff(
            self.new_hash,
            self.old_hash,
            self.new_seq,
            self.old_seq,
            self.gone,
            self.added,
            tuple(Change(c.after, c.before) for c in self.changed),
            self.nodes_gone,
            self.nodes_added,
            tuple(Change(c.after, c.before) for c in self.nodes_changed),
            self.settled,
            self.contradicted,
        )

    def assertion_ids(self) -> frozenset[str]:
        """The assertions behind every fact that is named, in either version."""
        facts = (*self.added, *self.gone, *(f for c in self.changed for f in (c.before, c.after)))
        return frozenset(support for fact in facts for support in fact.supports)


@dataclass(frozen=True, slots=True)
class SourceDiff:
    """How many facts a source has part in, of those added, gone and changed."""

    added: int = 0
    gone: int = 0
    changed: int = 0


def diff(old: Graph, new: Graph) -> GraphDiff:
    """What is different in ``new``; in time proportional to the facts of both, a second or two for a million."""
    if old.hash == new.hash and old.conflicts == new.conflicts:
        return GraphDiff(old.hash, new.hash, old.seq, new.seq)
    facts_gone, facts_added = _apart(old.facts, new.facts)
    nodes_gone, nodes_added = _apart(old.nodes, new.nodes)
    return GraphDiff(
        old.hash,
        new.hash,
        old.seq,
        new.seq,
        facts_added,
        facts_gone,
        _changed(old.facts, new.facts, _fact_differs),
        nodes_added,
        nodes_gone,
        _changed(old.nodes, new.nodes, _node_differs),
        tuple(sorted(new.conflicts.keys() - old.conflicts.keys())),
        tuple(sorted(old.conflicts.keys() - new.conflicts.keys())),
    )


def by_source(difference: GraphDiff, source_of: Mapping[str, str]) -> dict[str, SourceDiff]:
    """How much of the difference is due to each source, the largest part first.

    ``source_of`` maps assertion ids to source ids; those it does not know count under "". A fact with supports of
    several sources counts for each, and a changed one for those whose supports came or went (for all of its sources
    where only its confidence changed); one that follows by a rule, for the sources of what it follows from.
    """
    counts: dict[str, list[int]] = {}

    def count(fact: Fact, kind: int, supports: Iterable[str] = ()) -> None:
        said = {source_of.get(support, "") for support in supports or fact.supports}
        for source in said or fact.sources or ("",):
            counts.setdefault(source, [0, 0, 0])[kind] += 1

    for fact in difference.added:
        count(fact, 0)
    for fact in difference.gone:
        count(fact, 1)
    for change in difference.changed:
        moved = set(change.before.supports) ^ set(change.after.supports)
        count(change.after, 2, moved)
    order = sorted(counts, key=lambda source: (-sum(counts[source]), source))
    return {source: SourceDiff(*counts[source]) for source in order}


def _apart(old: Mapping[str, _Item], new: Mapping[str, _Item]) -> tuple[tuple[_Item, ...], tuple[_Item, ...]]:
    """What is in one of the two alone."""
    return (
        tuple(old[i] for i in sorted(old.keys() - new.keys())),
        tuple(new[i] for i in sorted(new.keys() - old.keys())),
    )


def _changed(
    old: Mapping[str, _Item], new: Mapping[str, _Item], differs: Callable[[_Item, _Item], bool]
) -> tuple[Change[_Item], ...]:
    """What is in both, but not alike."""
    found = [
        Change(before, after)
        for i, before in old.items()
        if (after := new.get(i)) is not None and after is not before and differs(before, after)
    ]
    return tuple(sorted(found, key=lambda change: change.after.id))


def _fact_differs(a: Fact, b: Fact) -> bool:
    """Whether anything but what is in the id differs: how sure it is, what supports it, what it follows from."""
    return a != b


def _node_differs(a: Node, b: Node) -> bool:
    return a.label != b.label or a.aliases != b.aliases or a.type != b.type
