"""The view "Bring in" of the Exchange page: a file of a graph becomes a workspace of its own, or joins this one."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from core.catalogue.sources import uploads
from core.domain import content_hash
from core.errors import ShelfGraphError
from core.graph.exchange.files import take
from core.graph.exchange.formats import FORMATS, format_of_file
from core.graph.exchange.restore import BroughtIn, bring_in
from core.graph.exchange.verify import verify
from core.jobs import Jobs
from core.storage.workspaces import Workspace
from core.ui.exchange_take import jobs
from core.ui.session import workspaces
from core.ui.shell import problem, set_params, switch_workspace
from core.ui.text import number, t

AT_ONCE_BYTES = 15_000_000
"""Smaller files are read in while one waits, larger ones as a job."""
WHERE = ("new", "here")
_DONE, _FAILED, _ROUND = "exchange-done", "exchange-error", "exchange-round"


def draw(workspace: Workspace) -> None:
    """Draw the box for a file, where it is to go, and what came of the last one."""
    if failed := st.session_state.pop(_FAILED, None):
        problem(failed)
    jobs(workspace)
    if done := st.session_state.get(_DONE):
        _told(workspace, *done)
    st.html(f'<p class="sg-exchange-lead">{escape(t("exchange.bring_lead"))}</p>')
    endings = sorted({form.suffix.rpartition(".")[2] for form in FORMATS.values()})
    file = st.file_uploader(
        t("exchange.file"), type=endings, key=f"exchange-file-{st.session_state.get(_ROUND, 0)}"
    )
    if file is None:
        return
    where = st.radio(
        t("exchange.where"),
        WHERE,
        format_func=lambda name: t(f"exchange.where_{name}", name=workspace.info.name),
        captions=[t(f"exchange.where_{name}_note") for name in WHERE],
        key="exchange-where",
    )
    st.button(
        t("exchange.bring"),
        type="primary",
        icon=":material/download_done:",
        key="exchange-bring",
        on_click=_bring,
        args=(workspace, file, where or WHERE[0]),
    )


def _bring(workspace: Workspace, file: Any, where: str) -> None:
    name, data = Path(str(file.name)).name, file.getvalue()
    kept = uploads(workspace) / f"{content_hash(name)}-{len(data)}.graph"
    kept.write_bytes(data)
    try:
        if len(data) > AT_ONCE_BYTES:
            _as_job(workspace, kept, name, where)
            return
        if where == "here":
            st.session_state[_DONE] = (name, workspace.info.id, take(workspace, kept, name))
        else:
            st.session_state[_DONE] = (name, *_as_new(kept, name))
        kept.unlink()
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    except ShelfGraphError as error:
        kept.unlink(missing_ok=True)
        st.session_state.pop(_DONE, None)
        st.session_state[_FAILED] = error


def _as_new(path: Path, name: str) -> tuple[str, BroughtIn]:
    """The file as a workspace of its own, made only when the file holds together."""
    archive = format_of_file(path, name).read(path, name)
    verify(archive, name)
    made = workspaces().create(_title(archive.header.name, name))
    return made.info.id, bring_in(made, archive, name)


def _as_job(workspace: Workspace, kept: Path, name: str, where: str) -> None:
    target = workspace if where == "here" else workspaces().create(_title("", name))
    moved = uploads(target) / kept.name
    kept.replace(moved)
    job = Jobs(target).submit("exchange", {"action": "take", "file": moved.name, "name": name})
    if where == "new":
        switch_workspace(target.info.id)
    set_params(view="bring", job=job)


def _title(named: str, file: str) -> str:
    shown = "".join(c for c in named if c.isprintable()).strip()
    return shown[:80] or file.partition(".")[0] or file


def _told(workspace: Workspace, name: str, target: str, done: BroughtIn) -> None:
    figures = {n: number(getattr(done, n)) for n in ("products", "kept", "assertions", "entries")}
    text = t(f"exchange.done_{done.way}", name=escape(name), hash=escape(done.graph_hash[:8]), **figures)
    with st.container(border=True, key="exchange-done-box", horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="sg-exchange-done">{text}</div>')
        if target != workspace.info.id:
            st.button(
                t("exchange.open_new"),
                icon=":material/arrow_forward:",
                key="exchange-open-new",
                on_click=_open,
                args=(target,),
            )


def _open(target: str) -> None:
    st.session_state.pop(_DONE, None)
    switch_workspace(target)
