"""Search: say what may vary and for how long, watch the trials, train with what validation liked best."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.jobs import Jobs, JobView
from core.recommend import runs
from core.recommend.search.kept import Kept
from core.recommend.search.plan import SearchPlan
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import search_view as view
from core.ui.machine import gpu_slot
from core.ui.progress import job_panel
from core.ui.search_form import form
from core.ui.search_state import kept_search, searches
from core.ui.session import cached_catalogue
from core.ui.shell import empty, fold, go, header, param, run_page, set_params
from core.ui.text import moment, number, t

STAGE = "tune"
STYLE = ASSETS / "css" / "search.css"


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    if not cached_catalogue(workspace).counts.get("events"):
        header("search")
        empty("search", what=t("search.empty_what"), why=t("search.empty_why"), button=_to_catalogue)
        return
    active = Jobs(workspace).list(STAGE, active=True, limit=1)
    known = searches(workspace)
    left, right = st.columns([2, 3], gap="large")
    with left:
        fold(t("search.plan"), open=not known)
        plan = form(workspace)
    with right:
        shown = _chosen(known, active[0].id if active else "")
    header("search", _told(known, shown), lambda: _start(workspace, plan, busy=bool(active)))
    with right:
        if active and (shown is None or shown.id == active[0].id):
            job_panel(workspace, active[0].id, lambda job: _live(workspace, job), every=2.0)
        elif shown is not None:
            _result(workspace, shown)
        else:
            _unfinished(workspace)
            st.html(f'<p class="sg-state">{escape(t("search.before_first"))}</p>')
    if shown is not None and not active:
        view.course(shown, shown.id)
        view.trials(shown)
        view.baselines(shown)


def _to_catalogue() -> None:
    if st.button(t("search.empty_button"), type="primary"):
        go("catalogue")


def _chosen(known: list[Kept], running: str) -> Kept | None:
    """The search of the link, or the one that runs, or the latest; with more than one, a chooser."""
    if not known:
        return None
    asked = param("search") or running or known[0].id
    ids = [one.id for one in known]
    names = {one.id: _name(one) for one in known}
    if len(known) > 1:
        asked = st.selectbox(
            t("search.which"),
            ids,
            index=ids.index(asked) if asked in ids else 0,
            format_func=names.__getitem__,
            key="search_which",
        )
        set_params(search=asked)
    return next((one for one in known if one.id == asked), known[0])


def _name(one: Kept) -> str:
    when = moment(float(one.told["created_at"]))
    return f"{one.plan.name} · {when}" if one.plan.name else when


def _told(known: list[Kept], shown: Kept | None) -> str:
    if shown is None or shown.best is None:
        return t("search.state_none", n=number(len(known)))
    return t(
        "search.state",
        n=number(len(known)),
        trials=number(len(shown.trials)),
        value=number(shown.best.value, 4),
        number=number(shown.best.number + 1),
    )


def _start(workspace: Workspace, plan: SearchPlan | None, *, busy: bool) -> None:
    clicked = st.button(
        t("search.start"),
        type="primary",
        icon=":material/manage_search:",
        disabled=busy or plan is None,
        key="search_start",
    )
    if clicked and plan is not None:
        slot = gpu_slot(plan.config.device)
        job = Jobs(workspace).submit(STAGE, plan.model_dump(mode="json"), slot)
        set_params(job=job, search=job)
        st.rerun()


def _live(workspace: Workspace, job: JobView) -> None:
    view.now(Jobs(workspace).latest_events(job.id, limit=200))
    found = kept_search(workspace, job.id)
    if found is not None:
        view.lines(found, f"live_{job.id}")
        view.course(found, f"live_{job.id}")


def _unfinished(workspace: Workspace) -> None:
    """A search that failed or was cancelled before its first trial."""
    job = next((one for one in Jobs(workspace).list(STAGE, limit=20) if one.id == param("job")), None)
    if job is not None and not job.active:
        job_panel(workspace, job.id)


def _result(workspace: Workspace, found: Kept) -> None:
    job = next((one for one in Jobs(workspace).list(STAGE, limit=200) if one.id == found.id), None)
    if not found.finished and job is not None:
        job_panel(workspace, job.id)
    view.verdict(found)
    if found.best is not None:
        with st.container(horizontal=True):
            if st.button(t("search.train"), icon=":material/model_training:", key=f"search_train_{found.id}"):
                _train(workspace, found)
            view.commands(workspace, found)
    view.lines(found, found.id)


def _train(workspace: Workspace, found: Kept) -> None:
    """Start a training with the best settings and with the baselines as they were tuned here."""
    if found.best is None:
        return
    config = found.config(found.best).model_dump(mode="json")
    name = t("search.run_name", name=_name(found), number=number(found.best.number + 1))
    params = {"config": config, "name": name[: runs.LONGEST_NAME], "search": found.id}
    job = Jobs(workspace).submit("train", params, gpu_slot(config["device"]))
    go("train", job=job)


run_page("search", render)
