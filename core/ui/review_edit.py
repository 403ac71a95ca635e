"""The correction of a fact: other words of the same text, picked in place, or another attribute for the same words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import streamlit as st

from core.domain import Document, EntryKind
from core.errors import GraphError
from core.extract.tokens import pieces
from core.graph.model import Evidence
from core.graph.review import Item
from core.graph.review_log import Choice, corrected
from core.graph.store import GraphStore
from core.ontology import RELATIONS, family
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui.charts import FAMILY_COLORS
from core.ui.facts import chip
from core.ui.review_press import press, stop_editing
from core.ui.review_state import Desk
from core.ui.text import number, relation_label, t

LONGEST = 1200


def mode_of(item: Item) -> str:
    """What of the item is being corrected: ``words``, ``attribute``, or "" where nothing is."""
    edit = st.session_state.get("review_edit")
    if edit and edit["lead"] != item.lead.id:
        stop_editing()
        return ""
    return str(edit["mode"]) if edit else ""


def excerpt(text: str, start: int, end: int, longest: int = LONGEST) -> tuple[int, int]:
    """The part of a long text that is shown: whole words, about as much before the evidence as after it."""
    if len(text) <= longest:
        return 0, len(text)
    left, right = max(0, start - longest // 2), min(len(text), end + longest // 2)
    bounds = [piece.start for piece in pieces(text)] + [len(text)]
    return min(b for b in bounds if b >= left), max(b for b in bounds if b <= right)


def words(document: Document, item: Item) -> None:
    """Draw the text with every word a press: the first and the last one pressed are the ends of the value."""
    lead = item.lead
    from_, to = excerpt(document.text, lead.start, lead.end)
    start, end = _chosen(item)
    _component()(
        key=f"review-words-{lead.id}",
        data={
            "id": lead.id,
            "pieces": [
                [piece.text, piece.start, piece.end]
                for piece in pieces(document.text)
                if from_ <= piece.start and piece.end <= to
            ],
            "start": start,
            "end": end,
            "color": FAMILY_COLORS[family(lead.relation)],
            "hint": t("review.words_hint"),
        },
        on_words_change=lambda: None,
        height="content",
    )


def correction(workspace: Workspace, desk: Desk, found: Evidence, items: Sequence[Item], mode: str) -> None:
    """Draw what would be saved in place of the items, and the presses that save it or leave it as it was.

    Other words are words of the first item's text and change that one alone; another attribute changes all of them.
    """
    item = items[0]
    start, end = _chosen(item) if mode == "words" else (item.lead.start, item.lead.end)
    with st.container(horizontal=True, key="review-correction", vertical_alignment="center"):
        relation = _relation(desk, item)
        choices = _choices(workspace, desk, items if mode == "attribute" else [item], (start, end), relation)
        _save(workspace, desk, choices)
        st.button(t("common.cancel"), shortcut="Esc", key="review-cancel", on_click=stop_editing)
        st.html(chip(relation, found.document.text[start:end]), width="content")
    if mode == "words" and len(items) > 1:
        st.caption(t("review.words_only_this"))


def _choices(
    workspace: Workspace, desk: Desk, items: Sequence[Item], place: tuple[int, int], relation: str
) -> list[Choice]:
    """The corrections, the first at ``place``; [] where one of them would change nothing."""
    found = {
        e.assertion.id: e for e in GraphStore(workspace).evidence_of([i.lead.id for i in items], desk.graph)
    }
    choices = []
    for item in items:
        lead, entry = item.lead, found.get(item.lead.id)
        if entry is None:
            continue
        start, end = place if item is items[0] else (lead.start, lead.end)
        try:
            put = corrected(entry.document, lead, start, end, relation)
        except GraphError:
            return []
        choices.append(Choice(EntryKind.CORRECTED, item.ids, put))
    return choices


def _save(workspace: Workspace, desk: Desk, choices: Sequence[Choice]) -> None:
    many = len(choices) > 1
    st.button(
        t("review.save_many", n=number(len(choices))) if many else t("common.save"),
        icon=":material/check:",
        type="primary",
        shortcut="S",
        key="review-save",
        disabled=not choices,
        help=None if choices else t("review.nothing_changed"),
        on_click=press,
        args=(workspace, choices, desk.graph.seq),
    )


def _relation(desk: Desk, item: Item) -> str:
    used = {assertion.relation for assertion in desk.assertions.values()}
    names = sorted({*RELATIONS, *used}, key=relation_label)
    chosen: str = st.selectbox(
        t("review.attribute"),
        names,
        index=names.index(item.lead.relation),
        format_func=relation_label,
        key=f"review-relation-{item.lead.id}",
        label_visibility="collapsed",
        width=220,
    )
    return chosen


def _chosen(item: Item) -> tuple[int, int]:
    words = getattr(st.session_state.get(f"review-words-{item.lead.id}"), "words", None)
    if isinstance(words, (list, tuple)) and len(words) == 2 and all(isinstance(w, int) for w in words):
        return words[0], words[1]
    return item.lead.start, item.lead.end


@cache
def _component() -> Any:
    folder = ASSETS / "review_view"
    html, css, js = ((folder / f"words.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component("shelfgraph_words", html=html, css=css, js=js)
