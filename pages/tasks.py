"""Predict: the class of a product, the stars it will get, whether it meets a need; how well that works, and why."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.jobs import Jobs, JobView, Status
from core.recommend.tasks import kept
from core.recommend.tasks.config import TaskConfig
from core.recommend.tasks.kept import Card
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import task_charts as charts
from core.ui.charts import show
from core.ui.linked import switch
from core.ui.progress import job_panel, watched
from core.ui.session import cached_catalogue
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.task_ask import ask
from core.ui.task_form import form
from core.ui.task_quality import quality
from core.ui.task_state import Opened, name_of, opened, task_label
from core.ui.text import ago, distinct, number, t

STYLE = ASSETS / "css" / "tasks.css"
STAGE = "task"
VIEWS = ("ask", "quality")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    if not cached_catalogue(workspace).counts.get("products"):
        header("tasks")
        empty("tasks", what=t("tasks.empty_what"), why=t("tasks.empty_no_products"), button=_to_catalogue)
        return
    known = kept.cards(workspace)
    job = watched(workspace, STAGE)
    busy = bool(Jobs(workspace).list(STAGE, active=True, limit=1))
    if job is not None and job.status is not Status.DONE:
        with st.container(border=True, key="tasks-job"):
            job_panel(workspace, job.id, lambda one: _live(workspace, one))
    if param("view") == "new":
        config = form(workspace)
        header("tasks", t("tasks.state_new"), lambda: _start(workspace, config, busy))
        return
    if not known:
        header("tasks")
        if not busy:
            empty("tasks", what=t("tasks.empty_what"), why=t("tasks.empty_why"), button=_new)
        return
    card = next((card for card in known if card.id == param("task")), known[0])
    chosen = opened(workspace, card)
    header("tasks", _state(chosen), _new)
    view = _choose(workspace, known, card)
    if view == "quality":
        quality(workspace, chosen)
    else:
        ask(workspace, chosen)


def _to_catalogue() -> None:
    if st.button(t("tasks.to_catalogue"), type="primary"):
        go("catalogue")


def _state(chosen: Opened) -> str:
    metrics = chosen.metrics
    own = metrics["models"]["network"][metrics["main"]]
    best = metrics["models"][metrics["best_baseline"]][metrics["main"]]
    lower = metrics["main"] in metrics["lower_is_better"]
    return t(
        "tasks.state_lower" if lower else "tasks.state",
        name=escape(name_of(chosen.card)),
        figure=t(f"tasks.figure_{metrics['main']}"),
        value=number(own["value"], 3),
        baseline=t(f"tasks.model_{metrics['best_baseline']}"),
        other=number(best["value"], 3),
        n=number(metrics["tested"]),
        when=ago(chosen.card.created_at),
    )


def _choose(workspace: Workspace, known: list[Card], card: Card) -> str:
    """Draw the choosers; gives the view."""
    names = distinct({one.id: name_of(one) for one in known})
    left, right = st.columns([2, 3], gap="large", vertical_alignment="bottom")
    with left:
        task = st.selectbox(
            t("tasks.model"),
            list(names),
            index=list(names).index(card.id),
            format_func=names.__getitem__,
            key=f"tasks_model_{card.id}",
        )
    if task != card.id:
        set_params(task=task, text=None, need=None, **{"class": None})
        st.rerun()
    with right, st.container(horizontal=True, vertical_alignment="center"):
        view = switch(t("tasks.view"), VIEWS, "view", "tasks_view", lambda name: t(f"tasks.view_{name}"))
        with st.popover(t("tasks.manage"), icon=":material/more_horiz:"):
            name = st.text_input(t("tasks.rename"), name_of(card), max_chars=120, key=f"tasks_name_{card.id}")
            if st.button(t("tasks.rename_do"), disabled=name.strip() in ("", name_of(card))):
                kept.rename(workspace, card.id, name)
                st.rerun()
            if st.button(t("tasks.delete"), icon=":material/delete:", key=f"tasks_delete_{card.id}"):
                kept.remove(workspace, card.id)
                set_params(task=None)
                st.rerun()
    return view


def _new() -> None:
    st.button(
        t("tasks.new"),
        type="primary",
        icon=":material/add:",
        key="tasks_new",
        on_click=set_params,
        kwargs={"view": "new", "job": None},
    )


def _start(workspace: Workspace, config: TaskConfig | None, busy: bool) -> None:
    st.button(t("tasks.back"), type="tertiary", key="tasks_back", on_click=set_params, kwargs={"view": None})
    clicked = st.button(
        t("tasks.start"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=config is None or busy,
        key="tasks_start",
    )
    if clicked and config is not None:
        params = {"config": config.model_dump(mode="json")}
        set_params(job=Jobs(workspace).submit(STAGE, params), view="quality", task=None)
        st.rerun()


def _live(workspace: Workspace, job: JobView) -> None:
    events = Jobs(workspace).events(job.id, limit=20_000)
    lines = [event.data for event in events if event.kind == "epoch"]
    st.caption(task_label(TaskConfig.model_validate(job.params["config"])))
    for event in events:
        if event.kind == "notice":
            st.caption(f":material/info: {t('tasks.notice_' + event.data['code'])}")
    show(charts.loss_figure(lines, int(job.params["config"]["epochs"])), f"tasks_live_{job.id}")


run_page("tasks", render)
