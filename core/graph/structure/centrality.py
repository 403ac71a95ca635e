"""How central each node is: by facts, by PageRank, by the shortest paths that lead over it."""

from __future__ import annotations

from dataclasses import dataclass

import igraph
import numpy as np

from core.graph.structure.network import Floats, Ints, Network

EXACT = 2_000
SAMPLES = 48
_SEED = 7


@dataclass(frozen=True, eq=False)
class Centrality:
    """(N,) each, in the order of the network's nodes.

    ``pagerank`` sums to 1 (Brin and Page 1998, damping 0.85, weighted, undirected). ``betweenness`` is the share in
    [0, 1] of all pairs whose shortest paths lead over the node; estimated from ``pivots`` nodes (Brandes and Pich 2007)
    where the network has more than ``EXACT``, and exact where ``pivots`` is 0.
    """

    degree: Ints
    pagerank: Floats
    betweenness: Floats
    pivots: int


def centrality(net: Network) -> Centrality:
    """The centralities of a network; equal networks have equal ones."""
    if not net.size:
        return Centrality(net.degree, np.zeros(0), np.zeros(0), 0)
    graph = igraph.Graph(n=net.size, edges=np.column_stack((net.subject, net.object)))
    rank = np.array(graph.pagerank(directed=False, weights=net.weight.tolist()))
    pivots = SAMPLES if net.size > EXACT else 0
    pairs = max((net.size - 1) * (net.size - 2) / 2, 1.0)
    if not pivots:
        return Centrality(net.degree, rank, np.array(graph.betweenness(directed=False)) / pairs, 0)
    chosen = np.random.default_rng(_SEED).choice(net.size, pivots, replace=False)
    found = np.array(graph.betweenness(directed=False, sources=np.sort(chosen).tolist()))
    return Centrality(net.degree, rank, np.minimum(found * net.size / pivots / pairs, 1.0), pivots)
