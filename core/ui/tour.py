"""The guided demo: one job that does the whole chain on the sample, and a narration that follows the viewer.

The tour is on while the link says ``tour=<job id>``; every link within the app carries it along.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import streamlit as st

from core.errors import JobError
from core.jobs.store import Jobs
from core.jobs.views import JobView, Status
from core.stages.demo import PARTS
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.session import workspaces
from core.ui.text import percent, t

POLL_SECONDS = 1.0
Progress = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of the tour: the page it is at, and the part of the demo's job that must have begun to see anything."""

    page: str
    part: str


STOPS = (
    Stop("catalogue", "import"),
    Stop("build", "build"),
    Stop("graph", "build"),
    Stop("train", "train"),
    Stop("recommend", "explain"),
    Stop("explain", "explain"),
)


def start() -> str:
    """Make a workspace for the demo, start its job, and put the visit on the tour; gives the job's id."""
    workspace = workspaces().create(t("home.demo_workspace"))
    job_id = Jobs(workspace).submit("demo", {})
    st.session_state["w"] = workspace.info.id
    st.session_state["tour"] = job_id
    st.session_state.pop("tour-left", None)
    return job_id


def stop() -> None:
    """End the tour; the job goes on."""
    st.session_state.pop("tour", None)
    st.session_state["tour-left"] = True
    st.query_params.pop("tour", None)


def current(workspace: Workspace) -> JobView | None:
    """The demo's job this visit is being shown, if any; a visit that finds one at work joins it."""
    jobs = Jobs(workspace)
    job_id = st.query_params.get("tour") or st.session_state.get("tour") or _at_work(jobs)
    if not job_id:
        return None
    try:
        job = jobs.get(job_id)
    except JobError:  # the tour belongs to another workspace
        return None
    st.session_state["tour"] = job_id
    return job


def _at_work(jobs: Jobs) -> str:
    if st.session_state.get("tour-left"):
        return ""
    return next((job.id for job in jobs.list("demo", active=True, limit=1)), "")


def progress(job: JobView, part: str) -> Progress:
    """How far a part of the demo is; the job counts its parts in ``done``."""
    position = PARTS.index(part)
    if job.status is Status.DONE or job.done >= position + 1:
        return "done"
    if position > int(job.done):
        return "waiting"
    return "running" if job.active else "failed"


def banner(workspace: Workspace, page: str) -> None:
    """The narration at the top of a page while the tour is on; refreshed by itself while the job runs."""
    job = current(workspace)
    if job is None:
        return
    if st.query_params.get("tour") != job.id:
        st.query_params["tour"] = job.id

    def told() -> None:
        now = Jobs(workspace).get(job.id)
        if job.active and not now.active:
            st.rerun(scope="app")
        _banner(now, page)

    st.fragment(told, run_every=POLL_SECONDS if job.active else None)()


def stop_params(stop_: Stop, job: JobView) -> dict[str, Any]:
    """The view a stop opens with: its job while one is to be watched, then the demo's own result."""
    if stop_.page in ("build", "train"):
        return {"job": job.id}
    shown = (job.result or {}).get("explain", {})
    if stop_.page in ("recommend", "explain") and shown:
        return {"user": shown["shopper"], "item": shown["product"]}
    return {}


def _banner(job: JobView, page: str) -> None:
    here = next((i for i, stop_ in enumerate(STOPS) if stop_.page == page), None)
    with st.container(key="sg-tour"):
        left, right = st.columns([5, 2], vertical_alignment="center")
        with left:
            st.html(_narration(job, page, here))
        with right, st.container(horizontal=True, horizontal_alignment="right", key="sg-tour-links"):
            ahead = 0 if here is None else here + 1
            if ahead < len(STOPS):
                following = STOPS[ahead]
                name = t(f"common.page_{following.page}")
                label = (
                    t("home.tour_next", page=name) if here is not None else t("home.tour_first", page=name)
                )
                navigation.link(
                    following.page, label, icon="arrow_forward", **stop_params(following, job), tour=job.id
                )
            st.button(t("home.tour_end"), key="tour_end", type="tertiary", on_click=stop)


def _narration(job: JobView, page: str, here: int | None) -> str:
    from core.ui.progress import message  # it needs the shell, which needs this module

    step = t("home.tour_step", n=(here or 0) + 1, of=len(STOPS)) if here is not None else t("home.tour_name")
    state = progress(job, STOPS[here].part) if here is not None else ("running" if job.active else "done")
    told = t(f"home.tour_{page if here is not None else 'home'}_{state}")
    where = f" · {percent(job.fraction)}" if job.active else ""
    doing = message(job)
    note = f'<div class="sg-tour-note">{escape(doing)}</div>' if doing else ""
    return (
        f'<div class="sg-tour-step" role="status">{escape(step)}{where}</div>'
        f'<div class="sg-tour-told">{escape(told)}</div>{note}'
    )
