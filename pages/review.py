"""Review: one look at a time, first those that are worth most; every decision is kept."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.graph.looks import looks
from core.storage.workspaces import Workspace
from core.ui import review_queue, review_teach
from core.ui.review_card import STYLE, card, last_press, reasons, undo_button
from core.ui.review_people import rename, together
from core.ui.review_state import Desk, ReviewState, current, desk, read_state
from core.ui.shell import empty, go, header, run_page
from core.ui.text import number, t


def render(workspace: Workspace) -> None:
    """Draw the page."""
    now = desk(workspace)
    if not now.items:
        header("review")
        empty("review", what=t("review.empty_what"), why=t("review.empty_why"), button=_to_build)
        return
    state = read_state()
    lesson = review_teach.standing(workspace, now)
    offers = lesson.offered or lesson.fresh
    header(
        "review",
        _state(now, state),
        (lambda: review_teach.action(workspace, lesson)) if offers else None,
    )
    st.html(STYLE)
    review_teach.panel(workspace, lesson)
    items = [item for item in now.listed(state.show, state.me) if state.narrow.passes(item)]
    found = looks(items, by_value=state.by == "value")
    look = current(now, found, state)
    left, right = st.columns([7, 3.4], gap="medium")
    with left:
        if look is None:
            _nothing(workspace, now, state)
        else:
            card(workspace, now, look, state, primary=not offers)
        last_press()
    with right:
        if state.me:
            rename(state)
        if look is not None:
            reasons(workspace, now, look, state)
    review_queue.controls(now, state, look)
    order = f"{state.show}_{state.by}" if state.show == "open" else state.show
    st.html(f'<p class="sg-review-order">{escape(t(f"review.order_{order}"))}</p>')
    review_queue.bulk(workspace, now, items, found, state)
    review_queue.rows(workspace, found, look, state)
    together(workspace, now)


def _state(now: Desk, state: ReviewState) -> str:
    waiting = now.listed("open", state.me)
    figures = {
        "open": len(waiting),
        "apart": sum(item.signals.apart for item in waiting),
        "decided": len(now.made),
        "mine": sum(made.actor == state.me for made in now.made),
    }
    return t(
        "review.state",
        **{name: number(count) for name, count in figures.items()},
        hash=escape(now.graph.hash[:8]),
    )


def _nothing(workspace: Workspace, now: Desk, state: ReviewState) -> None:
    with st.container(border=True, key="review-card"):
        st.markdown(t("review.nothing_filtered" if state.narrow.active else f"review.nothing_{state.show}"))
        undo_button(workspace, now, state)


def _to_build() -> None:
    if st.button(t("review.empty_button"), type="primary", icon=":material/arrow_forward:"):
        go("build")


run_page("review", render)
