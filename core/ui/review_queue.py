"""Below the fact: what the queue is narrowed to, what can be decided in one go, and the queue itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

from core.domain import EntryKind
from core.graph.looks import Look
from core.graph.review import EVERYTHING, Item
from core.graph.review_log import Choice
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.labels import literal
from core.ui.review_press import press
from core.ui.review_state import (
    BYS,
    SHOWS,
    Desk,
    ReviewState,
    change,
    confidences,
    extractor_label,
    read_state,
    reason_label,
)
from core.ui.session import cached_catalogue
from core.ui.text import number, relation_label, t
from core.ui.told import hush

MORE = 24


def controls(desk: Desk, state: ReviewState, now: Look | None) -> None:
    """Draw the choice of the list, of what a look is about, and the filters."""
    counts = {show: len(desk.listed(show, state.me)) for show in SHOWS}
    with st.container(horizontal=True, key="review-controls", vertical_alignment="center"):
        st.session_state["review_show"] = state.show
        st.segmented_control(
            t("review.show"),
            SHOWS,
            format_func=lambda show: f"{t(f'review.show_{show}')} {number(counts[show])}",
            key="review_show",
            label_visibility="collapsed",
            required=True,
            on_change=lambda: change(show=st.session_state["review_show"], at=""),
        )
        st.session_state["review_by"] = state.by
        st.segmented_control(
            t("review.by"),
            BYS,
            format_func=lambda by: t(f"review.by_{by}"),
            key="review_by",
            label_visibility="collapsed",
            required=True,
            on_change=lambda: change(by=st.session_state["review_by"], at=now.lead.lead.id if now else ""),
        )
        active = state.narrow.active
        label = t("graph.filters_on", n=active) if active else t("graph.filters")
        with st.popover(label, icon=":material/tune:"):
            _filters(desk.listed(state.show, state.me), state)


def bulk(
    workspace: Workspace, desk: Desk, items: Sequence[Item], looks: Sequence[Look], state: ReviewState
) -> None:
    """Draw the two presses that decide all that is shown, and the question before they do; ``looks`` has the items."""
    asked = st.session_state.get("review_bulk")
    chosen = [item for item in items if item.lead.id in asked["ids"]] if asked else []
    if asked and chosen:
        _confirm(workspace, chosen, asked)
        return
    _ask_no_more()
    n = number(len(items))
    useful = bool(state.me and state.narrow.active and items and state.show != "mine")
    with st.container(horizontal=True, key="review-bulk", vertical_alignment="center"):
        grouped = len(looks) < len(items)
        shown = t("review.shown_looks", n=n, looks=number(len(looks))) if grouped else t("review.shown", n=n)
        st.caption(shown, width="content")
        for verdict, icon in ((EntryKind.ACCEPTED, "done_all"), (EntryKind.REJECTED, "remove_done")):
            st.button(
                t(f"review.all_{verdict.value}", n=n),
                icon=f":material/{icon}:",
                type="tertiary",
                key=f"review-all-{verdict.value}",
                disabled=not useful,
                help=None if useful else t("review.all_needs_filter"),
                on_click=_ask,
                args=(verdict, frozenset(item.lead.id for item in items), desk.graph.seq),
            )


def rows(workspace: Workspace, looks: Sequence[Look], now: Look | None, state: ReviewState) -> None:
    """Draw the queue, one line a look; a press opens it."""
    with st.container(key="review-list", gap=None):
        for look in looks[: state.rows]:
            lead = look.lead.lead
            opened = now is not None and lead.id in {item.lead.id for item in now.items}
            st.button(
                _line(workspace, look, state),
                key=f"review-row-{'now-' if opened else ''}{lead.id}",
                type="tertiary",
                width="stretch",
                on_click=_open,
                args=(lead.id,),
            )
    if len(looks) > state.rows:
        st.button(
            t("review.more_rows", n=number(len(looks) - state.rows)),
            type="tertiary",
            key="review-more",
            on_click=change,
            kwargs={"rows": state.rows + MORE},
        )


def _line(workspace: Workspace, look: Look, state: ReviewState) -> str:
    """A look in a line, as a label's Markdown: the value, whose it is, attribute, confidence and what is odd."""
    item, lead, second = look.lead, look.lead.lead, state.show == "second"
    sure = [one.lead.confidence if second else one.confidence for one in look.items]
    notes = [relation_label(lead.relation), confidences(sure)]
    reasons = {one.reason for one in look.items}
    if len(reasons) == 1 and item.reason and not second:
        notes.append(reason_label(item.reason))
    elif any(one.rivals for one in look.items):
        notes.append(t("review.contradicted"))
    whose = cached_catalogue(workspace).title(lead.subject)
    if look.products > 1:
        whose = " · ".join(filter(None, (t("review.products", n=number(look.products)), item.category)))
    return (
        f"**{literal(shorten(lead.object, 40))}** :small[{literal(shorten(whose, 44))}] "
        f":small[:gray[{literal(' · '.join(notes))}]]"
    )


