"""Graph: find, look around, and open every fact down to its words."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from core.graph.export import fact_csv, fact_rows, graphml, node_family, node_link, pyvis_html
from core.graph.layout import Point, chained
from core.graph.model import Graph
from core.graph.paths import Path, path_view, paths
from core.graph.query import MOST_NODES, Filters, View, search
from core.ontology import Family, family
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import theme
from core.ui.charts import FAMILY_COLORS
from core.ui.facts import legend
from core.ui.graph_panel import literal, panel, path_list
from core.ui.graph_state import FACT, GraphState, center_of, change, open_node, picture, read_state, select
from core.ui.graph_view import graph_view, shorten
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, run_page
from core.ui.tables import table
from core.ui.text import family_label, number, relation_label, t, type_label

STYLE = ASSETS / "graph_view" / "page.css"
HEIGHT = 600
FOUND = 8


def render(workspace: Workspace) -> None:
    """Draw the page."""
    graph = cached_graph(workspace)
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
    header("graph", _state(graph), lambda: _export(workspace, view, places))
    st.html(STYLE)
    _bar(graph, state)
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
            panel(workspace, graph, state, center)


def _to_build() -> None:
    if st.button(t("graph.empty_button"), type="primary", icon=":material/arrow_forward:"):
        go("build")


def _state(graph: Graph) -> str:
    products = len({fact.subject for fact in graph.facts.values()})
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


def _bar(graph: Graph, state: GraphState) -> None:
    find, show, narrow = st.columns([6, 1.7, 1.3], vertical_alignment="center")
    with find:
        st.session_state["graph_q"] = state.query
        st.text_input(
            t("graph.search"),
            key="graph_q",
            placeholder=t("graph.search_hint"),
            icon=":material/search:",
            label_visibility="collapsed",
            on_change=lambda: change(query=st.session_state["graph_q"].strip()),
        )
    with show:
        st.session_state["graph_view_as"] = "table" if state.as_table else "picture"
        st.segmented_control(
            t("graph.view"),
            ["picture", "table"],
            format_func=lambda name: t(f"graph.{name}"),
            key="graph_view_as",
            on_change=lambda: change(as_table=st.session_state["graph_view_as"] == "table"),
            label_visibility="collapsed",
        )
    with narrow:
        label = t("graph.filters_on", n=state.active_filters) if state.active_filters else t("graph.filters")
        with st.popover(label, icon=":material/tune:", width="stretch"):
            _filters(graph, state)
    if state.query:
        _found(graph, state.query)


def _found(graph: Graph, query: str) -> None:
    hits = search(graph, query, FOUND)
    with st.container(border=True, key="graph-found", gap=None):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            text = t(
                "graph.search_found" if hits else "graph.search_none",
                n=number(len(hits)),
                text=literal(query[:60]),
            )
            st.caption(text)
            st.button(t("graph.clear"), type="tertiary", on_click=change, kwargs={"query": ""})
        for hit in hits:
            note = f"{type_label(hit.type)} · {t('graph.n_facts', n=number(hit.degree))}"
            if hit.fact_id:
                note = f"{relation_label(hit.relation)} · {shorten(hit.object_label, 40)}"
            st.button(
                f"{literal(shorten(hit.label, 80))} :small[:gray[{literal(note)}]]",
                key=f"graph-hit-{hit.fact_id or hit.node_id}",
                type="tertiary",
                on_click=_open_hit,
                args=(hit.node_id, hit.fact_id),
            )


def _open_hit(node_id: str, fact_id: str) -> None:
    open_node(node_id)
    if fact_id:
        select(FACT + fact_id)


def _filters(graph: Graph, state: GraphState) -> None:
    types = sorted({node.type for node in graph.nodes.values() if node.type != "Product"}, key=type_label)
    families = [f for f in Family if any(family(relation) is f for relation in _relations(graph))]
    st.session_state["graph_fam"] = [f for f in families if f in state.filters.families]
    st.session_state["graph_types"] = [name for name in types if name in state.filters.types]
    st.session_state["graph_conf"] = round(state.filters.minimum_confidence * 100)
    st.session_state["graph_r"] = state.radius
    st.session_state["graph_cap"] = state.cap
    st.pills(
        t("graph.filter_families"),
        families,
        format_func=family_label,
        selection_mode="multi",
        key="graph_fam",
        on_change=_filter_changed,
    )
    st.multiselect(
        t("graph.filter_types"),
        types,
        format_func=type_label,
        key="graph_types",
        placeholder=t("common.all"),
        on_change=_filter_changed,
    )
    st.slider(
        t("graph.filter_confidence"),
        0,
        100,
        step=5,
        format="%d%%",
        key="graph_conf",
        on_change=_filter_changed,
    )
    st.segmented_control(t("graph.filter_radius"), [1, 2, 3], key="graph_r", on_change=_filter_changed)
    st.slider(t("graph.filter_cap"), 10, MOST_NODES, step=10, key="graph_cap", on_change=_filter_changed)
    st.button(
        t("graph.filter_reset"),
        on_click=change,
        kwargs={"filters": Filters(), "hidden": ()},
        disabled=not (state.active_filters or state.hidden),
    )


def _filter_changed() -> None:
    now = st.session_state
    filters = Filters(frozenset(now["graph_types"]), frozenset(now["graph_fam"]), now["graph_conf"] / 100)
    change(filters=filters, radius=now["graph_r"] or read_state().radius, cap=now["graph_cap"])


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs={Graph: lambda graph: graph.hash})
def _relations(graph: Graph) -> set[str]:
    return {fact.relation for fact in graph.facts.values()}


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
    shown = {f for node in view.nodes if (f := node_family(node.type)) is not None}
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


def _export(workspace: Workspace, view: View, places: dict[str, Point]) -> None:
    name = f"graph-{workspace.info.id}"
    labels = {fact.relation: relation_label(fact.relation) for fact in view.facts}
    title = f"{workspace.info.name} · {t('common.product')}"
    dark = theme.dark()
    files = (
        (
            "html",
            "text/html",
            ":material/public:",
            lambda: pyvis_html(view, places, FAMILY_COLORS, title, labels, dark).encode(),
        ),
        ("csv", "text/csv", ":material/table:", lambda: fact_csv(view)),
        ("graphml", "application/graphml+xml", ":material/account_tree:", lambda: graphml(view)),
        ("json", "application/json", ":material/data_object:", lambda: node_link(view).encode()),
    )
    with st.popover(t("graph.export"), icon=":material/download:"):
        st.caption(t("graph.export_note"))
        for kind, mime, icon, data in files:
            st.download_button(
                t(f"graph.export_{kind}"),
                data,
                f"{name}.{kind}",
                mime,
                icon=icon,
                on_click="ignore",
                type="tertiary",
                key=f"graph_export_{kind}",
            )


run_page("graph", render)
