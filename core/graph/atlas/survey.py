"""A survey of a version of the graph: its map, its structure, and what nodes can be coloured by.

Made once for a version, in seconds for a hundred thousand facts and about a minute for a million, and kept in a file
(``survey_file``), so that whoever looks at the whole graph need not walk it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.graph.atlas.atlas import Atlas, atlas
from core.graph.atlas.marks import Marks, marks
from core.graph.model import Graph
from core.graph.structure.centrality import Centrality, centrality
from core.graph.structure.motifs import Motifs, motifs
from core.graph.structure.network import Floats, Ints, Network, network
from core.graph.structure.traits import Trait, traits
from core.graph.support import Arrival

Traits = tuple[tuple[Trait, ...], ...]
Tell = Callable[[int, int, str], None]
PARTS = ("network", "atlas", "traits", "marks", "centrality", "motifs")
"""What a survey is made of, in order; the names that progress is told by."""


@dataclass(frozen=True, eq=False)
class Survey:
    """A survey of the version with this ``hash``, at position ``seq`` of the log.

    Nodes are in the order of ``atlas.ids``; ``subject`` and ``object`` (M,) are the ends of the facts, ``relation``
    (M,) positions in ``relations``. ``ties`` (C, C) are the weights of the facts between communities, ``traits`` and
    ``part_traits`` what is telling of each community and part; ``times`` has when each step of the growth was (epoch
    seconds, 0 where nobody knows).
    """

    hash: str
    seq: int
    atlas: Atlas
    marks: Marks
    subject: Ints
    object: Ints
    relation: Ints
    relations: tuple[str, ...]
    ties: Floats
    traits: Traits
    part_traits: Traits
    centrality: Centrality
    motifs: Motifs
    times: tuple[float, ...] = ()

    @cached_property
    def index(self) -> dict[str, int]:
        """The position of each node on the map."""
        return {node: k for k, node in enumerate(self.atlas.ids)}

    @property
    def degree(self) -> Ints:
        """(N,) the facts at each node."""
        return self.centrality.degree

    def members(self, community: int) -> Ints:
        """The nodes of a community, the most central first (by PageRank)."""
        inside = np.flatnonzero(self.atlas.of == community)
        return np.asarray(inside[np.lexsort((inside, -self.centrality.pagerank[inside]))])

    def links(self, community: int, most: int) -> Ints:
        """The facts within a community, at most so many: those at the least linked ends first, as they tie most."""
        of = self.atlas.of
        inside = np.flatnonzero((of[self.subject] == community) & (of[self.object] == community))
        busy = self.degree[self.object[inside]]
        return np.asarray(inside[np.lexsort((inside, busy))][:most])


def survey(
    graph: Graph,
    arrived: Mapping[str, Arrival],
    before: Survey | None = None,
    times: Callable[[Ints], Mapping[int, float]] | None = None,
    tell: Tell = lambda _done, _of, _what: None,
) -> Survey:
    """Survey a graph. ``before`` is an earlier survey whose places are to be kept; ``times`` gives the epoch times of
    positions of the log; ``tell(done, of, part)`` is called before each of ``PARTS``."""

    def now(part: str) -> None:
        tell(PARTS.index(part), len(PARTS), part)

    now("network")
    net = network(graph)
    now("atlas")
    made = atlas(net, before.atlas if before else None)
    now("traits")
    told, parts_told = traits(net, made.of), traits(net, made.part)
    now("marks")
    marked = marks(graph, net, arrived)
    known = times(marked.until) if times else {}
    now("centrality")
    central = centrality(net)
    now("motifs")
    found = motifs(net)
    return Survey(
        graph.hash,
        graph.seq,
        made,
        marked,
        net.subject,
        net.object,
        net.relation,
        net.relations,
        _ties(net, made),
        told,
        parts_told,
        central,
        found,
        tuple(known.get(int(seq), 0.0) for seq in marked.until),
    )


def _ties(net: Network, made: Atlas) -> Floats:
    count, of = len(made.at), made.of
    pairs = of[net.subject].astype(np.int64) * count + of[net.object]
    found = np.bincount(pairs, net.weight, count * count).reshape(count, count)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found + found.T)
