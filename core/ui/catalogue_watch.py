"""Catalogue → Folder: keep the graph fresh from a folder that is looked into every so often."""

from __future__ import annotations

import streamlit as st

from core.catalogue.read import FORMATS
from core.errors import ShelfGraphError
from core.jobs import Jobs, JobView
from core.stages.watch import WatchParams, inbox
from core.storage.workspaces import Workspace
from core.ui.labels import literal
from core.ui.progress import job_panel
from core.ui.shell import problem, set_params
from core.ui.text import ago, number, t

_STAGE = "watch"
_SHOWN = 8


def draw(workspace: Workspace) -> None:
    """Draw where the folder is, and the watch that runs or the form that starts one."""
    st.markdown(t("catalogue.watch_why"))
    st.code(str(inbox(workspace)), language=None)
    st.caption(t("catalogue.watch_formats", formats=", ".join(FORMATS)))
    jobs = Jobs(workspace).list(_STAGE, limit=1)
    if jobs:
        with st.container(border=True):
            job_panel(workspace, jobs[0].id, lambda job: _told(workspace, job))
    if not jobs or not jobs[0].active:
        _form(workspace)


def _form(workspace: Workspace) -> None:
    first = WatchParams()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        minutes = st.number_input(
            t("catalogue.watch_every"),
            min_value=0.1,
            max_value=10_080.0,
            value=first.every_minutes,
            format="%g",
            width=180,
            key="catalogue-watch-every",
        )
        if st.button(
            t("catalogue.watch_start"),
            type="primary",
            icon=":material/visibility:",
            key="catalogue-watch-start",
        ):
            wanted = {"every_minutes": minutes, "read": st.session_state["catalogue-watch-read"]}
            Jobs(workspace).submit(_STAGE, wanted)
            set_params(job=None)
            st.rerun()
    st.toggle(
        t("catalogue.watch_read"),
        value=first.read,
        help=t("catalogue.watch_read_help"),
        key="catalogue-watch-read",
    )


def _told(workspace: Workspace, job: JobView) -> None:
    """The last files that were taken in or refused, newest first."""
    told = [e for e in Jobs(workspace).latest_events(job.id) if e.kind in ("taken", "refused")][:_SHOWN]
    if not told:
        st.caption(t("catalogue.watch_nothing"))
    for event in told:
        data = event.data
        if event.kind == "refused":
            problem(ShelfGraphError(data["what"], where=data["where"] or data["file"], remedy=data["remedy"]))
            continue
        counts = {
            name: number(sum(int(report[name]) for report in data["reports"]))
            for name in ("added", "updated", "removed", "unchanged")
        }
        st.markdown(t("catalogue.watch_taken", file=literal(data["file"]), when=ago(event.time), **counts))
