"""The "what if" panel: switch facts and past products, edit the text, and see the list move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.domain import Fact, Product
from core.explain.whatif import Change, Line, Outcome, changed_facts, what_if
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.explaining import Question
from core.ui.facts import chips
from core.ui.labels import literal
from core.ui.serving import Serving
from core.ui.session import cached_graph, log_head
from core.ui.text import distinct, number, relation_label, t

if TYPE_CHECKING:
    from core.stages.read_edit import EditReader

SHOWN = 10
MOST_PAST = 16
_PARTS = ("history", "facts", "title", "description", "closely")


def panel(workspace: Workspace, served: Serving, question: Question) -> None:
    """Draw the panel; what is switched in it reruns nothing else."""
    st.subheader(t("explain.whatif_title"), help=t("explain.whatif_help"))
    _panel(workspace, served, question)


@st.fragment
def _panel(workspace: Workspace, served: Serving, question: Question) -> None:
    with st.container(border=True, key="sg-whatif"):
        controls, result = st.columns([3, 2], gap="large")
        with controls:
            kept = _history(served, question)
            facts = _facts(workspace, question)
            text, facts = _text(workspace, served, question, facts)
            _reset(question)
        change = Change(kept, tuple(facts), text)
        outcome = what_if(question.model, question.history, question.product_id, change, SHOWN)
        with result:
            _headline(outcome)
            st.html(_ranking(outcome, served))


def _history(served: Serving, question: Question) -> tuple[str, ...]:
    past = list(dict.fromkeys(reversed(question.history)))
    shown = past[:MOST_PAST]
    if not shown:
        return question.history
    # Two pills of one name would be one pill.
    names = distinct({p: literal(shorten(served.title(p), 30)) for p in shown})
    chosen = st.pills(
        t("explain.whatif_history"),
        shown,
        default=shown,
        selection_mode="multi",
        wrap=True,
        format_func=lambda p: names.get(p, p),
        help=t("explain.whatif_history_help", n=len(past) - len(shown)) if len(past) > len(shown) else None,
        key=_key("history", question),
    )
    off = set(shown) - set(chosen)
    return tuple(p for p in question.history if p not in off)


def _facts(workspace: Workspace, question: Question) -> list[Fact]:
    graph = cached_graph(workspace)
    own = list(question.model.facts_of(question.product_id))
    if not own:
        return []
    names = distinct(
        {fact.id: f"{relation_label(fact.relation)} · {literal(graph.label(fact.object))}" for fact in own}
    )
    chosen = st.pills(
        t("explain.whatif_facts"),
        list(names),
        default=list(names),
        selection_mode="multi",
        wrap=True,
        format_func=lambda fact: names.get(fact, fact),
        key=_key("facts", question),
    )
    return [fact for fact in own if fact.id in chosen]


def _text(
    workspace: Workspace, served: Serving, question: Question, facts: list[Fact]
) -> tuple[str | None, list[Fact]]:
    """The edited text (None where it stays), and the facts as the readers find them in it."""
    from core.recommend.text import product_text

    product = served.products.get(question.product_id)
    if product is None:
        return None, facts
    title = st.text_input(t("explain.whatif_text_title"), product.title, key=_key("title", question))
    description = st.text_area(
        t("explain.whatif_text"), product.description, height=110, key=_key("description", question)
    )
    closely = st.toggle(
        t("explain.whatif_closely"), help=t("explain.whatif_closely_help"), key=_key("closely", question)
    )
    edited = replace(product, title=title.strip() or product.title, description=description)
    if product_text(edited) == product_text(product):
        st.caption(t("explain.whatif_edit_hint"))
        return None, facts
    with st.spinner(t("explain.whatif_reading")):
        before, after = (_read(workspace, one, closely) for one in (product, edited))
    own = question.model.facts_of(question.product_id)
    lost, gained = changed_facts(own, before, after)
    _told(workspace, question, lost, gained)
    gone = {fact.id for fact in lost}
    return product_text(edited), [*(fact for fact in facts if fact.id not in gone), *gained]


def _told(workspace: Workspace, question: Question, lost: Sequence[Fact], gained: Sequence[Fact]) -> None:
    graph = cached_graph(workspace)
    if not lost and not gained:
        st.caption(t("explain.whatif_same_facts"))
    for key, facts in (("lost", lost), ("gained", gained)):
        if facts:
            st.caption(t(f"explain.whatif_{key}"))
            st.html(chips((fact.relation, _label(graph, fact)) for fact in facts))
    if any(not question.model.uses(fact) for fact in gained):
        new = ", ".join(_label(graph, fact) for fact in gained if not question.model.uses(fact))
        st.caption(t("explain.whatif_unknown", what=literal(new)))


def _label(graph: Any, fact: Fact) -> str:
    return str(graph.label(fact.object)) if fact.object in graph.nodes else fact.object.partition(":")[2]


def _reset(question: Question) -> None:
    def clear() -> None:
        for part in _PARTS:
            st.session_state.pop(_key(part, question), None)

    st.button(t("explain.whatif_reset"), icon=":material/undo:", on_click=clear, key="explain_whatif_reset")


def _headline(outcome: Outcome) -> None:
    line = outcome.product
    same = line.rank == line.rank_before
    key = "explain.whatif_same" if same else "explain.whatif_moved"
    st.metric(
        t(key),
        f"{number(line.rank_before)} → {number(line.rank)}" if not same else number(line.rank),
        # A number and not text: Streamlit tells a fall by an ASCII minus only.
        delta=None if line.score == line.score_before else round(line.score - line.score_before, 3),
        help=t("explain.whatif_metric_help"),
    )


def _ranking(outcome: Outcome, served: Serving) -> str:
    """The first lines as safe HTML, each with how far it moved; the product in question stands out."""
    own = outcome.product
    lines = list(outcome.first)
    outside = own.product_id not in {line.product_id for line in lines}
    rows = "".join(_row(line, served, line.product_id == own.product_id) for line in lines)
    if outside:
        rows += f'<li aria-hidden="true" style="text-align:center;opacity:.5">⋯</li>{_row(own, served, True)}'
    style = "list-style:none;margin:0;padding:0;font-variant-numeric:tabular-nums"
    return f'<ol class="sg-whatif-list" style="{style}">{rows}</ol>'


def _row(line: Line, served: Serving, own: bool) -> str:
    moved = line.rank_before - line.rank
    mark = "" if moved == 0 else f"▲ {moved}" if moved > 0 else f"▼ {-moved}"
    color = "var(--sg-good)" if moved > 0 else "var(--sg-stale)"
    surface = (
        "background:color-mix(in srgb, var(--sg-accent) 16%, transparent);font-weight:600" if own else ""
    )
    return (
        f'<li style="display:flex;gap:.6rem;padding:.28rem .5rem;border-radius:6px;{surface}">'
        f'<span style="min-width:1.7rem;text-align:right;opacity:.6">{line.rank}</span>'
        f'<span style="flex:1;overflow-wrap:anywhere">{escape(shorten(served.title(line.product_id), 60))}</span>'
        f'<span style="color:{color};white-space:nowrap">{mark}</span>'
        f'<span style="min-width:3.2rem;text-align:right;opacity:.6">{number(line.score, 3)}</span></li>'
    )


def _key(part: str, question: Question) -> str:
    return f"explain_whatif_{part}_{question.product_id}_{hash(question.history) & 0xFFFFFF:x}"


def _read(workspace: Workspace, product: Product, closely: bool) -> tuple[Fact, ...]:
    parts = (product.id, product.title, product.description)
    return _facts_of_text(str(workspace.folder), log_head(workspace), parts, closely, workspace, product)


@st.cache_data(max_entries=256, show_spinner=False)
def _facts_of_text(
    folder: str,
    head: int,
    parts: tuple[str, ...],
    closely: bool,
    _workspace: Workspace,
    _product: Product,
) -> tuple[Fact, ...]:
    return _reader(folder, head, _workspace).facts(_product, closely=closely)


@st.cache_resource(max_entries=2, show_spinner=False)
def _reader(folder: str, head: int, _workspace: Workspace) -> EditReader:
    from core.stages.read_edit import EditReader

    return EditReader(_workspace)
