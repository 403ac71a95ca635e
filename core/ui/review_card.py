"""One look at a time, with a fact large: its words in the text, why it is looked at, and the presses that decide it."""

from __future__ import annotations

from collections import Counter
from html import escape

import streamlit as st

from core.domain import EntryKind
from core.extract.calibrate import LEAST
from core.extract.joint import READER, TAGGER
from core.extract.normalise import NormalValue
from core.graph.looks import Look
from core.graph.model import Evidence, Reason
from core.graph.proposals import support_of
from core.graph.review import Item, chance
from core.graph.review_log import Choice
from core.graph.store import GraphStore
from core.ontology import family
from core.settings import ASSETS
from core.stages.calibration import calibration_of
from core.storage.workspaces import Workspace
from core.ui.charts import FAMILY_COLORS
from core.ui.facts import Span, field_label, highlight, normalised
from core.ui.review_alike import alike, ticked
from core.ui.review_edit import correction, excerpt, mode_of, words
from core.ui.review_people import ask_name
from core.ui.review_press import pass_over, press, start_editing, take_back
from core.ui.review_state import Desk, ReviewState, extractor_label, reason_label
from core.ui.review_why import why_fold
from core.ui.session import cached_catalogue
from core.ui.text import listed, number, percent, relation_label, t
from core.ui.told import told

STYLE = ASSETS / "review_view" / "page.css"
READINGS, MOST_READERS = 4, 50


def card(workspace: Workspace, desk: Desk, look: Look, state: ReviewState, *, primary: bool) -> None:
    """Draw a look: its first item with its text, the others beneath it, and the presses that decide about them;
    ``primary`` where accepting is the page's one primary action."""
    item = look.lead
    found = GraphStore(workspace).evidence_of([item.lead.id], desk.graph)
    if not found:
        st.info(t("common.evidence_none"), icon=":material/info:")
        return
    mode = mode_of(item)
    with st.container(border=True, key="review-card"):
        with st.container(key="review-fact"):
            _claim(workspace, desk, item, found[0].value, hidden=state.show == "second")
            if mode == "words":
                words(found[0].document, item)
            else:
                _text(found[0], item)
            if mode != "words":
                alike(workspace, desk, look, state)
        if not mode and state.show != "second":
            why_fold(workspace, item, found[0].document)
        if not state.me:
            ask_name()
        elif mode:
            correction(workspace, desk, found[0], ticked(desk, look, state), mode)
        else:
            _actions(workspace, desk, look, state, primary=primary)


def reasons(workspace: Workspace, desk: Desk, look: Look, state: ReviewState) -> None:
    """Draw why a look is where it is in the queue: doubt, reach, what contradicts it; and all who read its first item.

    In a second look nothing is said that would tell what the first reviewer thought.
    """
    store = GraphStore(workspace)
    if state.show != "second":
        rows = [*_doubts(workspace, look), *_contradictions(store, desk, look.lead)]
        st.html(f'<h3 class="sg-review-h">{escape(t("review.why"))}</h3>{_list(rows)}')
    item = look.lead
    readers = store.evidence_of(item.ids[:MOST_READERS], desk.graph)
    said = Counter((f"“{entry.assertion.object}”", _source(entry)) for entry in readers)
    quotes = [
        _row(words if count == 1 else f"{words} × {number(count)}", note)
        for (words, note), count in said.most_common(READINGS)
    ]
    left = len(item.ids) - sum(count for _, count in said.most_common(READINGS))
    if left > 0:
        quotes.append(_row(t("review.more_readings", n=number(left))))
    st.html(f'<h3 class="sg-review-h">{escape(t("review.read_by"))}</h3>{_list(quotes)}')


def _doubts(workspace: Workspace, look: Look) -> list[str]:
    item, signals = look.lead, look.lead.signals
    rows = []
    if look.others:
        told = t("review.expected", errors=number(look.expected, 1), n=number(len(look.items)))
        rows.append(_row(told, t("review.expected_note")))
    if item.reason:
        rows.append(_row(reason_label(item.reason, sentence=True), _because(workspace, item)))
    odds = t("review.chance_apart" if signals.apart else "review.chance", value=percent(chance(signals)))
    rows.append(_row(odds, t("review.chance_of", value=percent(item.lead.confidence))))
    if item.lead.extractor in (TAGGER, READER):
        rows.append(_calibrated(workspace))
    rows.append(_row(t("review.reach", n=number(signals.reach)), t("review.reach_note")))
    return rows


def _calibrated(workspace: Workspace) -> str:
    """Whether confidence keeps its word on this catalogue, as far as that is known."""
    if facts := calibration_of(workspace).facts:
        return _row(t("review.calibrated", n=number(facts)))
    return _row(t("review.uncalibrated"), t("review.uncalibrated_note", least=number(LEAST)))


def _because(workspace: Workspace, item: Item) -> str:
    """The products that a prediction was made because of; "" for what was read."""
    products = support_of(workspace, item.lead.id) if item.reason == Reason.PREDICTED else ()
    return t("review.predicted_because", products=listed(products)) if products else ""


