"""Jobs: what runs, what ran, what it said, and what went wrong."""

from __future__ import annotations

import json

import streamlit as st

from core.jobs import Jobs, JobView
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.progress import PAGES, job_panel, stage_label, status_label, when
from core.ui.shell import empty, go, header, page_exists, param, run_page, set_params
from core.ui.tables import table
from core.ui.text import duration, moment, number, t

SHOWN_EVENTS = 200


def render(workspace: Workspace) -> None:
    """Draw the page."""
    jobs = Jobs(workspace).list()
    active = [job for job in jobs if job.active]
    failed = sum(job.status == "failed" for job in jobs)
    header("jobs", t("jobs.state", n=number(len(jobs)), active=number(len(active)), failed=number(failed)))
    if not jobs:
        empty("jobs", what=t("jobs.empty_what"), why=t("jobs.empty_why"), button=_to_build)
        return
    for job in active:
        with st.container(border=True, key=f"active-{job.id}"):
            job_panel(workspace, job.id)
    chosen = _choose(jobs)
    if chosen:
        _details(workspace, chosen)


def _to_build() -> None:
    if page_exists("build") and st.button(t("jobs.to_build"), type="primary"):
        go("build")


def _choose(jobs: list[JobView]) -> JobView | None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "stage": [stage_label(job.stage) for job in jobs],
            "status": [status_label(job) for job in jobs],
            "share": [100 * job.fraction for job in jobs],
            "when": [when(job) for job in jobs],
            "took": [_took(job) for job in jobs],
            "attempt": [job.attempt for job in jobs],
            "id": [job.id for job in jobs],
        }
    )
    columns = {name: t(f"jobs.column_{name}") for name in frame.columns} | {
        "share": st.column_config.ProgressColumn(
            t("jobs.column_share"), min_value=0, max_value=100, format="%.0f%%"
        )
    }
    rows = table(frame, "jobs-table", columns=columns, selection=True)
    if rows:
        set_params(job=jobs[rows[0]].id)
    asked = param("job")
    return next((job for job in jobs if job.id == asked), None)


def _details(workspace: Workspace, job: JobView) -> None:
    st.subheader(f"{stage_label(job.stage)} · {moment(job.created_at)}", anchor=False)
    if not job.active:
        job_panel(workspace, job.id)
    if job.stage in PAGES and page_exists(PAGES[job.stage]):
        navigation.link(PAGES[job.stage], t("jobs.open_page"), icon="open_in_new", job=job.id)
    said, printed, asked = st.tabs([t("jobs.tab_events"), t("jobs.tab_log"), t("jobs.tab_params")])
    with said:
        _events(workspace, job)
    with printed:
        st.code(Jobs(workspace).log_tail(job.id) or t("jobs.log_empty"), language=None, height=320)
    with asked:
        left, right = st.columns(2)
        left.caption(t("jobs.params"))
        left.code(json.dumps(dict(job.params), ensure_ascii=False, indent=1), language="json")
        right.caption(t("jobs.result"))
        right.code(json.dumps(job.result, ensure_ascii=False, indent=1), language="json")


def _events(workspace: Workspace, job: JobView) -> None:
    import pandas as pd

    events = Jobs(workspace).latest_events(job.id, SHOWN_EVENTS)
    if not events:
        st.caption(t("jobs.events_empty"))
        return
    frame = pd.DataFrame(
        {
            "seq": [event.seq for event in events],
            "time": [moment(event.time) for event in events],
            "kind": [event.kind for event in events],
            "data": [json.dumps(event.data, ensure_ascii=False)[:400] for event in events],
        }
    )
    columns = {name: t(f"jobs.column_{name}") for name in frame.columns}
    table(frame, f"events-{job.id}", columns=columns, height=320)


def _took(job: JobView) -> str:
    return duration(job.finished_at - job.started_at) if job.finished_at and job.started_at else "–"


run_page("jobs", render)
