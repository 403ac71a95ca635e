"""Labels from a hostile catalogue are text: on the page, in the picture, and in every file."""

from __future__ import annotations

import csv
import io
import json
import re

import networkx as nx
import pytest

from core.graph.export import fact_csv, graphml, node_link, pyvis_html
from core.graph.layout import layout
from core.graph.query import View
from core.ui.charts import FAMILY_COLORS
from core.ui.graph_panel import literal
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
