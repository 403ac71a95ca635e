"""A job on screen: its panel with controls, and the thin line that shows it on every page.

Both poll the job's row in a fragment of their own; the page around them is only run again when the job ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from html import escape

import streamlit as st

from core import errors
from core.errors import JobError, ShelfGraphError
from core.jobs import Jobs, JobView, Status
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.shell import guarded, param, problem
from core.ui.text import ago, duration, has, moment, number, percent, t

POLL_SECONDS = 1.0
STRIP_SECONDS = 2.0
TEND_SECONDS = 3.0

PAGES = {
    "import": "catalogue",
    "build": "build",
    "train": "train",
    "certify": "runs",
    "demo": "home",
    "teach": "review",
    "evaluate": "evaluate",
    "finetune": "finetune",
    "watch": "catalogue",
    "resolve": "resolve",
    "exchange": "exchange",
    "check": "quality",
    "predict": "quality",
    "compress": "compress",
    "survey": "map",
    "robustness": "robustness",
    "tune": "search",
    "recommend_all": "recommend",
    "drivers": "drivers",
    "audit": "audit",
    "task": "tasks",
    "encode": "encoder",
}
ICONS: dict[Status, str] = {
    Status.QUEUED: "schedule",
    Status.RUNNING: "progress_activity",
    Status.PAUSED: "pause_circle",
    Status.DONE: "check_circle",
    Status.FAILED: "error",
    Status.CANCELLED: "cancel",
}
Draw = Callable[[JobView], None]


def job_panel(
    workspace: Workspace, job_id: str, draw: Draw | None = None, *, every: float = POLL_SECONDS
) -> None:
    """Draw a job with its controls and whatever ``draw`` adds, again every ``every`` seconds while it lives.

    When the job ends, or is tried again, the whole page runs once more, so that it can show what came of it.
    """
    live = Jobs(workspace).get(job_id).active

    def panel() -> None:
        with guarded():
            tend(workspace)
            job = Jobs(workspace).get(job_id)
            if live != job.active:
                st.rerun(scope="app")
            with st.container(key=f"job-head-{job_id}"):
                status_line(job)
                controls(workspace, job)
            if job.error:
                problem(as_error(job))
            if draw:
                draw(job)

    st.fragment(panel, run_every=every if live else None)()


def watched(workspace: Workspace, *stages: str) -> JobView | None:
    """The job of these stages that runs, else that of the link where it is one of them."""
    known = [job for stage in stages for job in Jobs(workspace).list(stage, limit=50)]
    running = next((job for job in known if job.active), None)
    return running or next((job for job in known if job.id == param("job")), None)


def strip_job(workspace: Workspace) -> None:
    """The jobs that are not over, one quiet line each, on every page; nothing when there is none.

    When one of them ends the page runs once more, so that it shows what came of it.
    """
    live = {job.id for job in Jobs(workspace).list(active=True, limit=3)}
    if not live:
        return

    def line() -> None:
        tend(workspace)
        jobs = Jobs(workspace).list(active=True, limit=3)
        if live - {job.id for job in jobs}:
            st.rerun(scope="app")
        for job in jobs:
            share = f" {percent(job.fraction)}" if job.total else ""
            navigation.link(
                PAGES.get(job.stage, "jobs"),
                f"{stage_label(job.stage)}:gray[{share} · {status_label(job)}]",
                icon=ICONS[job.status],
                help=message(job) or None,
                job=job.id,
            )

    with st.container(key="sg-strip-jobs"):
        st.fragment(line, run_every=STRIP_SECONDS)()


def status_line(job: JobView) -> None:
    """What the job is, where it stands and how long it has taken, over a bar that keeps its place."""
    parts = [
        f"<strong>{escape(stage_label(job.stage))}</strong>",
        escape(status_label(job)),
        escape(message(job)),
    ]
    if job.started_at:
        parts.append(escape(duration((job.finished_at or time.time()) - job.started_at)))
    if job.attempt > 1:
        parts.append(escape(t("jobs.attempt", n=job.attempt)))
    share = job.fraction * 100
    st.html(
        f'<div class="sg-job" title="{escape(job.id)} · {escape(moment(job.created_at))}">'
        f'<div class="sg-job-line">{" · ".join(part for part in parts if part)}'
        f"<span>{escape(_amount(job))}</span></div>"
        f'<div class="sg-job-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{share:.0f}" aria-label="{escape(stage_label(job.stage))}">'
        f'<i style="width:{share:.1f}%"></i></div></div>{_STYLE}'
    )


def controls(workspace: Workspace, job: JobView) -> None:
    """The buttons that fit the job's state, in a row whose height does not change."""
    jobs = Jobs(workspace)
    asked = job.wish == "cancel"
    held = job.wish == "pause" or job.status is Status.PAUSED
    with st.container(horizontal=True, key=f"job-controls-{job.id}"):
        if job.active and held:
            _button("go_on", "play_arrow", jobs.resume, job.id, disabled=asked)
        elif job.active:
            _button("pause", "pause", jobs.pause, job.id, disabled=asked)
        if job.active:
            _button("cancel", "stop", jobs.cancel, job.id, disabled=asked)
        if job.status in (Status.FAILED, Status.CANCELLED):
            _button("retry", "replay", jobs.retry, job.id)


