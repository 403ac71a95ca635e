"""Fusion: several sources in one graph; what each adds, what they call by different names, where they contradict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import streamlit as st

from core.graph.model import Graph
from core.graph.policies import policy_of
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import fusion_attributes, fusion_contradictions, fusion_intents, fusion_sources
from core.ui.fusion_state import follow, settled, shares, sources_of
from core.ui.graph_state import in_language
from core.ui.progress import job_panel
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import language, number, t

STYLE = ASSETS / "css" / "fusion.css"
VIEWS: Mapping[str, Callable[[Workspace, Graph], None]] = {
    "sources": fusion_sources.draw,
    "attributes": fusion_attributes.draw,
    "contradictions": fusion_contradictions.draw,
    "intents": fusion_intents.draw,
}


def render(workspace: Workspace) -> None:
    """Draw the page."""
    follow(workspace)
    graph = in_language(cached_graph(workspace), language())
    if not graph.facts:
        header("fusion")
        empty("fusion", what=t("fusion.empty_what"), why=t("fusion.empty_why"), button=_to_build)
        return
    header("fusion", _state(workspace, graph), _add)
    st.html(STYLE)
    if job := param("job"):
        with st.container(border=True):
            job_panel(workspace, job)
    view = _view()
    VIEWS[view](workspace, graph)


def _view() -> str:
    asked = param("view", "sources") or "sources"
    st.session_state["fusion_view"] = asked if asked in VIEWS else "sources"
    st.segmented_control(
        t("fusion.view"),
        list(VIEWS),
        format_func=lambda name: t(f"fusion.view_{name}"),
        key="fusion_view",
        label_visibility="collapsed",
        on_change=lambda: set_params(view=st.session_state["fusion_view"] or asked),
    )
    return st.session_state["fusion_view"] or "sources"


def _state(workspace: Workspace, graph: Graph) -> str:
    policy = policy_of(workspace)
    return t(
        "fusion.state",
        sources=number(len(sources_of(workspace))),
        facts=number(len(graph.facts)),
        shared=number(shares(graph).shared),
        conflicts=number(len(settled(workspace, graph, policy))),
        policy=escape(t(f"fusion.policy_{policy.on_conflict.value}").lower()),
    )


def _add() -> None:
    if st.button(t("fusion.add_source"), type="primary", icon=":material/add:"):
        go("catalogue", view="upload")


def _to_build() -> None:
    if st.button(t("fusion.empty_button"), type="primary", icon=":material/arrow_forward:"):
        go("build")


run_page("fusion", render)
