"""Labels from a hostile catalogue are text: on the page, in the picture, and in every file."""

from __future__ import annotations

import csv
import io
import json
import re
from xml.etree import ElementTree

import networkx as nx
import pytest

from core.domain import Ledger
from core.graph.atlas.survey import survey
from core.graph.export import fact_csv, graphml, node_link, pyvis_html
from core.graph.layout import layout
from core.graph.model import Graph
from core.graph.picture import map_svg, view_svg
from core.graph.query import View
from core.ui.charts import FAMILY_COLORS
from core.ui.labels import literal
from tests.graph_world import HOSTILE, hostile_view


@pytest.fixture(scope="module")
def view() -> View:
    return hostile_view()


@pytest.fixture(scope="module")
def html(view: View) -> str:
    return pyvis_html(view, layout(view), FAMILY_COLORS, "<script>window.hacked=1</script>")


def test_the_html_asks_for_nothing_and_holds_no_markup_of_labels(html: str) -> None:
    assert not re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html)
    assert "Content-Security-Policy" in html
    body = html[html.index("new vis.DataSet(") :]
    for sign in ("<script>window", "<img", "<svg", "<!--<"):
        assert sign not in body


def test_no_cell_is_a_formula(view: View) -> None:
    rows = list(csv.reader(io.StringIO(fact_csv(view).decode("utf-8-sig"))))
    assert len(rows) == len(view.facts) + 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_graphml_stays_well_formed(view: View) -> None:
    data = graphml(view)
    assert len(nx.read_graphml(io.BytesIO(data))) == len(view.nodes)
    assert b"<!ENTITY" not in data


def test_json_round_trips(view: View) -> None:
    assert {node["label"] for node in json.loads(node_link(view))["nodes"]} == {
        node.label for node in view.nodes
    }


def test_markdown_signs_in_labels_are_escaped() -> None:
    for label in HOSTILE:
        text = literal(label)
        bare = re.sub(r"\\.", "", text)
        assert not re.search(r"[\[\]<>`*_$:!]", bare)


def test_svg_holds_labels_as_text_and_asks_for_nothing(view: View) -> None:
    relations = {fact.relation: HOSTILE[0] for fact in view.facts}
    drawn = view_svg(view, layout(view), FAMILY_COLORS, HOSTILE[1], relations)
    check_svg(drawn)
    texts = {
        element.text for element in ElementTree.fromstring(drawn).iter() if element.tag.endswith("title")
    }
    assert "<script>window.hacked=1</script>" in texts


def test_the_svg_of_the_map_holds_labels_as_text(view: View) -> None:
    graph = Graph({n.id: n for n in view.nodes}, {f.id: f for f in view.facts}, {}, {}, {}, Ledger(), "h")
    found = survey(graph, {})
    count = len(found.atlas.at)
    names = [(HOSTILE[k % len(HOSTILE)], '"><script>') for k in range(count)]
    tones = ["#2f7fd0"] * len(found.atlas.ids)
    check_svg(map_svg(found, tones[:count], tones, names, HOSTILE[0]))
    with pytest.raises(ValueError, match="rrggbb"):
        map_svg(found, ['"><script>'] * count, tones, names, "")


def check_svg(drawn: str) -> None:
    """Well-formed, of harmless elements alone, with no handler and nothing to load or to follow."""
    allowed = {"svg", "g", "title", "rect", "circle", "line", "path", "text"}
    for element in ElementTree.fromstring(drawn).iter():
        assert element.tag.rpartition("}")[2] in allowed
        assert not [name for name in element.attrib if name.lower().startswith("on") or "href" in name]
        assert not any("url(" in value or "javascript:" in value for value in element.attrib.values())
    assert "<script" not in drawn
