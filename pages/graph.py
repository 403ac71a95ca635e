"""Graph: find, look around, and open every fact down to its words."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from core.graph.export import fact_rows
from core.graph.layout import Point, chained
from core.graph.model import PRODUCT, Graph
from core.graph.paths import Path, path_view, paths
from core.graph.query import MOST_NODES, View
from core.ontology import Family, family
from core.settings import ASSETS
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.facts import legend
from core.ui.graph_panel import panel, path_list
from core.ui.graph_state import (
    FACT,
    GraphState,
    center_of,
    change,
    in_language,
    picture,
    read_state,
    select,
)
from core.ui.graph_tools import bar, export
from core.ui.graph_view import graph_view
from core.ui.labels import literal
from core.ui.map_corner import corner
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, run_page
from core.ui.tables import table
from core.ui.text import language, number, relation_label, t, type_label

STYLE = ASSETS / "graph_view" / "page.css"
HEIGHT = 600


def render(workspace: Workspace) -> None:
    """Draw the page."""
    graph = in_language(cached_graph(workspace), language())
    if not graph.facts:
        header("graph")
        empty("graph", what=t("graph.empty_what"), why=t("graph.empty_why"), button=_to_build)
        return
    state = read_state()
    center = center_of(graph, state)
    found = (
        paths(graph, center, state.to, filters=state.filters, avoid_hubs=state.avoid_hubs)
        if state.to in graph.nodes
        else []
    )
    view, places = _shown(graph, state, found)
    header("graph", _state(graph), lambda: export(workspace, view, places))
    st.html(STYLE)
    bar(graph, state)
    left, right = st.columns([7, 3.4], gap="medium")
    with left:
        if state.as_table:
            _table(view, state)
        else:
            _canvas(graph, state, view, places, found, center)
        _foot(graph, state, view)
    with right:
        if state.to and not state.selected.startswith(FACT):
            path_list(graph, found, center, graph.resolve(state.to))
        else:
            corner(workspace, graph, center)
            panel(workspace, graph, state, center)


def _to_build() -> None:
    if st.button(t("graph.empty_button"), type="primary", icon=":material/arrow_forward:"):
        go("build")


def _state(graph: Graph) -> str:
    products = len({f.subject for f in graph.facts.values() if f.subject.startswith(PRODUCT)})
    sentence = t(
        "graph.state",
        products=number(products),
        facts=number(len(graph.facts)),
        review=number(graph.ledger.quarantined),
        hash=escape(graph.hash[:8]),
    )
    conflicts = t("graph.state_conflicts", n=number(len(graph.conflicts)))
    return f"{sentence} · {conflicts}" if graph.conflicts else sentence


def _shown(graph: Graph, state: GraphState, found: list[Path]) -> tuple[View, dict[str, Point]]:
    if not found:
        return picture(graph, state)
    view = path_view(graph, found)
    return view, chained(view, [path.nodes for path in found])


def _canvas(
    graph: Graph, state: GraphState, view: View, places: dict[str, Point], found: list[Path], center: str
) -> None:
    graph_view(
        view,
        places,
        key="graph_canvas",
        selected="" if state.selected.startswith(FACT) else graph.resolve(state.selected),
        pinned=state.pinned,
        path=[fact.id for path in found for fact in path.facts]
        + ([state.selected.removeprefix(FACT)] if state.selected.startswith(FACT) else []),
        height=HEIGHT,
        on_pick=select,
        on_expand=lambda node: change(node=center, expanded=(*read_state().expanded, node), selected=node),
    )


def _foot(graph: Graph, state: GraphState, view: View) -> None:
    shown = {family(fact.relation) for fact in view.facts}
    st.html(legend([f for f in Family if f in shown]))
    figures = t("graph.shown", shown=number(len(view.nodes)), facts=number(len(view.facts)))
    if not view.facts:
        figures = t("graph.nothing_passes")
    more = f" · {t('graph.hidden', n=number(view.hidden))}" if view.hidden and not state.to else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(figures + more, width="content")
        if more and state.cap < MOST_NODES:
            st.button(
                t("graph.show_more"),
                type="tertiary",
                on_click=change,
                kwargs={"cap": min(state.cap + 60, MOST_NODES)},
            )
        if state.hidden:
            names = ", ".join(literal(shorten(graph.label(n), 24)) for n in state.hidden[:4])
            st.caption(t("graph.hidden_list", names=names), width="content")
            st.button(t("graph.unhide"), type="tertiary", on_click=change, kwargs={"hidden": ()})


def _table(view: View, state: GraphState) -> None:
    st.caption(t("graph.table_hint"))
    rows = fact_rows(view)
    frame = pd.DataFrame(
        {
            t("graph.col_subject"): [row["subject"] for row in rows],
            t("graph.col_relation"): [relation_label(row["relation"]) for row in rows],
            t("graph.col_object"): [row["object"] for row in rows],
            t("graph.col_type"): [type_label(row["object_type"]) for row in rows],
            t("graph.col_confidence"): [row["confidence"] * 100 for row in rows],
            t("graph.col_supports"): [row["supports"] for row in rows],
        }
    )
    widths = {"subject": 230, "relation": 110, "object": 130, "type": 90}
    columns: dict[str, object] = {
        t(f"graph.col_{name}"): st.column_config.Column(width=w) for name, w in widths.items()
    }
    columns[t("graph.col_confidence")] = st.column_config.NumberColumn(format="%.0f%%", width=80)
    columns[t("graph.col_supports")] = st.column_config.NumberColumn(width=70)
    chosen = table(frame, "graph_table", columns=columns, height=HEIGHT - 40, selection=True)
    if chosen and state.selected != FACT + rows[chosen[0]]["fact_id"]:
        select(FACT + rows[chosen[0]]["fact_id"])
        st.rerun()


run_page("graph", render)
