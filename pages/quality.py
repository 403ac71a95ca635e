"""Quality: whether the graph can be trusted, what is wrong with it, and what is probably missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.form import entries
from core.graph.model import Graph
from core.graph.quality import QualityConfig
from core.jobs import Jobs, Status
from core.settings import ASSETS
from core.stages.check import KeptReport, kept_report
from core.storage.workspaces import Workspace
from core.ui.config_form import widget
from core.ui.graph_state import in_language
from core.ui.progress import job_panel, watched
from core.ui.quality_predictions import predictions
from core.ui.quality_view import completeness, findings, gate, suspicious, verdict
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import ago, language, number, t

STYLE = ASSETS / "css" / "quality.css"
STAGES = ("check", "predict")
VIEWS = ("findings", "completeness", "suspicious", "predictions")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    graph = in_language(cached_graph(workspace), language())
    if not graph.facts:
        header("quality", t("quality.state_empty"))
        empty("quality", what=t("quality.empty_what"), why=t("quality.empty_why"), button=_to_build)
        return
    job = watched(workspace, *STAGES)
    busy = job is not None and job.active
    if job is not None and job.status is not Status.DONE:
        with st.container(border=True, key="quality-job"):
            job_panel(workspace, job.id)
    kept = kept_report(workspace)
    label = "quality.check_again" if kept else "quality.check"
    header("quality", _state(graph, kept), lambda: _check(workspace, label, _asked(kept), busy=busy))
    if kept is None:
        empty("quality", what=t("quality.empty_what"), why=t("quality.empty_why"))
    else:
        gate(kept, stale=kept.report.graph_hash != graph.hash)
    _settings(kept)
    _views(workspace, graph, kept, busy=busy)


def _views(workspace: Workspace, graph: Graph, kept: KeptReport | None, *, busy: bool) -> None:
    asked = param("view")
    offered = VIEWS if kept else ("predictions",)
    view = st.segmented_control(
        t("quality.view"),
        offered,
        default=asked if asked in offered else offered[0],
        format_func=lambda one: t(f"quality.view_{one}"),
        key="quality-view",
        label_visibility="collapsed",
        required=True,
    )
    set_params(view=None if view == offered[0] else view)
    if view == "predictions" or kept is None:
        predictions(workspace, graph, busy=busy)
    elif view == "completeness":
        completeness(kept.report)
    elif view == "suspicious":
        suspicious(kept.report, graph)
    else:
        findings(kept.report, graph)


def _state(graph: Graph, kept: KeptReport | None) -> str:
    if kept is None:
        return t("quality.state_none", facts=number(len(graph.facts)))
    word, errors, warnings = verdict(kept.report)
    return t(
        "quality.state",
        verdict=word,
        errors=number(errors),
        warnings=number(warnings),
        facts=number(kept.report.facts),
        products=number(kept.report.products),
        when=ago(kept.created_at),
    )


def _asked(kept: KeptReport | None) -> dict[str, Any]:
    """The settings as the form has them; a form that has not been drawn yet has those of the last check."""
    start: Mapping[str, Any] = (kept.config if kept else QualityConfig()).model_dump(mode="json")
    return {name: st.session_state.get(f"quality_{name}", value) for name, value in start.items()}


def _settings(kept: KeptReport | None) -> None:
    start = (kept.config if kept else QualityConfig()).model_dump(mode="json")
    with st.expander(t("quality.settings"), icon=":material/tune:"):
        for section in ("gate", "findings"):
            st.markdown(f"**{t(f'quality.section_{section}')}**")
            columns = st.columns(4)
            fields = [entry for entry in entries(QualityConfig) if entry.section == section]
            for place, entry in enumerate(fields):
                with columns[place % 4]:
                    widget(entry, start[entry.name], "quality", "quality")


def _check(workspace: Workspace, label: str, config: dict[str, Any], *, busy: bool) -> None:
    clicked = st.button(
        t(label), type="primary", icon=":material/verified:", key="quality-check", disabled=busy
    )
    if clicked:
        set_params(job=Jobs(workspace).submit("check", config))
        st.rerun()


def _to_build() -> None:
    if st.button(t("quality.to_build"), type="primary", icon=":material/arrow_forward:"):
        go("build")


run_page("quality", render)
