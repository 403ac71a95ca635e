"""Map: the whole graph at once, how it hangs together, and how its versions differ."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.graph.atlas.survey import Survey
from core.graph.atlas.surveyed import QUICK, kept, latest, made
from core.graph.model import Graph
from core.jobs import Jobs
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui.graph_state import in_language
from core.ui.map_export import export
from core.ui.map_picture import picture, tools
from core.ui.map_state import VIEWS, MapState, change, read_state
from core.ui.progress import job_panel
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, run_page
from core.ui.structure_view import structure
from core.ui.text import language, number, t
from core.ui.versions_view import versions

STAGE = "survey"
STYLES = (ASSETS / "graph_view" / "page.css", ASSETS / "map_view" / "page.css")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    graph = cached_graph(workspace)
    if not graph.facts:
        header("map")
        empty("map", what=t("map.empty_what"), why=t("map.empty_why"), button=_to_build)
        return
    survey = _survey(workspace, graph)
    named = in_language(graph, language())
    state = read_state()
    header("map", _state(graph, survey), lambda: export(workspace, survey, named, state) if survey else None)
    for style in STYLES:
        st.html(style)
    _views(state)
    if survey is None:
        _to_survey(workspace)
        return
    if survey.hash != graph.hash:
        _behind(workspace, survey, graph)
    if state.view == "structure":
        structure(survey, named, state)
    elif state.view == "versions":
        versions(workspace, survey, named, state)
    else:
        picture(workspace, survey, named, state)


def _survey(workspace: Workspace, graph: Graph) -> Survey | None:
    """The survey of this version; of a graph that is being built, or is too large to wait for, the one made last."""
    found = kept(workspace, graph.hash)
    if found is not None:
        return found
    growing = bool(Jobs(workspace).list("build", active=True, limit=1))
    if growing and (found := latest(workspace)):
        return found
    if len(graph.facts) <= QUICK:
        with st.spinner(t("map.surveying")):
            return made(workspace, graph)
    return latest(workspace)


def _state(graph: Graph, survey: Survey | None) -> str:
    figures = {
        "nodes": number(len(graph.nodes)),
        "facts": number(len(graph.facts)),
        "hash": escape(graph.hash[:8]),
    }
    if survey is None:
        return t("map.state_plain", **figures)
    return t(
        "map.state",
        communities=number(len(survey.atlas.at)),
        modularity=number(survey.atlas.modularity, 2),
        **figures,
    )


def _views(state: MapState) -> None:
    """The choice of view, and at its side the tools of the map."""
    left, right = st.columns([2.3, 7.3], vertical_alignment="center")
    with left:
        st.session_state["map_view_is"] = state.view
        st.segmented_control(
            t("map.view"),
            VIEWS,
            format_func=lambda view: t(f"map.view_{view}"),
            key="map_view_is",
            on_change=lambda: change(view=st.session_state["map_view_is"]),
            label_visibility="collapsed",
            required=True,
        )
    with right:
        if state.view == "map":
            tools(state)


def _behind(workspace: Workspace, survey: Survey, graph: Graph) -> None:
    """Say that the map is of an earlier version, and offer one of this."""
    with st.container(horizontal=True, vertical_alignment="center", key="map-behind"):
        told = t("map.behind", n=number(abs(len(graph.facts) - len(survey.subject))), seq=number(survey.seq))
        st.caption(told, width="content")
        _start(workspace, "tertiary")


def _to_survey(workspace: Workspace) -> None:
    running = Jobs(workspace).list(STAGE, active=True, limit=1)
    if running:
        job_panel(workspace, running[0].id)
        return
    empty(
        "map",
        what=t("map.none_what"),
        why=t("map.none_why"),
        button=lambda: _start(workspace, "primary"),
    )


def _start(workspace: Workspace, kind: str) -> None:
    if Jobs(workspace).list(STAGE, active=True, limit=1):
        st.caption(t("map.surveying"))
    elif st.button(t("map.draw"), type=kind, icon=":material/bubble_chart:", key="map-draw"):  # type: ignore[arg-type]
        Jobs(workspace).submit(STAGE, {})
        st.rerun()


def _to_build() -> None:
    if st.button(t("graph.empty_button"), type="primary", icon=":material/arrow_forward:"):
        go("build")


run_page("map", render)