def tend(workspace: Workspace) -> None:
    """Bring back jobs whose process has died, at most every three seconds of a visit."""
    key = f"tended-{workspace.info.id}"
    if time.time() - st.session_state.get(key, 0.0) > TEND_SECONDS:
        st.session_state[key] = time.time()
        Jobs(workspace).recover()


def stage_label(stage: str) -> str:
    """What a kind of job is called on screen."""
    key = f"jobs.stage_{stage}"
    return t(key) if has(key) else stage


def status_label(job: JobView) -> str:
    """Where the job stands, with a wish that has not been met yet."""
    if job.active and job.wish == "cancel":
        return t("jobs.cancelling")
    if job.status is Status.RUNNING and job.wish == "pause":
        return t("jobs.pausing")
    return t(f"jobs.status_{job.status.value}")


def message(job: JobView) -> str:
    """What the job says it is doing; a word the pages know is shown in the visitor's language."""
    key = f"jobs.message_{job.message}"
    return (t(key) if has(key) else job.message) if job.active else ""


def as_error(job: JobView) -> ShelfGraphError:
    """The error a job ended with, as the error it was."""
    told = dict(job.error or {})
    kind = getattr(errors, told.get("kind", ""), JobError)
    made: ShelfGraphError = kind(
        told.get("what", ""), where=told.get("where", ""), remedy=told.get("remedy", "")
    )
    return made


def when(job: JobView) -> str:
    """When the job was asked for, relative."""
    return ago(job.created_at)


def _amount(job: JobView) -> str:
    return f"{number(job.done)} / {number(job.total)}" if job.total else ""


def _button(name: str, icon: str, act: Callable[[str], None], job_id: str, *, disabled: bool = False) -> None:
    st.button(
        t(f"jobs.{name}"),
        icon=f":material/{icon}:",
        key=f"job-{name}-{job_id}",
        disabled=disabled,
        on_click=_do,
        args=(act, job_id),
    )


def _do(act: Callable[[str], None], job_id: str) -> None:
    try:
        act(job_id)
    except JobError as error:  # it ended between the drawing of the button and the click
        st.toast(error.what, icon=":material/info:")


_STYLE = """<style>
.sg-job-line{display:flex;gap:.4rem;flex-wrap:wrap;font-size:.92rem;min-height:1.5rem}
.sg-job-line span{margin-left:auto;font-variant-numeric:tabular-nums;opacity:.75}
.sg-job-bar{height:6px;border-radius:3px;overflow:hidden;margin:.2rem 0;background:var(--sg-faint)}
.sg-job-bar i{display:block;height:100%;background:var(--sg-accent,#1f6fbf);transition:width .6s linear}
.st-key-sg-strip-jobs{margin-left:auto}
</style>"""
