"""The tools of the Graph page: the search box, the filters, and the ways to take a view along."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import streamlit as st

from core.graph.export import fact_csv, graphml, node_link, pyvis_html
from core.graph.layout import Point
from core.graph.model import Graph
from core.graph.picture import view_svg
from core.graph.query import MOST_NODES, Filters, View, search
from core.ontology import Family, family
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui import theme
from core.ui.charts import FAMILY_COLORS
from core.ui.graph_state import FACT, GraphState, change, open_node, read_state, select
from core.ui.labels import literal
from core.ui.text import family_label, number, relation_label, t, type_label

FOUND = 8


def bar(graph: Graph, state: GraphState) -> None:
    """Draw the search box with what it found, the switch to the table, and the filters."""
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


def export(workspace: Workspace, view: View, places: Mapping[str, Point]) -> None:
    """Draw the button that takes the current view along; files are made when asked for."""
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
        (
            "svg",
            "image/svg+xml",
            ":material/polyline:",
            lambda: view_svg(view, places, FAMILY_COLORS, title, labels, dark).encode(),
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


def _found(graph: Graph, query: str) -> None:
    hits = search(graph, query, FOUND)
    with st.container(border=True, key="graph-found", gap=None):
        with st.container(horizontal=True, horizontal_alignment="distribute"):
            text = t(
                "graph.search_best"
                if len(hits) == FOUND
                else "graph.search_found"
                if hits
                else "graph.search_none",
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


@lru_cache(maxsize=8)
def _relations(graph: Graph) -> set[str]:
    return {fact.relation for fact in graph.facts.values()}
