"""Beneath the fact that is shown large: the other products that say the same, each with its words and a tick."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from core.extract.tokens import has_cjk
from core.graph.looks import Look, value_of
from core.graph.model import Evidence
from core.graph.review import Item
from core.graph.store import GraphStore
from core.ontology import family
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.charts import FAMILY_COLORS
from core.ui.labels import literal
from core.ui.review_edit import excerpt
from core.ui.review_press import ticks
from core.ui.review_state import Desk, ReviewState, change, confidences, reason_label
from core.ui.session import cached_catalogue
from core.ui.text import number, percent, t

FEW = 12
"""Products that are listed at once; more at a press."""
SNIPPET, SNIPPET_CJK = 48, 24
TICK, REST = "review-tick-", "review-rest"


def ticked(desk: Desk, look: Look, state: ReviewState) -> list[Item]:
    """What a press decides: the item that is shown large, and of the others those with a tick.

    What nobody has decided is ticked until somebody takes the tick away, what is decided is not until somebody sets it.
    """
    drawn, rest, settled = _parts(desk, look, state)
    kept = [item for item in [*drawn, *settled] if _is_ticked(desk, item, state)]
    return [look.lead, *kept, *(rest if ticks().get(REST, True) else ())]


def alike(workspace: Workspace, desk: Desk, look: Look, state: ReviewState) -> None:
    """Draw the others of a look, one line each; nothing where the value stands alone."""
    drawn, rest, settled = _parts(desk, look, state)
    if not drawn and not settled:
        return
    color = FAMILY_COLORS[family(look.lead.lead.relation)]
    st.html(f"<style>.st-key-review-alike {{ --sg-family: {color}; }}</style>")
    with st.container(key="review-same", gap=None):
        _head(desk, look, state, alone=not drawn)
        with st.container(key="review-alike", gap=None):
            _rows(workspace, desk, [*drawn, *settled], state)
        if rest:
            _rest(desk, look, rest)


def _head(desk: Desk, look: Look, state: ReviewState, *, alone: bool) -> None:
    everything = len(ticked(desk, look, state)) > 1
    with st.container(horizontal=True, key="review-alike-head", vertical_alignment="center"):
        st.caption(t("review.alike_settled" if alone else "review.alike"), width="stretch")
        st.button(
            t("review.only_this" if everything else "review.all_of_them"),
            shortcut="O",
            type="tertiary",
            key="review-only",
            help=t("review.only_this_help"),
            on_click=_tick_all,
            args=(desk, look, state),
            kwargs={"value": not everything},
        )


def _parts(
    desk: Desk, look: Look, state: ReviewState
) -> tuple[Sequence[Item], Sequence[Item], Sequence[Item]]:
    """The others that are drawn, those that are not, and what of the same value is decided already, if the list is of
    what is not."""
    others, shown = look.others, _shown(look)
    room = max(shown - len(others), 0)
    settled = desk.settled(look)[:room] if state.show == "open" and state.by == "value" else []
    return others[:shown], others[shown:], settled


def _rows(workspace: Workspace, desk: Desk, items: Sequence[Item], state: ReviewState) -> None:
    found = GraphStore(workspace).evidence_of([item.lead.id for item in items], desk.graph)
    evidence = {entry.assertion.id: entry for entry in found}
    catalogue = cached_catalogue(workspace)
    for item in items:
        word, on = desk.verdict_on(item), _is_ticked(desk, item, state)
        parts = [
            percent(_sure(desk, item), 0),
            literal(shorten(catalogue.title(item.lead.subject), 30)),
            _snippet(evidence.get(item.lead.id)),
            literal(" · ".join(_marks(item, word, state, on=on))),
        ]
        with st.container(horizontal=True, key=f"review-same-{item.lead.id}", gap=None):
            _tick(" ".join(f":small[{part}]" for part in parts), _key(desk, item, state), on)
            st.button(
                "",
                icon=":material/open_in_full:",
                type="tertiary",
                key=f"review-large-{item.lead.id}",
                help=t("review.show_large"),
                on_click=change,
                kwargs={"at": item.lead.id},
            )


def _rest(desk: Desk, look: Look, rest: Sequence[Item]) -> None:
    with st.container(horizontal=True, key="review-alike-rest", vertical_alignment="center"):
        sure = confidences(_sure(desk, item) for item in rest)
        label = t("review.alike_rest", n=number(len(rest)), sure=sure)
        _tick(f":small[{literal(label)}]", REST, ticks().get(REST, True))
        st.button(
            t("review.alike_more", n=number(min(FEW, len(rest)))),
            type="tertiary",
            key="review-alike-more",
            on_click=_show_more,
            args=(look,),
        )


def _sure(desk: Desk, item: Item) -> float:
    """The readings' confidence; that of their surest alone once a verdict has changed it."""
    return item.lead.confidence if desk.verdict_on(item) else item.confidence


