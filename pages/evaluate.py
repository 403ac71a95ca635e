"""Evaluate: how good the reading is on labelled texts, where it errs, and what more labels would bring."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import streamlit as st

from core.jobs import Jobs, Status
from core.settings import ASSETS
from core.stages.evaluate_plan import EvaluateParams
from core.storage.workspaces import Workspace
from core.ui.evaluate_form import form
from core.ui.evaluate_live import live
from core.ui.evaluate_state import Kept, evaluations, points
from core.ui.evaluate_view import bar, evaluation
from core.ui.machine import gpu_slot
from core.ui.progress import job_panel, watched
from core.ui.shell import empty, header, param, run_page, set_params
from core.ui.text import ago, number, t

STYLE = ASSETS / "css" / "evaluate.css"
STAGE = "evaluate"


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    known = evaluations(workspace)
    job = watched(workspace, STAGE)
    if job is not None and job.status is not Status.DONE:
        with st.container(border=True, key="evaluate-job"):
            job_panel(workspace, job.id, lambda one: live(workspace, one))
    busy = bool(Jobs(workspace).list(STAGE, active=True, limit=1))
    if param("view") == "new":
        params = form(workspace)
        header("evaluate", _state(known), lambda: _start(workspace, params, known, busy))
    elif known:
        chosen, other = bar(known, param("e") or (job.id if job else ""))
        header("evaluate", _told(chosen), lambda: _new(busy=busy))
        evaluation(chosen, other)
    else:
        header("evaluate", _state(known))
        if not busy:
            empty(
                "evaluate",
                what=t("evaluate.empty_what"),
                why=t("evaluate.empty_why"),
                button=lambda: _new(busy=False),
            )


def _state(known: Mapping[str, Kept]) -> str:
    return t("evaluate.state_known", n=number(len(known))) if known else t("evaluate.state_none")


def _told(kept: Kept) -> str:
    strict = kept.result["strict"]
    return t(
        "evaluate.state",
        f1=points(strict["f1"]),
        right=number(strict["vc"]),
        gold=number(strict["vn"] + strict["vc"] + strict["vw"]),
        texts=number(kept.result["n"]),
        title=escape(kept.title),
        when=ago(kept.result["created_at"]),
    )


def _new(*, busy: bool) -> None:
    st.button(
        t("evaluate.new"),
        type="primary",
        icon=":material/add:",
        key="evaluate-new",
        disabled=busy,
        on_click=set_params,
        kwargs={"view": "new", "job": None},
    )


def _start(
    workspace: Workspace, params: EvaluateParams | None, known: Mapping[str, Kept], busy: bool
) -> None:
    if known:
        st.button(
            t("evaluate.back"),
            type="tertiary",
            key="evaluate-back",
            on_click=set_params,
            kwargs={"view": None},
        )
    clicked = st.button(
        t("evaluate.start"),
        type="primary",
        icon=":material/play_arrow:",
        key="evaluate-start",
        disabled=params is None or busy,
    )
    if clicked and params is not None:
        job = Jobs(workspace).submit(STAGE, params.model_dump(mode="json"), gpu_slot())
        set_params(job=job, view=None, e=None, kind=None, p=None, vs=None)
        st.rerun()


run_page("evaluate", render)
