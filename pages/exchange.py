"""Exchange: ask the graph, take it along, bring another one in."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import exchange_bring, exchange_query, exchange_take
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import number, t

STYLE = ASSETS / "css" / "exchange.css"
VIEWS = ("query", "take", "bring")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    graph = cached_graph(workspace)
    asked = param("view") or ""
    view = asked if asked in VIEWS else VIEWS[0]
    header("exchange", _state(len(graph.nodes), len(graph.facts), graph.hash) if graph.facts else "")
    st.html(STYLE)
    _switch(view)
    if view == "bring":
        exchange_bring.draw(workspace)
    elif not graph.facts:
        empty("exchange", what=t("exchange.empty_what"), why=t("exchange.empty_why"), button=_ways_on)
    elif view == "take":
        exchange_take.draw(workspace, graph)
    else:
        exchange_query.draw(graph)


def _state(nodes: int, facts: int, hashed: str) -> str:
    return t("exchange.state", nodes=number(nodes), facts=number(facts), hash=escape(hashed[:8]))


def _switch(view: str) -> None:
    key = "exchange-view"
    if st.session_state.get(key) != view:
        st.session_state[key] = view
    st.segmented_control(
        t("exchange.view"),
        VIEWS,
        key=key,
        format_func=lambda name: t(f"exchange.view_{name}"),
        label_visibility="collapsed",
        on_change=lambda: set_params(view=st.session_state[key] or view, job=None),
    )


def _ways_on() -> None:
    with st.container(horizontal=True, horizontal_alignment="center"):
        if st.button(t("exchange.empty_build"), type="primary", icon=":material/arrow_forward:"):
            go("build")
        st.button(
            t("exchange.view_bring"), icon=":material/upload:", on_click=lambda: set_params(view="bring")
        )


run_page("exchange", render)
