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
from core.ui.linked import switch
from core.ui.measure import Measure
from core.ui.shell import empty, header, run_page, set_params
from core.ui.text import ago, number, percent, t

STYLE = ASSETS / "css" / "audit.css"
MEASURE = Measure("drivers", "balance")
VIEWS = ("weight", "swarm", "segments", "kinds", "change")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    finished = [run for run in runs.list_runs(workspace) if run.status == "done"]
    if not finished:
        header("drivers")
        empty("drivers", what=t("drivers.empty_what"), why=t("drivers.no_run"), button=MEASURE.to_training)
        return
    run = MEASURE.chosen(finished)
    active = MEASURE.active(workspace)
    found = state.measured(workspace, run.id)
    header("drivers", _told(found, run), lambda: _actions(workspace, finished, run, busy=active is not None))
    MEASURE.progress(workspace, active)
    if found is not None:
        _views(workspace, found, [one for one in finished if one.id != run.id], active.id if active else None)
    elif not active:
        empty(
            "drivers",
            what=t("drivers.empty_what"),
            why=t("drivers.empty_why"),
            button=lambda: MEASURE.start(workspace, {"run": run.id}, "drivers_first", busy=False),
        )


def _views(workspace: Workspace, found: Drivers, others: list[runs.Run], busy: str | None) -> None:
    chosen = switch(t("drivers.view"), VIEWS, "view", "drivers_view", lambda name: t(f"drivers.view_{name}"))
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
        set_params(job=Jobs(workspace).submit(MEASURE.name, params))
        st.rerun()


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
        MEASURE.choose(finished, run, **{"from": None})
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
    MEASURE.start(workspace, params, "drivers_start", busy=busy)


run_page("drivers", render)
