"""Who is looking, how far reviewers agree, and the labelled set that comes of it."""

from __future__ import annotations

from collections.abc import Hashable
from html import escape

import streamlit as st

from core.graph.labelled_export import ReviewedText, labelled, reviewed_texts, to_jsonl
from core.graph.review import key_of
from core.graph.review_log import agreement
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from core.ui.review_press import tell
from core.ui.review_state import Desk, ReviewState, change, clean_name, signed_in
from core.ui.session import cached_catalogue
from core.ui.text import number, percent, t


def ask_name() -> None:
    """Ask once who is looking, as each decision is somebody's."""
    with st.form("review-name", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(t("review.name"), key="review_name", max_chars=40, placeholder=t("review.name_hint"))
        st.form_submit_button(t("review.name_go"), type="primary", on_click=_take_name)
    st.caption(t("review.name_why"))


def rename(state: ReviewState) -> None:
    """Draw under which name decisions are written, and let it be changed."""
    with st.popover(t("review.as", name=state.me), icon=":material/person:"):
        if signed_in():
            st.caption(t("review.signed_in"))
            return
        st.text_input(
            t("review.name"), value=state.me, key="review_rename", max_chars=40, on_change=_take_new_name
        )
        st.caption(t("review.name_why"))


def together(workspace: Workspace, desk: Desk) -> None:
    """Draw the agreement between reviewers, and the way to take the labelled set along."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html(f'<h3 class="sg-review-h">{escape(t("review.agreement"))}</h3>')
        _agreement(desk)
    with right:
        st.html(f'<h3 class="sg-review-h">{escape(t("review.labelled"))}</h3>')
        st.caption(t("review.labelled_note"))
        st.download_button(
            t("review.labelled_get"),
            data=lambda: to_jsonl(labelled(texts_of(workspace, desk))).encode(),
            file_name=f"labelled-{workspace.info.id}.jsonl",
            mime="application/jsonl",
            icon=":material/download:",
            key="review-export",
            disabled=not desk.made,
            on_click="ignore",
        )


def texts_of(workspace: Workspace, desk: Desk) -> list[ReviewedText]:
    """The texts with a decision in them, at the desk's version."""
    categories = {i: p.category or "" for i, p in cached_catalogue(workspace).products.items()}
    return reviewed_texts(GraphStore(workspace), desk.graph, desk.assertions, desk.verdicts, categories)


def _agreement(desk: Desk) -> None:
    def unit(assertion_id: str) -> Hashable:
        found = desk.assertions.get(assertion_id)
        return key_of(found, desk.graph.rules) if found else assertion_id

    pairs = agreement(desk.made, unit)
    if not pairs:
        st.caption(t("review.agreement_none"))
        return
    for pair in pairs:
        line = t(
            "review.agreement_line",
            first=escape(pair.first),
            second=escape(pair.second),
            both=number(pair.both),
            share=percent(pair.share),
            kappa=number(pair.kappa, 2),
        )
        st.html(f'<div class="sg-row">{line}</div>')
    st.caption(t("review.agreement_note"))


def _take_name() -> None:
    name = clean_name(st.session_state["review_name"])
    if name:
        change(me=name)
    else:
        tell("warning", t("review.name_first"))


def _take_new_name() -> None:
    if name := clean_name(st.session_state["review_rename"]):
        change(me=name)
