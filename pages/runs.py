"""Runs: all trainings beside each other, what sets them apart, and which one serves."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.jobs import Jobs
from core.recommend import runs
from core.storage.workspaces import Workspace
from core.ui.certificate_view import STYLE
from core.ui.runs_board import board, level
from core.ui.runs_card import card, promote, undo_line
from core.ui.runs_compare import comparison
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import number, t


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    known = runs.list_runs(workspace)
    if not known:
        header("runs")
        empty(
            "runs",
            what=t("runs.empty_what"),
            why=t("runs.empty_why"),
            button=lambda: _train("runs.empty_button"),
        )
        return
    opened = _opened(workspace, known)
    undo_line(workspace)
    st.markdown(f"**{t('runs.board')}**", help=t("runs.board_help"))
    chosen = board(known, opened.id)
    if chosen != opened.id:
        set_params(run=chosen, job=None)
        opened = next(run for run in known if run.id == chosen)
    header("runs", _state(known), lambda: _action(workspace, opened))
    card(workspace, opened, known)
    st.divider()
    comparison(workspace, known)


def _opened(workspace: Workspace, known: list[runs.Run]) -> runs.Run:
    """The run of the link, that of the link's job, the one that serves, or the newest."""
    asked = param("run") or _of_job(workspace, param("job"))
    serving = next((run for run in known if run.serving), known[0])
    return next((run for run in known if run.id == asked), serving)


def _of_job(workspace: Workspace, job_id: str | None) -> str:
    jobs = Jobs(workspace).list("certify", limit=50) if job_id else []
    return next((str(job.params.get("run")) for job in jobs if job.id == job_id), "")


def _state(known: list[runs.Run]) -> str:
    serving = next((run for run in known if run.serving), None)
    if serving is None:
        return t("runs.state", runs=number(len(known)))
    return t(
        "runs.state_serving",
        runs=number(len(known)),
        name=escape(serving.name),
        ndcg=level(serving.metrics["models"]["shelfgraph"]),
        n=number(serving.metrics["cases"]),
    )


def _action(workspace: Workspace, opened: runs.Run) -> None:
    if opened.status == "done" and not opened.serving:
        st.button(
            t("runs.promote"),
            type="primary",
            icon=":material/publish:",
            key="runs-promote",
            on_click=promote,
            args=(workspace, opened),
        )
    else:
        _train("runs.train_another")


def _train(label: str) -> None:
    if st.button(t(label), type="primary", icon=":material/add:", key="runs-train"):
        go("train")


run_page("runs", render)
