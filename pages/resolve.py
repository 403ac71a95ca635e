"""Resolve: which products and values are one thing; pairs to decide, merges to take back."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.catalogue.store import Catalogue
from core.graph.matches import Candidate, Matches, Status
from core.jobs import Jobs
from core.jobs import Status as JobStatus
from core.settings import ASSETS
from core.stages.resolve_plan import ResolveParams
from core.storage.workspaces import Workspace
from core.ui import resolve_press as press
from core.ui.progress import job_panel, watched
from core.ui.resolve_card import evidence, shown, twins
from core.ui.resolve_form import form
from core.ui.resolve_list import bulk, decided
from core.ui.session import cached_catalogue, cached_graph
from core.ui.shell import empty, go, header, param, run_page, set_params, whole_param
from core.ui.text import number, t
from core.ui.told import told

STYLE = ASSETS / "css" / "resolve.css"
STAGE = "resolve"
CARDS, ROWS = 5, 15
SHOWS = ("open", "merged", "apart")


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    job = watched(workspace, STAGE)
    if job is not None and job.status is not JobStatus.DONE:
        with st.container(border=True, key="resolve-job"):
            job_panel(workspace, job.id)
    counts = Matches(workspace).counts()
    busy = bool(Jobs(workspace).list(STAGE, active=True, limit=1))
    if not counts and not Jobs(workspace).list(STAGE, limit=1):
        _first(workspace)
        return
    header("resolve", _state(workspace, counts), lambda: _run(workspace, busy=busy))
    with st.container(horizontal=True, vertical_alignment="center", key="resolve-bar"):
        show = st.segmented_control(
            t("resolve.show"),
            SHOWS,
            format_func=lambda one: t(f"resolve.show_{one}"),
            default=param("show") if param("show") in SHOWS else "open",
            key="resolve-show",
            label_visibility="collapsed",
            required=True,
            on_change=_show,
        )
    st.html(f'<p class="sg-resolve-told" role="status">{escape(told("resolve"))}</p>')
    if show == "open":
        _open(workspace)
    else:
        decided(workspace, Status.MERGED if show == "merged" else Status.APART, _length(ROWS))


def _open(workspace: Workspace) -> None:
    rows = _length(CARDS)
    matches = Matches(workspace)
    found = matches.read(Status.OPEN, limit=rows)
    if found:
        bulk(workspace)
    else:
        st.markdown(t("resolve.nothing_open"))
    sources = {source.id: source.name for source in Catalogue(workspace).sources()}
    for place, candidate in enumerate(found):
        _card(workspace, candidate, sources, keys=place == 0)
    if not found:
        _undo(workspace)
    left = matches.counts().get((Status.OPEN, False), 0) - len(found)
    if left > 0:
        st.button(
            t("resolve.more", n=number(min(left, CARDS))),
            key="resolve-more",
            on_click=press.more,
            args=(rows + CARDS,),
        )


def _card(workspace: Workspace, candidate: Candidate, sources: dict[str, str], *, keys: bool) -> None:
    graph, catalogue = cached_graph(workspace), cached_catalogue(workspace)
    one, other = (shown(node, graph, catalogue, sources) for node in candidate.key)
    # With a key of the pair, the old button and the new one would both hear a letter while the page changes.
    place = "first" if keys else f"{candidate.one}~{candidate.other}"
    with st.container(border=True, key=f"resolve-card-{place}"):
        twins(one, other)
        evidence(candidate)
        with st.container(horizontal=True, key=f"resolve-actions-{place}"):
            st.button(
                t("resolve.accept"),
                icon=":material/join:",
                shortcut="A" if keys else None,
                key=f"resolve-accept-{place}",
                on_click=press.accept,
                args=(workspace, *candidate.key),
            )
            st.button(
                t("resolve.apart"),
                icon=":material/call_split:",
                shortcut="X" if keys else None,
                key=f"resolve-apart-{place}",
                on_click=press.keep_apart,
                args=(workspace, *candidate.key),
            )
            if keys:
                _undo(workspace)


def _undo(workspace: Workspace) -> None:
    pair = press.last()
    st.button(
        t("resolve.undo_last"),
        icon=":material/undo:",
        shortcut="U",
        key="resolve-undo-last",
        disabled=pair is None,
        on_click=press.take_back,
        args=(workspace, *(pair or ("", ""))),
    )


def _first(workspace: Workspace) -> None:
    catalogue, graph = cached_catalogue(workspace), cached_graph(workspace)
    values = sum(node.type != "Product" for node in graph.nodes.values())
    header(
        "resolve", t("resolve.state_none", products=number(len(catalogue.products)), values=number(values))
    )
    if catalogue.products:
        empty(
            "resolve",
            what=t("resolve.empty_what"),
            why=t("resolve.empty_why"),
            button=lambda: _run(workspace, busy=False),
        )
    else:
        empty("resolve", what=t("resolve.empty_what"), why=t("resolve.empty_nothing"), button=_to_catalogue)


def _run(workspace: Workspace, *, busy: bool) -> None:
    with st.container(horizontal=True, horizontal_alignment="center", width="content", key="resolve-run-row"):
        params: ResolveParams | None = form(alone=_alone(workspace))
        clicked = st.button(
            t("resolve.run"),
            type="primary",
            icon=":material/join:",
            key="resolve-run",
            disabled=params is None or busy,
        )
    if clicked and params is not None:
        set_params(job=Jobs(workspace).submit(STAGE, params.model_dump(mode="json")), rows=None)
        st.rerun()


def _alone(workspace: Workspace) -> bool:
    """Whether all products are of one source."""
    return sum(source.kind == "products" for source in Catalogue(workspace).sources()) < 2


def _state(workspace: Workspace, counts: dict[tuple[Status, bool], int]) -> str:
    return t(
        "resolve.state",
        open=number(counts.get((Status.OPEN, False), 0)),
        merged=number(counts.get((Status.MERGED, False), 0)),
        accepted=number(counts.get((Status.MERGED, True), 0)),
        apart=number(sum(n for (status, _), n in counts.items() if status is Status.APART)),
        hash=escape(cached_graph(workspace).hash[:8]),
    )


def _length(least: int) -> int:
    return whole_param("rows", least, least, 300)


def _show() -> None:
    chosen = st.session_state["resolve-show"]
    set_params(show=None if chosen == "open" else chosen, rows=None)


def _to_catalogue() -> None:
    if st.button(t("resolve.to_catalogue"), type="primary", icon=":material/arrow_forward:"):
        go("catalogue")


run_page("resolve", render)
