"""Home: where this workspace stands, what to do next, and the whole job on the sample while one watches."""

from __future__ import annotations

from html import escape
from typing import Literal

import streamlit as st

from core.jobs import Jobs
from core.jobs.views import JobView
from core.storage.workspaces import Workspace
from core.ui import chain, navigation, tour
from core.ui.progress import ICONS, PAGES, stage_label, status_label
from core.ui.shell import go, header, page_exists, run_page
from core.ui.text import ago, duration, number, t

RECENT = 6
LIVE_SECONDS = 2.0


def render(workspace: Workspace) -> None:
    """Draw the page."""
    now, job = chain.standing(workspace), tour.current(workspace)
    if job is not None and job.active:
        header("home", t("home.state_demo", name=f"<strong>{escape(workspace.info.name)}</strong>"))
        st.fragment(_live, run_every=LIVE_SECONDS)(workspace)
        return
    step = chain.next_step(now)
    header(
        "home", _state(workspace, now), lambda: _next_button(step, "primary" if now.products else "secondary")
    )
    _stations(now)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _next(step)
        _recent(workspace)
    with right:
        _demo(job, now)


def _live(workspace: Workspace) -> None:
    """The page while the demo works: stations and stops fill up by themselves."""
    now, job = chain.standing(workspace), tour.current(workspace)
    _stations(now)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _recent(workspace)
    with right:
        _demo(job, now)


def _state(workspace: Workspace, now: chain.Standing) -> str:
    name = f"<strong>{escape(workspace.info.name)}</strong>"
    if not now.products:
        return t("home.state_empty", name=name)
    figures = {"products": number(now.products), "facts": number(now.facts), "runs": number(now.runs)}
    version = f" · <code>{escape(now.graph_hash[:8])}</code>" if now.graph_hash else ""
    return t("home.state", name=name, **figures) + version


def _next_button(step: chain.Step, kind: Literal["primary", "secondary"]) -> None:
    label = t(f"home.next_{step.name}")
    if page_exists(step.page) and st.button(label, type=kind, icon=":material/arrow_forward:"):
        go(step.page)


def _next(step: chain.Step) -> None:
    st.html(
        f'<h2 class="sg-h2">{escape(t("home.next_title"))}</h2>'
        f'<p class="sg-quiet"><strong>{escape(t(f"home.next_{step.name}"))}</strong><br>'
        f"{escape(t(f'home.next_{step.name}_why'))}</p>"
    )


def _stations(now: chain.Standing) -> None:
    with st.container(key="sg-stations"):
        for column, station in zip(st.columns(5, gap="small"), chain.stations(now), strict=True):
            with column, st.container(key=f"sg-station-{station.state}-{station.name}"):
                navigation.link(
                    station.page, t(f"common.chain_{station.name}"), icon=chain.ICONS[station.state]
                )
                st.html(
                    f'<div class="sg-station-figure">{escape(station.figure)}</div>'
                    f'<div class="sg-station-why">{escape(station.reason or t(f"home.does_{station.name}"))}</div>'
                )


def _recent(workspace: Workspace) -> None:
    jobs = Jobs(workspace).list(limit=RECENT)
    st.html(f'<h2 class="sg-h2">{escape(t("home.recent"))}</h2>')
    if not jobs:
        st.caption(t("home.recent_none"))
        return
    with st.container(key="sg-recent", gap=None):
        for job in jobs:
            page = PAGES.get(job.stage, "jobs")
            navigation.link(page, _job_line(job), icon=ICONS[job.status], width="stretch", job=job.id)


def _job_line(job: JobView) -> str:
    took = job.finished_at - job.started_at if job.finished_at and job.started_at else None
    told = [status_label(job), ago(job.created_at), *([duration(took)] if took is not None else [])]
    return f"{stage_label(job.stage)} :gray[{' · '.join(told)}]"


def _demo(job: JobView | None, now: chain.Standing) -> None:
    with st.container(border=True, key="sg-demo"):
        st.html(
            f'<h2 class="sg-h2">{escape(t("home.demo_title"))}</h2>'
            f'<p class="sg-quiet">{escape(t("home.demo_why"))}</p>'
        )
        if job is not None:
            _stops(job)
            return
        kind: Literal["primary", "secondary"] = "secondary" if now.products else "primary"
        if st.button(t("home.demo_start"), icon=":material/play_arrow:", type=kind, key="demo_start"):
            go("home", tour=tour.start())


def _stops(job: JobView) -> None:
    icons = {
        "waiting": "radio_button_unchecked",
        "running": "progress_activity",
        "done": "check_circle",
        "failed": "error",
    }
    with st.container(key="sg-stops", gap=None):
        for stop in tour.STOPS:
            state = tour.progress(job, stop.part)
            navigation.link(
                stop.page,
                f"{t(f'home.stop_{stop.page}')} :gray[{t(f'home.stop_{state}')}]",
                icon=icons[state],
                width="stretch",
                **tour.stop_params(stop, job),
            )


run_page("home", render)
