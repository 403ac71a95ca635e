"""Finding, looking around, paths, places and files, on a small shop."""

from __future__ import annotations

import io
import json
from itertools import combinations

import networkx as nx
import pandas as pd
import pytest

from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry
from core.errors import GraphError
from core.graph.export import fact_csv, graphml, node_link
from core.graph.fold import fold
from core.graph.layout import chained, layout
from core.graph.model import Graph, Title
from core.graph.paths import path_view, paths
from core.graph.query import Filters, ego, search, starting_node
from core.ontology import Family
from tests.graph_world import READINGS, SHOP, document, read

SHELF = 30


@pytest.fixture(scope="module")
def graph() -> Graph:
    """The small shop."""
    made = [
        read(document(product, SHOP[product][2]), relation, words) for product, relation, words in READINGS
    ]
    return folded(made, {i: Title(title, brand) for i, (title, brand, _) in SHOP.items()})


@pytest.fixture(scope="module")
def shelf() -> Graph:
    """Thirty black products, of which three are for camping, and a pair that shares a scent beside."""
    made: list[Assertion] = []
    for k in range(SHELF):
        made.append(claim(f"p{k:02}", "color", "black"))
        made.append(claim(f"p{k:02}", "material", ("steel", "glass", "wood")[k % 3]))
        if k < 3:
            made.append(claim(f"p{k:02}", "usedIn", "camping", 0.6))
    made += [claim("x1", "scent", "cedar"), claim("x2", "scent", "cedar")]
    return folded(made, {a.subject: Title(f"Thing {a.subject}") for a in made})


def claim(product: str, relation: str, value: str, confidence: float = 0.9) -> Assertion:
    text = Document.of(f"{product}/{relation}", product, relation, DocumentKind.TEXT, value)
    return read(text, relation, value, confidence=confidence)


def folded(made: list[Assertion], titles: dict[str, Title]) -> Graph:
    return fold(made, [LogEntry(EntryKind.ASSERTED, a.id, seq=k + 1) for k, a in enumerate(made)], titles)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("paper", "material:paper"),
        ("pour-over", "use:pour over coffee"),
        ("STAGG", "product:k1"),
        ("上班", "audience:office workers"),
        ("保温", "product:c1"),
        ("buono hario", "product:k2"),
    ],
)
def test_search_finds_by_prefix_word_and_inside_chinese(graph: Graph, text: str, first: str) -> None:
    assert search(graph, text)[0].node_id == first


def test_search_finds_a_fact_by_both_of_its_ends(graph: Graph) -> None:
    hits = search(graph, "stagg steel")
    assert [(hit.node_id, hit.relation, hit.object_label) for hit in hits] == [
        ("product:k1", "material", "stainless steel")
    ]
    assert search(graph, "stagg paper") == []
    assert search(graph, "  ") == []


def test_ego_keeps_to_its_cap_and_says_what_is_hidden(shelf: Graph) -> None:
    view = ego(shelf, "color:black", 1, cap=10)
    assert len(view.nodes) == 10
    assert view.hidden == SHELF - 9
    assert {f.object for f in view.facts} == {"color:black"}
    assert {"product:p00", "product:p01", "product:p02"} <= {n.id for n in view.nodes}, (
        "most facts come first"
    )


def test_a_second_step_shows_what_the_first_ring_shares(shelf: Graph) -> None:
    ids = {node.id for node in ego(shelf, "place:camping", 2).nodes}
    assert ids >= {"color:black", "material:steel", "material:glass", "material:wood"}
    assert "product:p05" not in ids


def test_filters_hide_keep_and_expand(shelf: Graph) -> None:
    strict = Filters(families=frozenset({Family.USE}), minimum_confidence=0.7)
    assert [n.id for n in ego(shelf, "place:camping", 1, strict).nodes] == ["place:camping"]
    by_type = ego(shelf, "product:p00", 1, Filters(types=frozenset({"Material"})))
    assert {n.id for n in by_type.nodes} == {"product:p00", "material:steel"}
    ids = {
        n.id
        for n in ego(
            shelf, "product:p00", 1, hide=["color:black"], also=["scent:cedar"], keep=["product:p09"]
        ).nodes
    }
    assert ids == {
        "product:p00", "material:steel", "place:camping", "scent:cedar", "product:x1", "product:x2", "product:p09",
    }  # fmt: skip


def test_the_first_look_is_at_a_shared_value_that_is_no_hub(shelf: Graph) -> None:
    assert starting_node(shelf) == "material:glass"
    assert starting_node(shelf, Filters(families=frozenset({Family.SENSE}))) == "scent:cedar"
    assert starting_node(folded([], {})) is None


def test_paths_are_real_facts_and_can_avoid_hubs(shelf: Graph) -> None:
    found = paths(shelf, "product:p00", "product:p01", 3)
    assert {path.nodes[1] for path in found[:2]} == {"color:black", "place:camping"}
    for path in found:
        for (a, b), fact in zip(zip(path.nodes, path.nodes[1:], strict=False), path.facts, strict=True):
            assert {fact.subject, fact.object} == {a, b}
            assert shelf.facts[fact.id] == fact
    assert paths(shelf, "product:p00", "product:p01", 1, avoid_hubs=True)[0].nodes[1] == "place:camping"
    assert paths(shelf, "product:p00", "product:x1") == []
    assert paths(shelf, "product:p00", "product:p00")[0].facts == ()
    with pytest.raises(GraphError, match="not in the graph"):
        paths(shelf, "product:p00", "product:zz")


def test_places_are_the_same_each_time_apart_and_kept(shelf: Graph) -> None:
    small = ego(shelf, "place:camping", 2, cap=14)
    places = layout(small)
    assert layout(small) == places
    assert places["place:camping"] == (0.0, 0.0)
    for (xa, ya), (xb, yb) in combinations(places.values(), 2):
        assert abs(xa - xb) > 15 or abs(ya - yb) > 15
    grown = ego(shelf, "place:camping", 2, cap=30)
    assert {n: p for n, p in layout(grown, places).items() if n in places} == places


def test_places_of_five_hundred_nodes_come_quickly_and_finite(shelf: Graph) -> None:
    made = [claim(f"q{k:03}", "color", f"shade {k % 40}") for k in range(460)]
    view = ego(folded([*made, claim("q000", "size", "big")], {}), "color:shade 0", 3)
    whole = layout(view)
    assert len(whole) == len(view.nodes)
    big = folded([claim(f"q{k:03}", "color", "one") for k in range(499)], {})
    assert len(set(layout(ego(big, "color:one", 1)).values())) == 500


def test_a_path_runs_from_left_to_right(shelf: Graph) -> None:
    found = paths(shelf, "product:p00", "product:p04", 2)
    places = chained(path_view(shelf, found), [path.nodes for path in found])
    for path in found:
        across = [places[node][0] for node in path.nodes]
        assert across == sorted(across)


def test_graphml_and_json_can_be_read_back(graph: Graph) -> None:
    view = ego(graph, "material:stainless steel", 2)
    again = nx.read_graphml(io.BytesIO(graphml(view)))
    assert set(again) == {node.id for node in view.nodes}
    assert {d["relation"] for _, _, d in again.edges(data=True)} == {f.relation for f in view.facts}
    data = json.loads(node_link(view))
    assert len(data["links"]) == len(view.facts)


def test_csv_has_one_row_a_fact(graph: Graph) -> None:
    view = ego(graph, "product:c1", 1)
    frame = pd.read_csv(io.BytesIO(fact_csv(view)))
    assert len(frame) == len(view.facts) == 3
    assert set(frame["object"]) == {graph.label(fact.object) for fact in view.facts}
