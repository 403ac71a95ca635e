"""The graph on screen: vis-network at places computed here, in a component whose clicks reach Python.

Two components: one brings the library, whose message never changes, so that a browser gets its 600 kB once; the other
draws, and is sent only data. Labels are text on a canvas and cannot run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import streamlit as st

from core.domain import Fact, Node
from core.graph.export import node_family
from core.graph.layout import Point
from core.graph.model import PRODUCT
from core.graph.query import View
from core.ontology import family
from core.settings import ASSETS
from core.shorten import shorten
from core.ui.charts import BASELINE, FAMILY_COLORS
from core.ui.text import number, percent, relation_label, t, type_label

_folder = ASSETS / "graph_view"
_vis = files("pyvis") / "lib" / "vis-9.1.2" / "vis-network.min.js"

_library = st.components.v2.component(
    "shelfgraph_vis", js=_vis.read_text("utf-8") + "\nexport default function () {}\n"
)
_canvas = st.components.v2.component(
    "shelfgraph_graph",
    html=(_folder / "graph.html").read_text("utf-8"),
    css=(_folder / "graph.css").read_text("utf-8"),
    js=(_folder / "graph.js").read_text("utf-8"),
)


LABEL = 24
"""Columns of a node's label."""


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """A node as drawn: ``family_color`` None for products, which are boxes; ``links`` sets the size of the others."""

    id: str
    label: str
    note: str
    family_color: str | None
    links: int


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """An edge as drawn: ``strength`` in [0, 1] sets how much it stands out; ``title`` and ``note`` show on hover."""

    id: str
    source: str
    target: str
    color: str
    strength: float
    title: str
    note: str


def graph_view(
    view: View,
    places: Mapping[str, Point],
    *,
    key: str,
    selected: str = "",
    pinned: Collection[str] = (),
    path: Collection[str] = (),
    height: int = 560,
    on_pick: Callable[[str], None] | None = None,
    on_expand: Callable[[str], None] | None = None,
) -> None:
    """Draw a view of the graph.

    ``on_pick`` is called with a node's id, or ``fact:`` and a fact's id, that was clicked; ``on_expand`` with the id of
    a node that was double-clicked. Both run before the page does, as callbacks of widgets do.
    """
    links: dict[str, int] = {}
    for fact in view.facts:
        links[fact.subject] = links.get(fact.subject, 0) + 1
        links[fact.object] = links.get(fact.object, 0) + 1
    names = {node.id: node.label for node in view.nodes}
    draw(
        [_node(node, links.get(node.id, 0)) for node in view.nodes],
        [_edge(fact, names) for fact in view.facts],
        places,
        key=key,
        center=view.center,
        selected=selected,
        pinned=pinned,
        path=path,
        height=height,
        on_pick=on_pick,
        on_expand=on_expand,
    )


def draw(
    nodes: Collection[DrawnNode],
    edges: Collection[DrawnEdge],
    places: Mapping[str, Point],
    *,
    key: str,
    center: str = "",
    selected: str = "",
    pinned: Collection[str] = (),
    path: Collection[str] = (),
    glowing: Collection[str] = (),
    height: int = 560,
    on_pick: Callable[[str], None] | None = None,
    on_expand: Callable[[str], None] | None = None,
) -> None:
    """Draw any nodes and edges; the picture changes in place, and its zoom stays until ``center`` changes.

    ``glowing`` and ``path`` are ids of edges that stand out.
    """
    with st.container(key=f"{key}-library"):
        st.html(f"<style>.st-key-{key}-library{{display:none}}</style>")
        _library(key=f"{key}-vis")
    _canvas(
        key=key,
        data={
            "nodes": [_drawn(node, places.get(node.id, (0.0, 0.0))) for node in nodes],
            "edges": [_line(edge) for edge in edges],
            "center": center,
            "selected": selected,
            "pinned": list(pinned),
            "path": list(path),
            "glowing": list(glowing),
            "height": height,
            "memory": key,
            "words": {
                "canvas": t("graph.canvas"),
                "hint": t("graph.canvas_hint"),
                "in": t("graph.zoom_in"),
                "out": t("graph.zoom_out"),
                "fit": t("graph.zoom_fit"),
                "save": t("graph.save_png"),
            },
        },
        on_picked_change=_handler(key, "picked", on_pick),
        on_expanded_change=_handler(key, "expanded", on_expand),
    )


def _handler(key: str, event: str, call: Callable[[str], None] | None) -> Callable[[], None]:
    def handle() -> None:
        value = getattr(st.session_state.get(key), event, None)
        if call is not None and isinstance(value, str) and value:
            call(value)

    return handle


def _node(node: Node, links: int) -> DrawnNode:
    group = node_family(node.type)
    note = f"{type_label(node.type)} · {t('graph.n_facts', n=number(links))}"
    return DrawnNode(node.id, node.label, note, None if group is None else FAMILY_COLORS[group], links)


def _edge(fact: Fact, names: Mapping[str, str]) -> DrawnEdge:
    return DrawnEdge(
        fact.id,
        fact.subject,
        fact.object,
        FAMILY_COLORS[family(fact.relation)],
        fact.confidence,
        f"{relation_label(fact.relation)}: {names[fact.object]}",
        f"{names[fact.subject]} · {t('common.conf_short', value=percent(fact.confidence))}",
    )


def _drawn(node: DrawnNode, place: Point) -> dict[str, Any]:
    return {
        "id": node.id,
        "label": shorten(node.label, LABEL),
        "full": node.label,
        "note": node.note,
        "box": node.family_color is None,
        "color": node.family_color or BASELINE,
        "links": node.links,
        "x": place[0],
        "y": place[1],
    }


def _line(edge: DrawnEdge) -> dict[str, Any]:
    return {
        "id": edge.id,
        "from": edge.source,
        "to": edge.target,
        "color": edge.color,
        "tone": edge.color,
        "strength": edge.strength,
        "link": edge.target.startswith(PRODUCT),
        "full": edge.title,
        "note": edge.note,
    }