def _confirm(workspace: Workspace, chosen: Sequence[Item], asked: dict[str, object]) -> None:
    verdict, n = EntryKind(str(asked["verdict"])), number(len(chosen))
    choices = [Choice(verdict, item.ids) for item in chosen]
    with st.container(key="review-confirm"):
        st.markdown(t(f"review.sure_{verdict.value}", n=n))
        with st.container(horizontal=True):
            st.button(
                t(f"review.yes_{verdict.value}", n=n),
                icon=":material/check:",
                key="review-yes",
                on_click=_go,
                args=(workspace, choices, asked["seen"]),
            )
            st.button(t("common.cancel"), key="review-no", on_click=_ask_no_more)


def _filters(items: Sequence[Item], state: ReviewState) -> None:
    narrow, now = state.narrow, st.session_state
    options: tuple[tuple[str, Counter[str], frozenset[str], Callable[[str], str]], ...] = (
        ("relations", Counter(i.lead.relation for i in items), narrow.relations, relation_label),
        ("categories", Counter(i.category for i in items if i.category), narrow.categories, str),
        ("extractors", _extractors(items), narrow.extractors, extractor_label),
        ("reasons", Counter(i.reason for i in items if i.reason), narrow.reasons, reason_label),
    )
    for name, found, chosen, label in options:
        if name == "reasons" and state.show == "second":
            continue  # it would tell what the other reviewer said
        names = [value for value, _ in found.most_common()]
        names += sorted(chosen - set(names))
        now[f"review_{name}"] = [value for value in names if value in chosen]
        st.multiselect(
            t(f"review.filter_{name}"),
            names,
            format_func=_counted(label, found),
            key=f"review_{name}",
            placeholder=t("common.all"),
            on_change=_narrowed,
        )
    now["review_confidence"] = (round(narrow.low * 100), round(narrow.high * 100))
    st.slider(t("common.confidence"), 0, 100, format="%d%%", key="review_confidence", on_change=_narrowed)
    st.button(
        t("graph.filter_reset"),
        key="review-reset",
        disabled=not narrow.active,
        on_click=change,
        kwargs={"narrow": EVERYTHING, "at": ""},
    )


def _narrowed() -> None:
    now, narrow = st.session_state, read_state().narrow
    low, high = now["review_confidence"]
    sets = {
        name: frozenset(now.get(f"review_{name}", getattr(narrow, name)))
        for name in ("relations", "categories", "extractors", "reasons")
    }
    _ask_no_more()
    change(narrow=replace(narrow, **sets, low=low / 100, high=high / 100), at="")


def _counted(label: Callable[[str], str], found: Counter[str]) -> Callable[[str], str]:
    return lambda value: f"{label(value)} ({number(found[value])})"


def _extractors(items: Sequence[Item]) -> Counter[str]:
    return Counter(name for item in items for name in {a.extractor for a in item.readings})


def _ask(verdict: EntryKind, ids: frozenset[str], seen: int) -> None:
    st.session_state["review_bulk"] = {"verdict": verdict.value, "ids": ids, "seen": seen}


def _ask_no_more() -> None:
    st.session_state.pop("review_bulk", None)


def _go(workspace: Workspace, choices: Sequence[Choice], seen: int) -> None:
    _ask_no_more()
    press(workspace, choices, seen)


def _open(lead_id: str) -> None:
    hush("review")
    change(at=lead_id)
