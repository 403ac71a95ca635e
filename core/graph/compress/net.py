"""The graph that is compressed: nodes and facts, nothing of how they came about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.domain import Fact, Node
from core.graph.model import Graph
from core.graph.query import View

META = "meta:"
"""The prefix of nodes that stand for several values."""
META_TYPE = "Meta"
GROUPS = "hasGroup"
"""The relation of a product to such a node."""


@dataclass(frozen=True)
class Net:
    """Nodes by id and facts by id; equal nets have equal nodes and facts, in whatever order."""

    nodes: Mapping[str, Node]
    facts: Mapping[str, Fact]

    def view(self) -> View:
        """For the writers of ``core.graph.export``, in a fixed order."""
        return View(
            tuple(self.nodes[i] for i in sorted(self.nodes)), tuple(self.facts[i] for i in sorted(self.facts))
        )

    def patched(self, removed: Patch, added: Patch) -> Net:
        """Without ``removed``, with ``added``."""
        gone, dropped = removed.node_ids, removed.fact_ids
        nodes = {i: node for i, node in self.nodes.items() if i not in gone}
        facts = {i: fact for i, fact in self.facts.items() if i not in dropped}
        return Net(
            nodes | {node.id: node for node in added.nodes}, facts | {fact.id: fact for fact in added.facts}
        )


@dataclass(frozen=True)
class Patch:
    """Nodes and facts that are put in or taken out together, each in the order of its ids."""

    nodes: tuple[Node, ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def node_ids(self) -> frozenset[str]:
        """The ids of its nodes."""
        return frozenset(node.id for node in self.nodes)

    @property
    def fact_ids(self) -> frozenset[str]:
        """The ids of its facts."""
        return frozenset(fact.id for fact in self.facts)


NOTHING = Patch()


def patch(nodes: Iterable[Node] = (), facts: Iterable[Fact] = ()) -> Patch:
    """A patch in its order."""
    return Patch(
        tuple(sorted(nodes, key=lambda node: node.id)), tuple(sorted(facts, key=lambda fact: fact.id))
    )


def net_of(graph: Graph) -> Net:
    """The nodes and facts of a version of the graph."""
    return Net(dict(graph.nodes), dict(graph.facts))


def without(net: Net, facts: Iterable[Fact]) -> Patch:
    """These facts, with the nodes that no other fact names: what goes when the facts go."""
    gone = {fact.id: fact for fact in facts}
    named = {n for i, f in net.facts.items() if i not in gone for n in (f.subject, f.object)}
    touched = {n for fact in gone.values() for n in (fact.subject, fact.object)}
    # Products stay: what has lost its facts can still be bought.
    lost = [n for n in touched - named if not n.startswith("product:") and n in net.nodes]
    return patch((net.nodes[n] for n in lost), gone.values())