def _tick(label: str, name: str, on: bool) -> None:
    """A tick box with its line. It is a button, as the page's keys are dead while an input has the focus."""
    box = ":primary[:material/check_box:]" if on else ":gray[:material/check_box_outline_blank:]"
    st.button(
        f"{box} {label}",
        type="tertiary",
        key=name,
        width="stretch",
        on_click=_set,
        args=({name: not on},),
    )


def _snippet(entry: Evidence | None) -> str:
    """The words in a short piece of their text, lit up; as a label's Markdown."""
    if entry is None:
        return literal(t("common.evidence_none"))
    a, text = entry.assertion, entry.document.text
    most = SNIPPET_CJK if has_cjk(text[max(0, a.start - 20) : a.end + 20]) else SNIPPET
    start, end = excerpt(text, a.start, a.end, most)
    before = ("…" if start else "") + text[start : a.start]
    after = text[a.end : end] + ("…" if end < len(text) else "")
    lit = f":gray-background[{literal(text[a.start : a.end])}]"
    return f"{_edge(before)}{lit}{_edge(after)}"


def _edge(text: str) -> str:
    """Words beside the lit ones, with the white space between them kept."""
    left, right = " " * text[:1].isspace(), " " * text[-1:].isspace()
    return f"{left}{literal(text)}{right}" if text.strip() else left


def _marks(item: Item, word: tuple[str, object] | None, state: ReviewState, *, on: bool) -> Iterable[str]:
    """What else is to be known of an item: without a tick, decided, kept apart, contradicted. Another's verdict is not
    told, so that a second look stays one's own."""
    if not on and not word:
        yield t("review.left_out")
    if state.show == "second":
        return
    if word:
        name, verdict = word
        yield t(f"review.you_{verdict}") if name == state.me else t("review.decided_by", name=name)
    elif item.reason:
        yield reason_label(item.reason)
    if item.rivals:
        yield t("review.contradicted")


def _is_ticked(desk: Desk, item: Item, state: ReviewState) -> bool:
    return ticks().get(_key(desk, item, state), not _foreign(desk, item, state))


def _foreign(desk: Desk, item: Item, state: ReviewState) -> bool:
    """Whether an item is decided though the list is of what is not."""
    return state.show == "open" and desk.verdict_on(item) is not None


def _key(desk: Desk, item: Item, state: ReviewState) -> str:
    """A tick's name: another one once somebody has decided meanwhile, so that the tick does not outlive it."""
    return f"{TICK}{'decided-' if _foreign(desk, item, state) else ''}{item.lead.id}"


def _tick_all(desk: Desk, look: Look, state: ReviewState, *, value: bool) -> None:
    """Set or take away all ticks; those of what is decided already only where there is nothing else."""
    drawn, _, settled = _parts(desk, look, state)
    _set({REST: value, **{_key(desk, item, state): value for item in drawn or settled}})


def _set(changed: dict[str, bool]) -> None:
    ticks().update(changed)


def _shown(look: Look) -> int:
    value, shown = st.session_state.get("review_alike", ((), FEW))
    return int(shown) if value == value_of(look.lead) else FEW


def _show_more(look: Look) -> None:
    st.session_state["review_alike"] = (value_of(look.lead), _shown(look) + FEW)
