"""Catalogue: bring products, reviews and events in, look at them, and mend what was kept apart."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.jobs import Jobs
from core.storage.workspaces import Workspace
from core.ui import (
    catalogue_add,
    catalogue_apart,
    catalogue_open,
    catalogue_reports,
    catalogue_shelves,
    catalogue_watch,
)
from core.ui.catalogue_state import Figures, figures
from core.ui.progress import job_panel
from core.ui.shell import empty, header, param, run_page, set_params
from core.ui.text import number, t

VIEWS = ("products", "upload", "paste", "folder", "open", "sources", "apart")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    now = figures(workspace)
    view = _view(now)
    _jobs(workspace)
    catalogue_reports.last_reports()
    if not now.sources and not catalogue_add.waiting():
        empty(
            "catalogue",
            what=t("catalogue.empty_what"),
            why=t("catalogue.empty_why"),
            button=lambda: catalogue_open.sample_button(workspace),
        )
    _switch(view, now)
    action: Callable[[], object] | None = None
    if view == "products":
        catalogue_shelves.products(workspace, now)
    elif view == "sources":
        catalogue_shelves.sources(workspace)
    elif view == "folder":
        catalogue_watch.draw(workspace)
    elif view == "open":
        catalogue_open.draw(workspace)
    elif view == "apart":
        catalogue_apart.draw(workspace, now)
    else:
        action = catalogue_add.draw(workspace, paste=view == "paste")
    header(
        "catalogue",
        _state(now),
        action or (_add_data if view in ("products", "sources") and now.sources else None),
    )


def _view(now: Figures) -> str:
    asked = param("view", "") or ("products" if param("product") else "")
    if asked in VIEWS:
        return asked
    return "products" if now.products else "upload"


def _state(now: Figures) -> str:
    if not now.sources:
        return t("catalogue.state_empty")
    named = ("products", "reviews", "events", "shoppers", "sources")
    text = t("catalogue.state", **{name: number(getattr(now, name)) for name in named})
    return text + (" " + t("catalogue.state_apart", n=number(now.quarantined)) if now.quarantined else "")


def _add_data() -> None:
    st.button(
        t("catalogue.add_data"),
        type="primary",
        icon=":material/add:",
        key="catalogue-add",
        on_click=lambda: _go_to("upload"),
    )


def _switch(view: str, now: Figures) -> None:
    def label(name: str) -> str:
        text = t(f"catalogue.view_{name}")
        return f"{text} ({number(now.quarantined)})" if name == "apart" and now.quarantined else text

    key = "catalogue-view"
    if st.session_state.get(key) != view:
        st.session_state[key] = view
    st.segmented_control(
        t("catalogue.view"),
        VIEWS,
        key=key,
        format_func=label,
        label_visibility="collapsed",
        on_change=lambda: _go_to(st.session_state[key] or view),
    )


def _go_to(view: str) -> None:
    catalogue_reports.forget_reports()
    set_params(view=view, product=None, source=None, job=None)


def _jobs(workspace: Workspace) -> None:
    """The imports that run, and the one of the link even when it is over."""
    jobs = Jobs(workspace)
    running = {job.id for job in jobs.list("import", active=True)}
    asked = param("job", "") or ""
    ended = [job.id for job in jobs.list("import", limit=50) if job.id == asked]
    for job_id in dict.fromkeys((*running, *ended)):
        with st.container(border=True):
            job_panel(workspace, job_id, catalogue_reports.job_reports)


run_page("catalogue", render)
