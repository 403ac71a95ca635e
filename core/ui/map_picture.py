"""The map itself, with its tools above and what is under the pointer beside it; or the same as a table."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from core.graph.atlas.survey import Survey
from core.graph.model import Graph
from core.graph.query import Hit, search
from core.storage.workspaces import Workspace
from core.ui import theme
from core.ui.labels import literal
from core.ui.map_names import (
    community_name,
    key,
    source_names,
    step_at,
)
from core.ui.map_panel import panel
from core.ui.map_state import COLOURS, MapState, change, open_community
from core.ui.map_view import map_view
from core.ui.structure_view import community_rows
from core.ui.tables import export_button, table
from core.ui.text import t, type_label

HEIGHT = 560
FOUND = 2_000
LISTED = 2_000


def picture(workspace: Workspace, survey: Survey, graph: Graph, state: MapState) -> None:
    """Draw the map, or its table, and the panel beside it."""
    hits = search(graph, state.query, FOUND) if state.query else []
    left, right = st.columns([7, 3], gap="medium")
    with left:
        if state.as_table:
            _table(survey, graph, state)
        else:
            _map(workspace, survey, graph, state, hits)
    with right:
        panel(workspace, survey, graph, state, hits)


def tools(state: MapState) -> None:
    """Draw the search box, the choice of colours, and the switch to the table."""
    find, colour, show = st.columns([3.6, 2, 1.7], vertical_alignment="center")
    with find:
        st.session_state["map_q"] = state.query
        st.text_input(
            t("map.search"),
            key="map_q",
            placeholder=t("map.search_hint"),
            icon=":material/search:",
            label_visibility="collapsed",
            on_change=lambda: change(query=st.session_state["map_q"].strip()),
        )
    with colour:
        st.session_state["map_by"] = state.by
        st.selectbox(
            t("map.colour_by"),
            COLOURS,
            format_func=lambda by: t("map.coloured_by", what=t(f"map.by_{by}")),
            key="map_by",
            on_change=lambda: change(by=st.session_state["map_by"]),
            label_visibility="collapsed",
        )
    with show:
        st.session_state["map_as"] = "table" if state.as_table else "picture"
        st.segmented_control(
            t("graph.view"),
            ["picture", "table"],
            format_func=lambda name: t(f"graph.{name}"),
            key="map_as",
            on_change=lambda: change(as_table=st.session_state["map_as"] == "table"),
            label_visibility="collapsed",
            required=True,
        )


def _map(workspace: Workspace, survey: Survey, graph: Graph, state: MapState, hits: list[Hit]) -> None:
    map_view(
        survey,
        graph,
        state,
        key="map_canvas",
        file=f"map-{workspace.info.id}",
        step=step_at(survey, state.at),
        hits=[hit.node_id for hit in hits],
        height=HEIGHT,
        on_open=open_community,
        on_pick=lambda node: change(selected=node, query=""),
        on_move=lambda step: change(at=_position(survey, step)),
    )
    entries = key(survey, state.by, theme.dark(), source_names(workspace) if state.by == "source" else {})
    if entries:
        st.html(
            '<div class="sg-chips">'
            + "".join(
                f'<span class="sg-legend" style="--sg-family:{colour}">{escape(words)}</span>'
                for colour, words in entries
            )
            + "</div>"
        )
    elif state.by == "community":
        st.caption(t("map.how_to_read"))


def _position(survey: Survey, step: int) -> int:
    last = len(survey.marks.until) - 1
    return -1 if step >= last else int(survey.marks.until[max(step, 0)])


def _table(survey: Survey, graph: Graph, state: MapState) -> None:
    """The communities, or what is in the one that is opened; a row opens it on the map."""
    if not 0 <= state.community < len(survey.atlas.at):
        st.caption(t("map.table_communities"))
        chosen = table(community_rows(survey, graph), "map_table", height=HEIGHT - 60, selection=True)
        if chosen and chosen[0] != state.community:
            change(community=chosen[0])
            st.rerun()
        return
    members = survey.members(state.community)[:LISTED]
    st.caption(t("map.table_members", name=literal(community_name(graph, survey, state.community))))
    ids = [survey.atlas.ids[k] for k in members]
    frame = pd.DataFrame(
        {
            t("map.col_node"): [graph.label(node) for node in ids],
            t("map.col_type"): [type_label(graph.nodes[n].type) if n in graph.nodes else "" for n in ids],
            t("map.col_facts"): survey.degree[members],
            t("map.col_pagerank"): survey.centrality.pagerank[members] * 100,
        }
    )
    columns = {t("map.col_pagerank"): st.column_config.NumberColumn(format="%.3f%%")}
    chosen = table(frame, "map_members", columns=columns, height=HEIGHT - 60, selection=True)
    export_button(frame, "community")
    if chosen and ids[chosen[0]] != state.selected:
        change(selected=ids[chosen[0]])
        st.rerun()
