"""How two nodes hang together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

import networkx as nx

from core.domain import Fact
from core.graph.model import Graph
from core.graph.query import ANYTHING, Filters, View, facts_between, require


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of facts; ``facts[i]`` links ``nodes[i]`` and ``nodes[i + 1]``, in either direction."""

    nodes: tuple[str, ...]
    facts: tuple[Fact, ...]


def paths(
    graph: Graph,
    start: str,
    end: str,
    k: int = 3,
    *,
    filters: Filters = ANYTHING,
    avoid_hubs: bool = False,
    longest: int = 8,
) -> list[Path]:
    """At most ``k`` shortest paths without loops (Yen 1971), the shortest first; [] where the two do not hang together.

    With ``avoid_hubs`` a step costs ``1 + ln(degree)`` of the node it enters, so that two products are linked by what
    few share rather than by "black". Paths of more than ``longest`` facts are not given. Raises GraphError for a node
    that is not in the graph.
    """
    source, target = require(graph, start), require(graph, end)
    if source == target:
        return [Path((source,), ())]
    network = as_networkx(graph, filters)
    if source not in network or target not in network:
        return []
    weight = _hub_cost(graph) if avoid_hubs else None
    try:
        found = list(islice(nx.shortest_simple_paths(network, source, target, weight=weight), k))
    except nx.NetworkXNoPath:
        return []
    return [
        Path(tuple(nodes), tuple(network.edges[pair]["fact"] for pair in pairwise(nodes)))
        for nodes in found
        if len(nodes) <= longest + 1
    ]


def path_view(graph: Graph, found: list[Path]) -> View:
    """The nodes of some paths with all facts between neighbours on them."""
    nodes = dict.fromkeys(node for path in found for node in path.nodes)
    steps = {frozenset(pair) for path in found for pair in pairwise(path.nodes)}
    facts = [f for f in facts_between(graph, nodes) if frozenset((f.subject, f.object)) in steps]
    return View(tuple(graph.nodes[n] for n in nodes), tuple(facts), found[0].nodes[0] if found else "")


@lru_cache(maxsize=4)
def as_networkx(graph: Graph, filters: Filters = ANYTHING) -> Any:
    """An undirected ``networkx.Graph``; of several facts between two nodes the surest stands, as attribute ``fact``."""
    network = nx.Graph()
    for fact in sorted(graph.facts.values(), key=lambda f: (f.confidence, f.id)):
        if filters.passes(graph, fact):
            network.add_edge(fact.subject, fact.object, fact=fact)
    return network


def _hub_cost(graph: Graph) -> Any:
    def cost(_source: str, target: str, _data: Any) -> float:
        return 1.0 + math.log(max(graph.degree(target), 1))

    return cost
