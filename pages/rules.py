"""Rules and prior knowledge: what follows from the facts, and what was known before any of them."""

from __future__ import annotations

import streamlit as st

from core.catalogue.synonyms import STATEMENTS
from core.graph.model import Graph
from core.storage.workspaces import Workspace
from core.ui import prior_view, rules_view
from core.ui.fusion_state import shares, sources_of
from core.ui.graph_state import in_language
from core.ui.session import cached_graph
from core.ui.shell import header, param, run_page, set_params
from core.ui.text import language, number, t

VIEWS = {"rules": rules_view.draw, "prior": prior_view.draw}


def render(workspace: Workspace) -> None:
    """Draw the page."""
    graph = in_language(cached_graph(workspace), language())
    header("rules", _state(workspace, graph))
    asked = param("view", "rules") or "rules"
    st.session_state["rules_view"] = asked if asked in VIEWS else "rules"
    st.segmented_control(
        t("rules.view"),
        list(VIEWS),
        format_func=lambda name: t(f"rules.view_{name}"),
        key="rules_view",
        label_visibility="collapsed",
        on_change=lambda: set_params(view=st.session_state["rules_view"] or asked),
    )
    VIEWS[st.session_state["rules_view"] or "rules"](workspace, graph)


def _state(workspace: Workspace, graph: Graph) -> str:
    statements = sum(s.rows_ok for s in sources_of(workspace).values() if s.kind == STATEMENTS)
    return t(
        "rules.state",
        rules=number(len(graph.implications)),
        facts=number(shares(graph).derived),
        statements=number(statements),
    )


run_page("rules", render)
