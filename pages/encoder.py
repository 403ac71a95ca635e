"""Encoder: the language model that reads products is tuned to the catalogue, and the ways to do so are compared."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.jobs import Jobs, Status
from core.llm.encoder_kinds import EncoderKind
from core.recommend.tuning.kept import EncoderCard, listed
from core.settings import ASSETS
from core.stages.encode import EncodeParams
from core.storage.workspaces import Workspace
from core.ui.encoder_form import form
from core.ui.encoder_live import live
from core.ui.encoder_state import Base, bases, kind_name
from core.ui.encoder_view import encoders_view, signed
from core.ui.machine import gpu_slot
from core.ui.progress import job_panel, watched
from core.ui.session import cached_catalogue
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import number, t

STYLES = (ASSETS / "css" / "finetune.css", ASSETS / "css" / "encoder.css")
STAGE = "encode"


def render(workspace: Workspace) -> None:
    """Draw the page."""
    for style in STYLES:
        st.html(style)
    known, found = listed(workspace), bases()
    if not cached_catalogue(workspace).counts.get("events") and not known:
        header("encoder")
        empty("encoder", what=t("encoder.no_events"), why=t("encoder.no_events_why"), button=_to_catalogue)
        return
    job = watched(workspace, STAGE)
    busy = job is not None and job.active
    if param("view") == "new" and found:
        params = form(workspace, found, known)
        header("encoder", _state(known), lambda: _start(workspace, params, busy=busy))
        return
    header(
        "encoder", _state(known), (lambda: _actions(workspace, found, busy=busy)) if known and found else None
    )
    if job is not None and job.status is not Status.DONE:
        with st.container(border=True, key="encoder-job"):
            job_panel(workspace, job.id, lambda one: live(workspace, one))
    if known:
        encoders_view(workspace, known)
    elif not found:
        empty("encoder", what=t("encoder.no_base"), why=t("encoder.empty_why"), button=_to_models)
    elif not busy:
        empty(
            "encoder",
            what=t("encoder.empty_what"),
            why=t("encoder.empty_why"),
            button=lambda: _actions(workspace, found, busy=False),
        )


def _to_catalogue() -> None:
    if st.button(t("train.empty_button"), type="primary"):
        go("catalogue")


def _to_models() -> None:
    if st.button(t("encoder.to_models"), type="primary"):
        go("models")


def _state(known: list[EncoderCard]) -> str:
    if not known:
        return t("encoder.state_none")
    best = max(known, key=lambda card: (card.change["low"] > 0, card.change["mean"]))
    if best.change["low"] <= 0:
        return t("encoder.state_unbeaten", n=number(len(known)), before=number(best.frozen["ndcg"], 4))
    return t(
        "encoder.state",
        n=number(len(known)),
        kind=kind_name(best.kind),
        before=number(best.frozen["ndcg"], 4),
        after=number(best.valid["ndcg"], 4),
        change=signed(best.change["mean"]),
    )


def _actions(workspace: Workspace, found: list[Base], *, busy: bool) -> None:
    with st.container(horizontal=True, width="content", key="encoder-actions"):
        st.button(
            t("encoder.new"),
            icon=":material/add:",
            key="encoder-new",
            disabled=busy,
            on_click=set_params,
            kwargs={"view": "new", "job": None},
        )
        _compare(workspace, {"base": found[0].id}, busy=busy)


def _compare(workspace: Workspace, params: dict[str, Any], *, busy: bool) -> None:
    clicked = st.button(
        t("encoder.compare"),
        type="primary",
        icon=":material/compare_arrows:",
        key="encoder-compare",
        disabled=busy,
        help=t("encoder.compare_help"),
    )
    if clicked:
        _submit(workspace, {**params, "kinds": [kind.value for kind in EncoderKind]})


def _start(workspace: Workspace, params: EncodeParams | None, *, busy: bool) -> None:
    with st.container(horizontal=True, width="content", key="encoder-actions"):
        st.button(
            t("encoder.back"),
            type="tertiary",
            key="encoder-back",
            on_click=set_params,
            kwargs={"view": None},
        )
        _compare(workspace, params.model_dump(mode="json") if params else {}, busy=busy or params is None)
        clicked = st.button(
            t("encoder.start"),
            icon=":material/play_arrow:",
            key="encoder-start",
            disabled=busy or params is None,
        )
    if clicked and params is not None:
        _submit(workspace, params.model_dump(mode="json"))


def _submit(workspace: Workspace, params: dict[str, Any]) -> None:
    set_params(job=Jobs(workspace).submit(STAGE, params, gpu_slot()), view=None, e=None)
    st.rerun()


run_page("encoder", render)
