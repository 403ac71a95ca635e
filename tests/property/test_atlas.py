"""The map of a whole graph: equal graphs get equal maps, a graph that grows keeps its places, nothing overlaps."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.domain import Fact, Ledger, Node, content_hash
from core.graph.atlas.atlas import GAP, KNOWN, PART_GAP, Atlas, atlas
from core.graph.atlas.circles import aligned, packed, sunflower
from core.graph.model import Graph
from core.graph.structure.communities import MOST, communities, modularity
from core.graph.structure.network import network

Row = tuple[int, str, int]
rows = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["brand", "material", "usedFor", "isSimilarTo"]),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=160,
    unique=True,
)


def graph_of(facts: Sequence[Row]) -> Graph:
    """Products with values; the confidence follows from the fact, so that equal rows give equal graphs."""
    made: dict[str, Fact] = {}
    nodes: dict[str, Node] = {}
    for product, relation, value in facts:
        subject = f"product:{product}"
        target = f"product:{value + 100}" if relation == "isSimilarTo" else f"{relation}:{value}"
        key = content_hash(subject, relation, target)
        made[key] = Fact(key, subject, relation, target, (key,), 0.5 + (product + value) % 5 / 10)
        for node in (subject, target):
            kind = "Product" if node.startswith("product:") else relation.capitalize()
            nodes[node] = Node(node, kind, node)
    hashed = content_hash(*sorted(made))
    return Graph(nodes, made, {}, {}, {}, Ledger(len(made)), hashed)


def where(found: Atlas) -> dict[str, tuple[float, float]]:
    return {node: (float(x), float(y)) for node, (x, y) in zip(found.ids, found.places(), strict=True)}


@settings(max_examples=25, deadline=None)
@given(rows, st.integers(0, 99))
def test_equal_graphs_have_equal_communities_and_maps(facts: list[Row], seed: int) -> None:
    shuffled = random.Random(seed).sample(facts, len(facts))
    a, b = network(graph_of(facts)), network(graph_of(shuffled))
    first, second = communities(a), communities(b)
    assert (first.of.tolist(), first.part.tolist()) == (second.of.tolist(), second.part.tolist())
    assert where(atlas(a)) == where(atlas(b))
    assert first.count <= MOST + 1
    assert -0.5 <= modularity(a, first.of) <= 1.0
    sizes = first.sizes()[: first.scattered if first.scattered >= 0 else None]
    assert (np.diff(sizes) <= 0).all()


@settings(max_examples=25, deadline=None)
@given(rows)
def test_every_node_has_a_place_of_its_own_within_its_community(facts: list[Row]) -> None:
    found = atlas(network(graph_of(facts)))
    places = found.places()
    assert len({(round(float(x), 3), round(float(y), 3)) for x, y in places}) == len(places)
    assert (np.hypot(*(places - found.at[found.of]).T) <= found.radius[found.of]).all()
    apart(found.at, found.radius, GAP)
    for community in range(len(found.at)):
        inside = found.part_of == community
        apart(found.part_at[inside], found.part_radius[inside], PART_GAP)


def apart(at: np.ndarray, radius: np.ndarray, gap: float) -> None:
    """No two circles overlap, and they keep about their gap."""
    for k in range(len(at)):
        others = np.arange(len(at)) != k
        distance = np.hypot(*(at[others] - at[k]).T)
        assert (distance >= radius[others] + radius[k] + gap * 0.5).all()


@settings(max_examples=25, deadline=None)
@given(rows, st.data())
def test_a_graph_that_grows_a_little_moves_little(facts: list[Row], data: st.DataObject) -> None:
    before = atlas(network(graph_of(facts)))
    more = [
        (61 + k, "material", k % 13) for k in range(data.draw(st.integers(1, max(len(before.ids) // 12, 1))))
    ]
    after = atlas(network(graph_of([*facts, *more])), before)
    assume(len(before.ids) >= KNOWN * len(after.ids))
    old, new = where(before), where(after)
    assert set(old) <= set(new)
    width = max(float(np.ptp(before.places(), axis=0).max()), 40.0)
    moved = [np.hypot(new[node][0] - old[node][0], new[node][1] - old[node][1]) for node in old]
    assert float(np.median(moved)) <= 0.05 * width
    kept = dict(zip(after.ids, zip(after.part, after.slot, strict=True), strict=True))
    assert all(
        kept[node] == seed
        for node, seed in zip(before.ids, zip(before.part, before.slot, strict=True), strict=True)
    )


@settings(max_examples=15, deadline=None)
@given(rows)
def test_what_was_added_and_taken_away_again_leaves_the_map_as_it_was(facts: list[Row]) -> None:
    before = atlas(network(graph_of(facts)))
    grown = atlas(network(graph_of([*facts, (70, "material", 0)])), before)
    back = atlas(network(graph_of(facts)), grown)
    assume(len(before.ids) >= KNOWN * len(grown.ids))
    assert back.slot.tolist() == before.slot.tolist()
    assert back.part.tolist() == before.part.tolist()


def test_a_map_made_anew_is_turned_towards_the_earlier_one() -> None:
    points = sunflower(np.arange(40))
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    rotation, middle, to = aligned(points @ turn + 3.0, points, np.ones(40))
    assert np.allclose((points @ turn + 3.0 - middle) @ rotation + to, points)


def test_circles_are_packed_close() -> None:
    radii = np.array([5.0, 3.0, 3.0, 2.0, 1.0, 1.0])
    at = packed(radii, np.zeros((6, 6)), 0.5)
    apart(at, radii, 0.5)
    assert float((np.hypot(*at.T) + radii).max()) < 11
