"""The view "Take along" of the Exchange page: one row a format, its file made when asked for; the push to Neo4j."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from core.errors import ShelfGraphError
from core.graph.exchange.files import AT_ONCE, make, place_of, ready
from core.graph.exchange.formats import FORMATS, Format
from core.graph.exchange.model import NOT_CARRIED
from core.graph.exchange.push import is_set, server
from core.graph.model import Graph
from core.jobs import Jobs
from core.storage.workspaces import Workspace
from core.ui.progress import job_panel
from core.ui.shell import guarded, param, problem, set_params
from core.ui.text import listed, number, t

_FAILED = "exchange-failed"


def draw(workspace: Workspace, graph: Graph) -> None:
    """Draw the formats, and what no format carries."""
    if failed := st.session_state.pop(_FAILED, None):
        problem(failed)
    jobs(workspace)
    st.html(f'<p class="sg-exchange-lead">{escape(t("exchange.take_lead"))}</p>')
    sizes = ready(workspace, graph)
    for form in FORMATS.values():
        _row(workspace, graph, form, sizes.get(form.id))
    without = listed(t(f"exchange.without_{name}") for name in NOT_CARRIED)
    st.caption(t("exchange.without", names=without))
    _neo4j(workspace)


def jobs(workspace: Workspace) -> None:
    """The exchanges that run, and the one of the link even when it is over."""
    known = Jobs(workspace)
    running = [job.id for job in known.list("exchange", active=True)]
    asked = [job.id for job in known.list("exchange", limit=50) if job.id == param("job")]
    for job_id in dict.fromkeys((*running, *asked)):
        with st.container(border=True):
            job_panel(workspace, job_id)


def size_text(size: int) -> str:
    """A size in bytes in the unit that suits it."""
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= least:
            return f"{number(size / least, 1)} {unit}"
    return f"{number(size)} B"


def _row(workspace: Workspace, graph: Graph, form: Format, size: int | None) -> None:
    with st.container(key=f"exchange-row-{form.id}"):
        words, action = st.columns([6, 2], vertical_alignment="center")
        loses = " ".join(t(f"exchange.loses_{name}") for name in form.loses) or t("exchange.loses_nothing")
        measured = f" · {escape(size_text(size))}" if size is not None else ""
        words.html(
            f'<div class="sg-exchange-format"><div><strong>{escape(form.name)}</strong>'
            f'<span class="sg-quiet"> .{escape(form.suffix)}{measured}</span></div>'
            f"<div>{escape(t(f'exchange.for_{form.id}'))}</div>"
            f'<div class="sg-exchange-loses">{escape(loses)}</div></div>'
        )
        with action:
            if size is None:
                st.button(
                    t("exchange.make"),
                    icon=":material/build_circle:",
                    key=f"exchange-make-{form.id}",
                    on_click=partial(_make, workspace, graph, form),
                    width="stretch",
                )
            else:
                _download(workspace, graph, form)


def _download(workspace: Workspace, graph: Graph, form: Format) -> None:
    path = place_of(workspace, form, graph)
    st.download_button(
        t("common.download"),
        path.read_bytes,
        f"{workspace.info.id}-{graph.hash[:8]}.{form.suffix}",
        form.mime,
        icon=":material/download:",
        key=f"exchange-download-{form.id}",
        on_click="ignore",
        width="stretch",
    )


def _make(workspace: Workspace, graph: Graph, form: Format) -> None:
    if graph.ledger.extracted > AT_ONCE:
        set_params(job=Jobs(workspace).submit("exchange", {"action": "make", "format": form.id}))
        return
    try:
        make(workspace, form.id)
    except ShelfGraphError as error:
        st.session_state[_FAILED] = error


def _neo4j(workspace: Workspace) -> None:
    with st.container(border=True, key="exchange-neo4j"):
        words, action = st.columns([6, 2], vertical_alignment="center")
        if not is_set():
            words.html(
                f'<div class="sg-exchange-format"><strong>{escape(t("exchange.push_title"))}</strong>'
                f"<div>{escape(t('exchange.push_unset'))}</div></div>"
            )
            return
        with guarded():
            shown = escape(server().shown)
            words.html(
                f'<div class="sg-exchange-format"><strong>{escape(t("exchange.push_title"))}</strong>'
                f"<div>{t('exchange.push_set', server=f'<code>{shown}</code>')}</div></div>"
            )
            action.button(
                t("exchange.push"),
                icon=":material/cloud_upload:",
                key="exchange-push",
                on_click=lambda: set_params(job=Jobs(workspace).submit("exchange", {"action": "push"})),
                width="stretch",
            )
