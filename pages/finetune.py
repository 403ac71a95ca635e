"""Fine-tune: the language model learns from labelled texts; what it learned is listed, compared, chosen."""

from __future__ import annotations

import streamlit as st

from core.jobs import Jobs, Status
from core.settings import ASSETS
from core.stages.finetune_plan import FinetuneParams
from core.storage.workspaces import Workspace
from core.ui.finetune_form import form
from core.ui.finetune_live import live
from core.ui.finetune_state import Listed, known
from core.ui.finetune_view import adapters_view
from core.ui.machine import gpu_slot
from core.ui.progress import job_panel, watched
from core.ui.shell import empty, header, param, run_page, set_params
from core.ui.text import number, percent, t

STYLE = ASSETS / "css" / "finetune.css"
STAGE = "finetune"


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    made = known(workspace)
    job = watched(workspace, STAGE)
    if job is not None and job.status is not Status.DONE:
        with st.container(border=True, key="finetune-job"):
            job_panel(workspace, job.id, lambda one: live(workspace, one))
    busy = bool(Jobs(workspace).list(STAGE, active=True, limit=1))
    if param("view") == "new":
        params = form(workspace)
        header("finetune", _state(made), lambda: _start(workspace, params, busy))
        return
    header("finetune", _state(made), (lambda: _new(busy=busy)) if made or busy else None)
    if made:
        adapters_view(made)
    elif not busy:
        empty(
            "finetune",
            what=t("finetune.empty_what"),
            why=t("finetune.empty_why"),
            button=lambda: _new(busy=False),
        )


def _state(made: list[Listed]) -> str:
    if not made:
        return t("finetune.state_none")
    best = min(made, key=lambda one: one.card.loss / max(one.card.loss_before, 1e-9))
    return t(
        "finetune.state",
        n=number(len(made)),
        before=number(best.card.loss_before, 2),
        after=number(best.card.loss, 2),
        right=percent(best.card.right),
    )


def _new(*, busy: bool) -> None:
    st.button(
        t("finetune.new"),
        type="primary",
        icon=":material/add:",
        key="finetune-new",
        disabled=busy,
        on_click=set_params,
        kwargs={"view": "new", "job": None},
    )


def _start(workspace: Workspace, params: FinetuneParams | None, busy: bool) -> None:
    st.button(
        t("finetune.back"),
        type="tertiary",
        key="finetune-back",
        on_click=set_params,
        kwargs={"view": None},
    )
    clicked = st.button(
        t("finetune.start"),
        type="primary",
        icon=":material/play_arrow:",
        key="finetune-start",
        disabled=params is None or busy,
    )
    if clicked and params is not None:
        job = Jobs(workspace).submit(STAGE, params.model_dump(mode="json"), gpu_slot())
        set_params(job=job, view=None, a=None)
        st.rerun()


run_page("finetune", render)