def _contradictions(store: GraphStore, desk: Desk, item: Item) -> list[str]:
    rivals = store.evidence_of(item.rivals[:READINGS], desk.graph)
    rows = [_row(_contradiction(entry), _source(entry), against=True) for entry in rivals]
    if len(item.rivals) > len(rivals):
        rows.append(_row(t("review.more_against", n=number(len(item.rivals) - len(rivals)))))
    return rows


def _claim(workspace: Workspace, desk: Desk, item: Item, value: NormalValue | None, *, hidden: bool) -> None:
    lead = item.lead
    title = cached_catalogue(workspace).title(lead.subject)
    who = " · ".join(part for part in (title, item.category) if part)
    fact = None if hidden else desk.graph.facts.get(item.fact_id)
    label = desk.graph.label(fact.object) if fact else ""
    known = normalised(lead.object, value)
    if label and label.casefold() not in (lead.object.casefold(), value.label.casefold() if value else ""):
        known = t("review.known_as", name=label)
    apart = t("review.apart") if item.signals.apart and not hidden else ""
    sure = t("common.conf_short", value=percent(lead.confidence if hidden else item.confidence))
    notes = " · ".join(escape(part) for part in (sure, extractor_label(lead.extractor), apart, known) if part)
    st.html(
        f'<div class="sg-review-who">{escape(who)}</div><div class="sg-review-claim">'
        f'<span class="sg-review-relation" style="--sg-family:{FAMILY_COLORS[family(lead.relation)]}">'
        f'{escape(relation_label(lead.relation))}</span><span class="sg-review-value">{escape(lead.object)}</span>'
        f'<span class="sg-review-sure">{notes}</span></div>'
    )


def _text(found: Evidence, item: Item) -> None:
    lead, document = found.assertion, found.document
    start, end = excerpt(document.text, lead.start, lead.end)
    spans = [
        Span(a.start - start, a.end - start, family(a.relation), relation_label(a.relation))
        for a in item.readings
        if (a.document_id, a.document_hash) == (document.id, document.hash)
    ]
    lit = highlight(document.text[start:end], spans)
    before, after = "… " if start else "", " …" if end < len(document.text) else ""
    st.html(
        f'<div class="sg-review-field">{escape(field_label(document.field))}</div>'
        f'<div class="sg-review-text" tabindex="0">{before}{lit}{after}</div>'
    )


def _actions(workspace: Workspace, desk: Desk, look: Look, state: ReviewState, *, primary: bool) -> None:
    items, lead = ticked(desk, look, state), look.lead.lead
    many = len(items) > 1
    with st.container(horizontal=True, key="review-actions"):
        for name, verdict, icon, letter in (
            ("accept", EntryKind.ACCEPTED, "check", "A"),
            ("reject", EntryKind.REJECTED, "close", "X"),
        ):
            st.button(
                t(f"review.{name}_many", n=number(len(items))) if many else t(f"review.{name}"),
                icon=f":material/{icon}:",
                type="primary" if primary and name == "accept" else "secondary",
                shortcut=letter,
                key=f"review-{name}",
                on_click=press,
                args=(workspace, [Choice(verdict, item.ids) for item in items], desk.graph.seq),
            )
        for mode, icon, letter in (("words", "match_word", "W"), ("attribute", "swap_horiz", "T")):
            st.button(
                t(f"review.change_{mode}"),
                icon=f":material/{icon}:",
                shortcut=letter,
                key=f"review-change-{mode}",
                help=t(f"review.change_{mode}_help"),
                on_click=start_editing,
                args=(mode, lead.id),
            )
        st.button(
            t("review.next"),
            icon=":material/skip_next:",
            shortcut="N",
            key="review-next",
            on_click=pass_over,
            args=(look,),
        )
        undo_button(workspace, desk, state)


def undo_button(workspace: Workspace, desk: Desk, state: ReviewState) -> None:
    """Draw the press that takes the reviewer's last decision back, whatever it was about."""
    st.button(
        t("common.undo"),
        icon=":material/undo:",
        shortcut="U",
        key="review-undo",
        help=t("review.undo_help"),
        disabled=desk.last_of(state.me) is None,
        on_click=take_back,
        args=(workspace,),
    )


def last_press() -> None:
    """Say what the last press has done, in a line that keeps its place."""
    kind, text = told("review", ("", ""))
    st.html(f'<p class="sg-review-told {kind}" role="status">{escape(text)}</p>')


def _contradiction(entry: Evidence) -> str:
    a = entry.assertion
    return t("review.contradicts", relation=relation_label(a.relation), value=a.object)


def _source(entry: Evidence) -> str:
    a = entry.assertion
    return " · ".join(
        (extractor_label(a.extractor), field_label(entry.document.field), percent(a.confidence))
    )


def _row(text: str, note: str = "", *, against: bool = False) -> str:
    quiet = f'<span class="sg-quiet">{escape(note)}</span>' if note else ""
    return f'<li><span class="{"against" if against else ""}">{escape(text)}</span>{quiet}</li>'


def _list(rows: list[str]) -> str:
    return f'<ul class="sg-review-why">{"".join(rows)}</ul>'
