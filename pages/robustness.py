"""Robustness: every attack clean, attacked and defended, how strength tells, and who looks planted."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from core.jobs import Jobs
from core.recommend import runs
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import robustness_view as view
from core.ui.progress import job_panel
from core.ui.robustness_state import examined, worst
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import ago, distinct, number, percent, t

STYLE = ASSETS / "css" / "robustness.css"
STAGE = "robustness"


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    finished = [run for run in runs.list_runs(workspace) if run.status == "done"]
    if not finished:
        header("robustness")
        empty("robustness", what=t("robustness.empty_what"), why=t("robustness.no_run"), button=_to_training)
        return
    run = _chosen(finished)
    active = Jobs(workspace).list(STAGE, active=True, limit=1)
    found = examined(workspace, run.id)
    header(
        "robustness",
        _told(found, run.name),
        lambda: _actions(workspace, finished, run, busy=bool(active)),
    )
    watched = active[0].id if active else _unfinished(workspace)
    if watched:
        with st.container(border=True, key="robustness-job"):
            job_panel(workspace, watched)
    if found is not None:
        view.result(workspace, found)
    elif not active:
        empty(
            "robustness",
            what=t("robustness.empty_what"),
            why=t("robustness.empty_why"),
            button=lambda: _start(workspace, {"run": run.id}, "robustness_first", busy=False),
        )


def _to_training() -> None:
    if st.button(t("robustness.to_training"), type="primary"):
        go("train")


def _chosen(finished: list[runs.Run]) -> runs.Run:
    """The run of the link, else the one that serves, else the latest."""
    asked = param("run")
    serving = next((run for run in finished if run.serving), finished[0])
    return next((run for run in finished if run.id == asked), serving)


def _unfinished(workspace: Workspace) -> str | None:
    """The examination of the link, where it failed or was cancelled."""
    job = next((one for one in Jobs(workspace).list(STAGE, limit=50) if one.id == param("job")), None)
    return job.id if job is not None and job.status in ("failed", "cancelled") else None


def _told(found: dict[str, Any] | None, name: str) -> str:
    if found is None:
        return t("robustness.state_none", run=escape(name))
    harm, push = worst(found, targeted=False), worst(found, targeted=True)
    return t(
        "robustness.state",
        run=escape(name),
        cases=number(found["cases"]),
        harm=escape(view.attack_name(harm)),
        drop=percent(harm["attacked"]["ndcg@10"] / max(harm["clean"]["ndcg@10"], 1e-9) - 1, 0),
        push=escape(view.attack_name(push)),
        before=percent(push["clean"]["target_hit"]),
        after=percent(push["attacked"]["target_hit"]),
        when=ago(found["created_at"]),
    )


def _actions(workspace: Workspace, finished: list[runs.Run], run: runs.Run, *, busy: bool) -> None:
    with st.popover(t("robustness.settings"), icon=":material/tune:"):
        names = distinct({one.id: one.name for one in finished})
        chosen = st.selectbox(
            t("robustness.run"),
            list(names),
            index=list(names).index(run.id),
            format_func=names.__getitem__,
            key=f"robustness_run_{run.id}",
        )
        if chosen != run.id:
            set_params(run=chosen)
            st.rerun()
        params: dict[str, Any] = {
            "run": run.id,
            "epsilon": st.slider(
                t("robustness.epsilon"),
                0.05,
                1.0,
                0.25,
                0.05,
                help=t("robustness.epsilon_help"),
                key="robustness_epsilon",
            ),
            "targets": st.slider(
                t("robustness.targets"),
                1,
                10,
                3,
                help=t("robustness.targets_help"),
                key="robustness_targets",
            ),
            "rounds": st.slider(
                t("robustness.rounds"), 1, 10, 3, help=t("robustness.rounds_help"), key="robustness_rounds"
            ),
            "orders": st.slider(
                t("robustness.orders"), 0, 40, 8, help=t("robustness.orders_help"), key="robustness_orders"
            ),
            "seed": int(st.number_input(t("robustness.seed"), 0, 2**31 - 1, 0, key="robustness_seed")),
        }
    _start(workspace, params, "robustness_start", busy=busy)


def _start(workspace: Workspace, params: dict[str, Any], key: str, *, busy: bool) -> None:
    clicked = st.button(
        t("robustness.start"),
        type="primary",
        icon=":material/shield:",
        disabled=busy,
        help=t("robustness.start_help"),
        key=key,
    )
    if clicked:
        set_params(job=Jobs(workspace).submit(STAGE, params), run=params["run"])
        st.rerun()


run_page("robustness", render)
