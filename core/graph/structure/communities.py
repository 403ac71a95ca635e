"""Communities: parts of the graph that hang together more than they do with the rest, on two levels.

Leiden (Traag, Waltman and van Eck, From Louvain to Leiden, 2019) by modularity, with a fixed seed; what it leaves
small is joined to the community it is tied to most, so that a map has a few dozen of them whatever the graph's size.
"""

from __future__ import annotations

from dataclasses import dataclass

import igraph
import numpy as np

from core.graph.seeded import seeded
from core.graph.structure.network import Floats, Ints, Network

MOST = 36
MOST_PARTS = 9
_SMALLEST = 0.004
_SMALLEST_PART = 0.03
_ROUNDS = 4


@dataclass(frozen=True, eq=False)
class Communities:
    """``of`` (N,) is the community of each node, ``part`` (N,) its part of that community; both count from 0, the
    largest first. ``scattered`` is the community that gathers what hangs together with none, -1 where there is none.
    ``modularity`` is that of the first level, weighted (Newman and Girvan 2004), in [-0.5, 1].
    """

    of: Ints
    part: Ints
    modularity: float
    scattered: int = -1

    @property
    def count(self) -> int:
        """How many communities there are."""
        return int(self.of.max()) + 1 if len(self.of) else 0

    def sizes(self) -> Ints:
        """(count,) the nodes of each community."""
        return np.bincount(self.of, minlength=self.count).astype(np.int32)


def communities(net: Network) -> Communities:
    """The communities of a network; equal networks have equal ones, and none has more than ``MOST`` and the rest."""
    if not net.size:
        return Communities(np.zeros(0, np.int32), np.zeros(0, np.int32), 0.0)
    pairs = np.column_stack((net.subject, net.object))
    found = _leiden(net.size, pairs, net.weight)
    of, scattered = _tidy(found, pairs, net.weight, MOST, max(4, int(net.size * _SMALLEST)))
    return Communities(of, _parts(of, pairs, net.weight), modularity(net, of), scattered)


def modularity(net: Network, of: Ints) -> float:
    """The weighted modularity of a division of the nodes, in [-0.5, 1]; 0 for a network without facts."""
    total = float(net.weight.sum())
    if not total:
        return 0.0
    count = int(of.max()) + 1
    inside = of[net.subject] == of[net.object]
    ends = np.bincount(of[net.subject], net.weight, count) + np.bincount(of[net.object], net.weight, count)
    return float(net.weight[inside].sum() / total - ((ends / (2 * total)) ** 2).sum())


def _parts(of: Ints, pairs: Ints, weights: Floats) -> Ints:
    """The parts of each community, found in it alone."""
    part = np.zeros(len(of), dtype=np.int32)
    inside = np.flatnonzero(of[pairs[:, 0]] == of[pairs[:, 1]])
    groups = of[pairs[inside, 0]]
    inside = inside[np.argsort(groups, kind="stable")]
    bounds = np.searchsorted(np.sort(groups), np.arange(of.max() + 2))
    place = np.zeros(len(of), dtype=np.int32)
    for community in range(int(of.max()) + 1):
        members = np.flatnonzero(of == community)
        if len(members) < 12:
            continue
        place[members] = np.arange(len(members))
        own = inside[bounds[community] : bounds[community + 1]]
        local = place[pairs[own]]
        found = _leiden(len(members), local, weights[own])
        part[members], _rest = _tidy(
            found, local, weights[own], MOST_PARTS, max(4, int(len(members) * _SMALLEST_PART))
        )
    return part


def _leiden(count: int, pairs: Ints, weights: Floats) -> Ints:
    if not len(pairs):
        return np.arange(count, dtype=np.int32)
    graph = igraph.Graph(n=count, edges=pairs)
    with seeded():
        found = graph.community_leiden(
            objective_function="modularity", weights=weights.tolist(), n_iterations=_ROUNDS
        )
    return np.array(found.membership, dtype=np.int32)


def _tidy(found: Ints, pairs: Ints, weights: Floats, most: int, smallest: int) -> tuple[Ints, int]:
    """At most ``most`` groups of at least ``smallest`` nodes, numbered by size, and one for what is tied to none
    of them (its number comes second, -1 where nothing is left over)."""
    sizes = np.bincount(found)
    order = np.lexsort((_first(found, len(sizes)), -sizes))
    kept = order[: max(1, min(most, int((sizes >= smallest).sum())))]
    new: Ints = np.full(len(sizes), -1, dtype=np.int32)
    new[kept] = np.arange(len(kept))
    a, b = found[pairs[:, 0]], found[pairs[:, 1]]
    while True:
        homeless = np.concatenate((a[(new[a] < 0) & (new[b] >= 0)], b[(new[b] < 0) & (new[a] >= 0)]))
        homes = np.concatenate((new[b[(new[a] < 0) & (new[b] >= 0)]], new[a[(new[b] < 0) & (new[a] >= 0)]]))
        if not len(homeless):
            break
        ties = np.concatenate((weights[(new[a] < 0) & (new[b] >= 0)], weights[(new[b] < 0) & (new[a] >= 0)]))
        new = _joined(new, homeless, homes, ties, len(kept))
    left = new < 0
    new[left] = len(kept)
    result = new[found].astype(np.int32)
    return _by_size(result, len(kept) if left.any() else -1)


def _joined(new: Ints, homeless: Ints, homes: Ints, ties: Floats, count: int) -> Ints:
    """Each homeless group in the home it is tied to most, the first of equals."""
    keys, inverse = np.unique(homeless.astype(np.int64) * count + homes, return_inverse=True)
    sums = np.bincount(inverse, ties)
    order = np.lexsort((keys % count, -sums, keys // count))
    groups, first = np.unique(keys[order] // count, return_index=True)
    new = new.copy()
    new[groups] = (keys[order] % count)[first]
    return new


def _by_size(of: Ints, last: int) -> tuple[Ints, int]:
    """Numbered anew by size, with ``last`` behind all others."""
    sizes = np.bincount(of)
    rank = -sizes.astype(np.int64)
    if last >= 0:
        rank[last] = 1
    order = np.lexsort((_first(of, len(sizes)), rank))
    number = np.empty(len(sizes), dtype=np.int32)
    number[order] = np.arange(len(sizes))
    return number[of], int(number[last]) if last >= 0 else -1


def _first(of: Ints, count: int) -> Ints:
    """The first node of each group."""
    first = np.full(count, len(of), dtype=np.int32)
    np.minimum.at(first, of, np.arange(len(of), dtype=np.int32))
    return first
