"""Compress: what a smaller graph saves and costs, chosen on a curve."""

from __future__ import annotations

import streamlit as st

from core.errors import DataError
from core.graph.model import Graph
from core.jobs import Jobs, Status
from core.settings import ASSETS
from core.stages.compress import Curve, curve, exported, forget, save, saved_views
from core.storage.workspaces import Workspace
from core.ui.compress_view import change_of, chart, half_way, point, strength_label
from core.ui.graph_state import in_language
from core.ui.labels import literal
from core.ui.progress import job_panel, watched
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, run_page, set_params, whole_param
from core.ui.text import ago, language, number, t

STYLE = ASSETS / "css" / "quality.css"
STAGE = "compress"
USUAL = 3


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    graph = cached_graph(workspace)
    if not graph.facts:
        header("compress", t("compress.state_empty"))
        empty("compress", what=t("compress.empty_what"), why=t("compress.empty_why"), button=_to_build)
        return
    job = watched(workspace, STAGE)
    if job is not None and job.status is not Status.DONE:
        with st.container(border=True, key="compress-job"):
            job_panel(workspace, job.id)
    busy = job is not None and job.active
    known = curve(workspace)
    if known is None:
        header("compress", _state(graph, known))
        empty(
            "compress",
            what=t("compress.empty_what"),
            why=t("compress.empty_why"),
            button=lambda: _price(workspace, "compress.price", busy=busy),
        )
        return
    header("compress", _state(graph, known), lambda: _price(workspace, "compress.price_again", busy=busy))
    _explore(workspace, graph, known)


def _explore(workspace: Workspace, graph: Graph, known: Curve) -> None:
    fresh = known.graph_hash == graph.hash
    if not fresh:
        st.caption(f":material/update: {t('compress.stale')}")
    places = range(len(known.points))
    chosen = whole_param("k", min(USUAL, places[-1]), 0, places[-1])
    left, right = st.columns([3, 2], gap="large")
    with left:
        clicked = chart(known, chosen)
        if clicked is not None and clicked != st.session_state.get("compress-clicked"):
            st.session_state["compress-clicked"] = clicked
            st.session_state["compress-strength"] = clicked
            set_params(k=clicked)
            st.rerun()
    with right:
        chosen = st.selectbox(
            t("compress.strength"),
            places,
            index=chosen,
            format_func=lambda place: strength_label(place, known.points[place].plan),
            key="compress-strength",
        )
        set_params(k=chosen)
        _keep(workspace, graph, known, chosen)
    point(known, chosen, in_language(graph, language()), fresh=fresh)


def _keep(workspace: Workspace, graph: Graph, known: Curve, chosen: int) -> None:
    """Keep the chosen graph under a name, take it along, and see what was kept."""
    plan = known.points[chosen].plan
    with st.form("compress-save", border=False):
        name = st.text_input(t("compress.save_name"), placeholder=t("compress.save_hint"), max_chars=40)
        kept = st.form_submit_button(t("compress.save"), icon=":material/bookmark_add:")
    if kept:
        try:
            st.toast(t("compress.saved", name=save(workspace, name, plan).name), icon=":material/bookmark:")
        except DataError as error:
            st.caption(f":material/error: {error.what} {error.remedy}")
    st.download_button(
        t("compress.download"),
        data=lambda: exported(graph, plan),
        file_name=f"graph-{chosen}.json",
        mime="application/json",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
        key="compress-download",
    )
    views = saved_views(workspace)
    if views:
        st.markdown(f"**{t('compress.saved_title')}**")
    for place, one in enumerate(views):
        with st.container(horizontal=True, vertical_alignment="center", key=f"compress-view-{place}"):
            old = "" if one.graph_hash == graph.hash else f" · {t('compress.saved_stale')}"
            st.markdown(f"{literal(one.name)} :gray[{ago(one.created_at)}{old}]")
            st.button(
                t("compress.forget"),
                type="tertiary",
                icon=":material/delete:",
                key=f"compress-forget-{place}",
                on_click=forget,
                args=(workspace, one.name),
            )


def _state(graph: Graph, known: Curve | None) -> str:
    if known is None:
        return t("compress.state_none", facts=number(len(graph.facts)))
    half = half_way(known).price
    return t(
        "compress.state" if half.ndcg else "compress.state_search",
        nodes=number(len(graph.nodes)),
        facts=number(len(graph.facts)),
        when=ago(known.created_at),
        ndcg=change_of(half.ndcg),
        search=change_of(half.search),
    )


def _price(workspace: Workspace, label: str, *, busy: bool) -> None:
    clicked = st.button(
        t(label), type="primary", icon=":material/compress:", key="compress-price", disabled=busy
    )
    if clicked:
        set_params(job=Jobs(workspace).submit(STAGE, {}))
        st.rerun()


def _to_build() -> None:
    if st.button(t("compress.to_build"), type="primary", icon=":material/arrow_forward:"):
        go("build")


run_page("compress", render)
