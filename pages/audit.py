"""Audit: who is shown, who is served well, which texts wait for a person, and the cards that state it all."""

from __future__ import annotations

from html import escape
from typing import Any

import streamlit as st

from core.recommend import runs
from core.recommend.withheld import withheld
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import audit_view as view
from core.ui.audit_cards import cards
from core.ui.audit_state import audited
from core.ui.audit_texts import texts
from core.ui.linked import switch
from core.ui.measure import Measure
from core.ui.session import cached_catalogue
from core.ui.shell import empty, go, header, run_page
from core.ui.text import ago, number, percent, t

STYLE = ASSETS / "css" / "audit.css"
MEASURE = Measure("audit", "policy")
VIEWS = ("exposure", "quality", "texts", "cards")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    if not cached_catalogue(workspace).products:
        header("audit")
        empty("audit", what=t("audit.empty_what"), why=t("audit.no_products"), button=_to_catalogue)
        return
    finished = [run for run in runs.list_runs(workspace) if run.status == "done"]
    run = MEASURE.chosen(finished) if finished else None
    found = audited(workspace, run.id) if run else None
    active = MEASURE.active(workspace)
    header(
        "audit",
        _told(workspace, found, run),
        (lambda: _actions(workspace, finished, run, busy=active is not None)) if run else None,
    )
    MEASURE.progress(workspace, active)
    chosen = _view()
    if chosen == "texts":
        texts(workspace)
    elif run is None:
        empty("audit", what=t("audit.empty_what"), why=t("audit.no_run"), button=MEASURE.to_training)
    elif chosen == "cards":
        cards(workspace, run, found)
    elif found is None:
        if not active:
            asked = {"run": run.id}
            empty(
                "audit",
                what=t("audit.empty_what"),
                why=t("audit.empty_why"),
                button=lambda: MEASURE.start(workspace, asked, "audit_first", busy=False),
            )
    elif chosen == "quality":
        view.quality(found)
    else:
        view.exposure(found)


def _view() -> str:
    return switch(t("audit.view"), VIEWS, "view", "audit_view", lambda name: t(f"audit.view_{name}"))


def _to_catalogue() -> None:
    if st.button(t("audit.to_catalogue"), type="primary"):
        go("catalogue")


def _told(workspace: Workspace, found: dict[str, Any] | None, run: runs.Run | None) -> str:
    if run is None:
        return t("audit.state_no_run")
    if found is None:
        return t("audit.state_none", run=escape(run.name))
    own = found["concentration"]["model"]
    return t(
        "audit.state",
        run=escape(run.name),
        shoppers=number(found["shoppers"]),
        coverage=percent(own["coverage"]["mean"], 0),
        lift=("+" if own["lift"]["mean"] > 0 else "") + percent(own["lift"]["mean"], 0),
        hidden=number(len(withheld(workspace))),
        when=ago(found["created_at"]),
    )


def _actions(workspace: Workspace, finished: list[runs.Run], run: runs.Run, *, busy: bool) -> None:
    with st.popover(t("audit.settings"), icon=":material/tune:"):
        MEASURE.choose(finished, run)
        params: dict[str, Any] = {
            "run": run.id,
            "k": st.slider(t("audit.k"), 1, 50, 10, help=t("audit.k_help"), key="audit_k"),
            "seed": int(st.number_input(t("audit.seed"), 0, 2**31 - 1, 0, key="audit_seed")),
        }
    MEASURE.start(workspace, params, "audit_start", busy=busy)


run_page("audit", render)
