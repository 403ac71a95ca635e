"""Robustness: every attack clean, attacked and defended, how strength tells, and who looks planted."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from core.recommend import runs
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import robustness_view as view
from core.ui.measure import Measure
from core.ui.robustness_state import examined, worst
from core.ui.shell import empty, header, run_page
from core.ui.text import ago, number, percent, t

STYLE = ASSETS / "css" / "robustness.css"
MEASURE = Measure("robustness", "shield")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    finished = [run for run in runs.list_runs(workspace) if run.status == "done"]
    if not finished:
        header("robustness")
        empty(
            "robustness",
            what=t("robustness.empty_what"),
            why=t("robustness.no_run"),
            button=MEASURE.to_training,
        )
        return
    run = MEASURE.chosen(finished)
    active = MEASURE.active(workspace)
    found = examined(workspace, run.id)
    header(
        "robustness",
        _told(found, run.name),
        lambda: _actions(workspace, finished, run, busy=active is not None),
    )
    MEASURE.progress(workspace, active)
    if found is not None:
        view.result(workspace, found)
    elif not active:
        empty(
            "robustness",
            what=t("robustness.empty_what"),
            why=t("robustness.empty_why"),
            button=lambda: MEASURE.start(workspace, {"run": run.id}, "robustness_first", busy=False),
        )


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
        MEASURE.choose(finished, run)
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
    MEASURE.start(workspace, params, "robustness_start", busy=busy)


run_page("robustness", render)
