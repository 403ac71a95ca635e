"""A place for every node of a graph: parts of communities are discs filled like a sunflower, packed into communities,
and these into the map.

The same graph gets the same map. Made from an earlier map, it moves little: a node that was there keeps its community
and its seed, new nodes join the community they are tied to most and take free seeds, and circles are pushed apart only
where they have outgrown the room that was left for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.graph.atlas.circles import Points, aligned, apart, packed, sunflower
from core.graph.structure.communities import Communities, communities, modularity
from core.graph.structure.network import Floats, Ints, Network

ROOM = 1.25
"""How many seeds a disc has room for, in multiples of those it was made with."""
KNOWN = 0.8
"""The share of nodes that must have been on an earlier map for it to be carried on rather than made anew."""
PART_GAP = 0.8
GAP = 2.4
WIDTH = 1.5
"""How much wider than high the map is, as screens are."""


@dataclass(frozen=True, eq=False)
class Atlas:
    """N nodes of a graph, in the order of ``ids``; seeds lie about 1.8 units apart.

    ``part`` (N,) is the part each node lies in, counted over the whole map; ``slot`` (N,) its seed. The P parts have
    ``part_of`` (P,) their community, ``part_at`` (P, 2) their centre and ``part_radius`` (P,); the C communities
    ``at`` (C, 2) and ``radius`` (C,). ``scattered`` is the community of what hangs together with none, or -1.
    """

    ids: tuple[str, ...]
    part: Ints
    slot: Ints
    part_of: Ints
    part_at: Points
    part_radius: Floats
    at: Points
    radius: Floats
    modularity: float
    scattered: int = -1

    @property
    def of(self) -> Ints:
        """(N,) the community of each node."""
        return self.part_of[self.part]

    def places(self) -> Points:
        """(N, 2) where each node lies."""
        return self.part_at[self.part] + sunflower(self.slot)


def atlas(net: Network, before: Atlas | None = None) -> Atlas:
    """The map of a network, carrying on an earlier one where that has most of its nodes."""
    if before is not None and net.size:
        known = sum(node in net.index for node in before.ids)
        if known >= KNOWN * max(net.size, len(before.ids)):
            return _carried_on(net, before)
    made = _fresh(net, communities(net))
    return _turned(made, before) if before is not None else made


def _fresh(net: Network, found: Communities) -> Atlas:
    keys, part = np.unique(found.of.astype(np.int64) * 64 + found.part, return_inverse=True)
    part_of = (keys // 64).astype(np.int32)
    slot = _ranked(part, net.degree)
    radius = _disc(np.bincount(part, minlength=len(keys)) * ROOM)
    ties = _ties(net, part, len(keys))
    part_at = np.zeros((len(keys), 2))
    for community in range(found.count):
        inside = np.flatnonzero(part_of == community)
        part_at[inside] = packed(radius[inside], ties[np.ix_(inside, inside)], PART_GAP)
    reach = _reach(part_of, part_at, radius, np.zeros((found.count, 2)))
    at = packed(reach, _ties(net, found.of, found.count), GAP, WIDTH)
    return Atlas(
        net.ids,
        part.astype(np.int32),
        slot,
        part_of,
        part_at + at[part_of],
        radius,
        at,
        reach,
        found.modularity,
        found.scattered,
    )


def _carried_on(net: Network, before: Atlas) -> Atlas:
    old = {node: k for k, node in enumerate(before.ids)}
    source = np.array([old.get(node, -1) for node in net.ids], dtype=np.int64)
    part = np.where(source >= 0, before.part[source], -1)
    slot = np.where(source >= 0, before.slot[source], -1)
    count = len(before.part_of)
    for _wave in range(8):
        if not (part < 0).any():
            break
        part = _joined(net, part, count)
    homeless = part < 0
    part[homeless] = _smallest(before, count)
    slot = _seeded(part, slot, net.degree, count)
    radius = np.maximum(before.part_radius, _disc(_highest(part, slot, count)))
    inside = before.part_at - before.at[before.part_of]
    for community in np.unique(before.part_of[radius > before.part_radius]):
        own = np.flatnonzero(before.part_of == community)
        inside[own] = apart(inside[own], radius[own], PART_GAP)
    reach = np.maximum(before.radius, _reach(before.part_of, inside, radius, np.zeros_like(before.at)))
    at = apart(before.at, reach, GAP)
    of = before.part_of[part]
    return Atlas(
        net.ids,
        part.astype(np.int32),
        slot.astype(np.int32),
        before.part_of,
        inside + at[before.part_of],
        radius,
        at,
        reach,
        modularity(net, of),
        before.scattered,
    )


def _joined(net: Network, part: Ints, count: int) -> Ints:
    """Each node without a part in the part it is tied to most, as far as it is tied to any."""
    votes = []
    for a, b in ((net.subject, net.object), (net.object, net.subject)):
        open_end = (part[a] < 0) & (part[b] >= 0)
        votes.append((a[open_end].astype(np.int64) * count + part[b[open_end]], net.weight[open_end]))
    keys, inverse = np.unique(np.concatenate([key for key, _ in votes]), return_inverse=True)
    if not len(keys):
        return part
    sums = np.bincount(inverse, np.concatenate([weight for _, weight in votes]))
    order = np.lexsort((keys % count, -sums, keys // count))
    nodes, first = np.unique(keys[order] // count, return_index=True)
    result = part.copy()
    result[nodes] = (keys[order] % count)[first]
    return result


def _smallest(before: Atlas, count: int) -> int:
    """Where nodes go that are tied to nothing on the map: among the scattered, or the smallest part there is."""
    sizes = np.bincount(before.part, minlength=count)
    allowed = before.part_of == before.scattered if before.scattered >= 0 else np.ones(count, dtype=bool)
    return int(np.flatnonzero(allowed)[np.argmin(sizes[allowed])])


def _ranked(part: Ints, degree: Ints) -> Ints:
    """The seed of each node in its part: the most linked in the middle."""
    order = np.lexsort((np.arange(len(part)), -degree, part))
    starts = np.searchsorted(part[order], np.arange(int(part.max(initial=0)) + 1))
    slot = np.empty(len(part), dtype=np.int32)
    slot[order] = np.arange(len(part)) - starts[part[order]]
    return slot


def _seeded(part: Ints, slot: Ints, degree: Ints, count: int) -> Ints:
    """Free seeds for the nodes that have none, the innermost for the most linked."""
    slot = slot.copy()
    news = np.flatnonzero(slot < 0)
    for p in np.unique(part[news]):
        mine = news[part[news] == p]
        mine = mine[np.lexsort((mine, -degree[mine]))]
        taken = slot[(part == p) & (slot >= 0)]
        free = np.setdiff1d(np.arange(len(taken) + len(mine)), taken)[: len(mine)]
        slot[mine] = free
    return slot


def _highest(part: Ints, slot: Ints, count: int) -> Ints:
    highest = np.zeros(count, dtype=np.int64)
    np.maximum.at(highest, part, slot + 1)
    return highest


def _disc(seeds: NDArray[np.generic]) -> Floats:
    """The radius of a disc with room for so many seeds."""
    return np.asarray(np.sqrt(np.asarray(seeds, dtype=np.float64) + 1.0) + 0.5)


def _reach(part_of: Ints, part_at: Points, radius: Floats, at: Points) -> Floats:
    """(C,) how far the parts of each community reach from its centre."""
    far = np.hypot(*(part_at - at[part_of]).T) + radius
    reach = np.zeros(len(at))
    np.maximum.at(reach, part_of, far)
    return reach + PART_GAP


def _ties(net: Network, of: Ints, count: int) -> NDArray[np.float64]:
    """(count, count) the weights of the facts between groups of nodes, symmetric."""
    pairs = of[net.subject].astype(np.int64) * count + of[net.object]
    found = np.bincount(pairs, net.weight, count * count).reshape(count, count)
    return np.asarray(found + found.T)


def _turned(made: Atlas, before: Atlas) -> Atlas:
    """The map turned or mirrored so that what was on the earlier one lies as near to its place as can be."""
    old = {node: k for k, node in enumerate(before.ids)}
    mine = np.array([k for k, node in enumerate(made.ids) if node in old], dtype=np.int64)
    if len(mine) < 3:
        return made
    theirs = np.array([old[made.ids[k]] for k in mine], dtype=np.int64)
    rotation, middle, to = aligned(made.places()[mine], before.places()[theirs], np.ones(len(mine)))
    at = (made.at - middle) @ rotation + to
    # Discs are turned about their own centres only in that these move: seeds keep the angles of their numbers.
    part_at = (made.part_at - middle) @ rotation + to
    return Atlas(
        made.ids,
        made.part,
        made.slot,
        made.part_of,
        part_at,
        made.part_radius,
        at,
        made.radius,
        made.modularity,
        made.scattered,
    )
