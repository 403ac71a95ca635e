"""Drivers: what the recommendations of a whole shop hang on, for whom, and what changed between two runs."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from core.drivers.kept import Drivers
from core.jobs import Jobs
from core.recommend import runs
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import drivers_state as state
from core.ui import drivers_view as view
from core.ui.drivers_kinds import kinds
from core.ui.explain_view import group_label
from core.ui.progress import job_panel
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import ago, distinct, number, percent, t

STYLE = ASSETS / "css" / "audit.css"
STAGE = "drivers"
VIEWS = ("weight", "swarm", "segments", "kinds", "change")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    finished = [run for run in runs.list_runs(workspace) if run.status == "done"]
    if not finished:
        header("drivers")
        empty("drivers", what=t("drivers.empty_what"), why=t("drivers.no_run"), button=_to_training)
        return
    run = _chosen(finished)
    active = Jobs(workspace).list(STAGE, active=True, limit=1)
    found = state.measured(workspace, run.id)
    header("drivers", _told(found, run), lambda: _actions(workspace, finished, run, busy=bool(active)))
    watched = active[0].id if active else _unfinished(workspace)
    if watched:
        with st.container(border=True, key="drivers-job"):
            job_panel(workspace, watched)
    if found is not None:
        _views(
            workspace, found, [one for one in finished if one.id != run.id], active[0].id if active else None
        )
    elif not active:
        empty(
            "drivers",
            what=t("drivers.empty_what"),
            why=t("drivers.empty_why"),
            button=lambda: _start(workspace, {"run": run.id}, "drivers_first", busy=False),
        )


def _views(workspace: Workspace, found: Drivers, others: list[runs.Run], busy: str | None) -> None:
    asked = param("view")
    chosen = st.segmented_control(
        t("drivers.view"),
        VIEWS,
        default=asked if asked in VIEWS else VIEWS[0],
        format_func=lambda name: t(f"drivers.view_{name}"),
        required=True,
        key="drivers_view",
        label_visibility="collapsed",
    )
    set_params(view=chosen if chosen != VIEWS[0] else None)
    if chosen == "weight":
        view.weight(found)
    elif chosen == "swarm":
        view.swarm(workspace, found)
    elif chosen == "segments":
        view.segments(workspace, found)
    elif chosen == "kinds":
        kinds(found)
    elif other := view.change(workspace, found, others, busy):
        params = {"run": other, "seed": found.seed, "shoppers": max(found.shoppers, 10)}
        set_params(job=Jobs(workspace).submit(STAGE, params))
        st.rerun()


def _to_training() -> None:
    if st.button(t("drivers.to_training"), type="primary"):
        go("train")


def _chosen(finished: list[runs.Run]) -> runs.Run:
    """The run of the link, else the one that serves, else the latest."""
    asked = param("run")
    serving = next((run for run in finished if run.serving), finished[0])
    return next((run for run in finished if run.id == asked), serving)


def _unfinished(workspace: Workspace) -> str | None:
    """The measurement of the link, where it failed or was cancelled."""
    job = next((one for one in Jobs(workspace).list(STAGE, limit=50) if one.id == param("job")), None)
    return job.id if job is not None and job.status in ("failed", "cancelled") else None


def _told(found: Drivers | None, run: runs.Run) -> str:
    if found is None:
        return t("drivers.state_none", run=escape(run.name))
    first, second = state.weights(found, "groups")[:2]
    return t(
        "drivers.state",
        run=escape(run.name),
        shoppers=number(found.shoppers),
        rows=number(len(found.rows)),
        first=escape(group_label(first.name)),
        share=percent(first.share.mean, 0),
        second=escape(group_label(second.name)),
        other=percent(second.share.mean, 0),
        when=ago(found.created_at),
    )


def _actions(workspace: Workspace, finished: list[runs.Run], run: runs.Run, *, busy: bool) -> None:
    with st.popover(t("drivers.settings"), icon=":material/tune:"):
        names = distinct({one.id: one.name for one in finished})
        chosen = st.selectbox(
            t("drivers.run"),
            list(names),
            index=list(names).index(run.id),
            format_func=names.__getitem__,
            key=f"drivers_run_{run.id}",
        )
        if chosen != run.id:
            set_params(run=chosen, **{"from": None})
            st.rerun()
        params: dict[str, Any] = {
            "run": run.id,
            "shoppers": st.slider(
                t("drivers.shoppers"),
                50,
                1_000,
                200,
                50,
                help=t("drivers.shoppers_help"),
                key="drivers_shoppers_n",
            ),
            "each": st.slider(t("drivers.each"), 1, 10, 2, help=t("drivers.each_help"), key="drivers_each"),
            "seed": int(st.number_input(t("drivers.seed"), 0, 2**31 - 1, 0, key="drivers_seed")),
        }
    _start(workspace, params, "drivers_start", busy=busy)


def _start(workspace: Workspace, params: dict[str, Any], key: str, *, busy: bool) -> None:
    clicked = st.button(
        t("drivers.start"),
        type="primary",
        icon=":material/balance:",
        disabled=busy,
        help=t("drivers.start_help"),
        key=key,
    )
    if clicked:
        set_params(job=Jobs(workspace).submit(STAGE, params), run=params["run"])
        st.rerun()


run_page("drivers", render)
