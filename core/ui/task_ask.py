"""A question to a task model: a product picked or typed, for whom and for what; its answer, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import streamlit as st

from core.explain.model import Explainable
from core.explain.reference import Reference
from core.recommend.tasks.config import Kind
from core.recommend.tasks.predictor import Predictor
from core.storage.workspaces import Workspace
from core.ui import explain_panels as panels
from core.ui import explain_view as view
from core.ui import task_charts as charts
from core.ui.charts import show
from core.ui.explaining import Question
from core.ui.facts import evidence
from core.ui.labels import literal
from core.ui.session import cached_catalogue, cached_graph
from core.ui.shell import param, set_params
from core.ui.task_state import TYPED, Opened, output_labels, stated, taken, typed_model
from core.ui.text import distinct, listed, number, percent, relation_label, t

MOST_FACTS = 12
SEPARATOR = "~"


@dataclass(frozen=True)
class Asking:
    """What was asked: the model (with the typed product), the product, the shopper with what they took, the needs."""

    model: Predictor
    version: str
    product_id: str
    shopper: str = ""
    history: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


def ask(workspace: Workspace, opened: Opened) -> None:
    """Draw the question at the left, and why it is answered so at the right."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        asking = _asking(workspace, opened)
        if asking is None:
            return
        output = _answer(workspace, opened, asking)
        question = _question(asking, output)
        with st.spinner(t("explain.loading")):
            moved = float(np.ptp(question.shares().table)) > view.INERT
        if not moved:
            st.info(t("tasks.flat"), icon=":material/info:")
            return
    with right:
        _why(workspace, opened, question, output)
        panels.card(question)
    _deeper(workspace, opened, question)


def _asking(workspace: Workspace, opened: Opened) -> Asking | None:
    source = st.segmented_control(
        t("tasks.source"),
        ["known", "typed"],
        default="typed" if param("text") else "known",
        format_func=lambda name: t(f"tasks.source_{name}"),
        label_visibility="collapsed",
        required=True,
        key="tasks_source",
    )
    if source == "typed":
        text = st.text_area(
            t("tasks.text"),
            param("text") or "",
            max_chars=4000,
            placeholder=t("tasks.text_hint"),
            key="tasks_text",
        )
        price = st.number_input(t("tasks.price"), 0.0, value=None, key="tasks_price")
        set_params(text=text[:600], item=None)
        if not text.strip():
            st.caption(t("tasks.text_none"))
            return None
        model, mark = typed_model(opened, text, price)
        product_id = TYPED
    else:
        model, mark, product_id = opened.model, "", _pick(workspace, opened)
        set_params(text=None)
    shopper, needs = _shopper(workspace, opened), _needs(workspace, opened)
    history = tuple(p for p in taken(workspace).get(shopper, ()) if p != product_id)
    return Asking(model, f"{opened.version}:{mark}", product_id, shopper, history, needs)


def _pick(workspace: Workspace, opened: Opened) -> str:
    catalogue = cached_catalogue(workspace)
    ids = [product.id for product in opened.model.products]
    labels = distinct({product: catalogue.title(product) for product in ids})
    asked = param("item")
    chosen = asked if asked in labels else ids[0]
    product = st.selectbox(
        t("tasks.product"),
        ids,
        index=ids.index(chosen),
        format_func=labels.__getitem__,
        key=f"tasks_item_{chosen}",
    )
    set_params(item=product)
    return str(product)


def _shopper(workspace: Workspace, opened: Opened) -> str:
    if opened.card.kind is Kind.CLASS:
        return ""
    histories = taken(workspace)
    asked = param("user") or ""
    usual = next((name for name in histories if len(histories[name]) <= 8), "")
    start = asked if asked and asked in histories else "" if asked == "-" else usual
    options: list[str] = ["", *histories]
    shopper = st.selectbox(
        t("tasks.shopper"),
        options,
        index=options.index(start),
        format_func=lambda name: (
            t("tasks.shopper_taken", shopper=name, n=number(len(histories[name])))
            if name
            else t("tasks.anybody")
        ),
        key=f"tasks_user_{start}",
    )
    set_params(user=shopper or "-")
    return str(shopper)


def _needs(workspace: Workspace, opened: Opened) -> tuple[str, ...]:
    known = opened.model.encoding.needs
    if opened.card.kind is not Kind.NEED or not known:
        return ()
    graph = cached_graph(workspace)
    labels = distinct({node: graph.label(node) for node in known})
    asked = [node for node in (param("need") or "").split(SEPARATOR) if node in labels]
    chosen = st.multiselect(
        t("tasks.needs"),
        sorted(known, key=lambda node: labels[node].casefold()),
        default=asked,
        format_func=labels.__getitem__,
        placeholder=t("tasks.needs_hint"),
        help=t("tasks.needs_help"),
        max_selections=5,
        key="tasks_needs",
    )
    set_params(need=SEPARATOR.join(chosen))
    return tuple(chosen)


def _answer(workspace: Workspace, opened: Opened, asking: Asking) -> str:
    """Draw the answer; gives the output that is to be explained."""
    told = asking.model.told([asking.product_id], asking.history, asking.shopper, asking.needs)[0]
    kind = opened.card.kind
    if kind is Kind.RATING:
        st.metric(t("tasks.answer_rating"), t("tasks.stars", n=number(told[0], 1)))
        return asking.model.outputs[0]
    if kind is Kind.NEED:
        anybody = asking.model.told([asking.product_id])[0][0]
        st.metric(t("tasks.answer_need"), percent(told[0]), help=t("tasks.answer_need_help"))
        st.caption(t("tasks.answer_anybody", value=percent(anybody)))
        return asking.model.outputs[0]
    labels = output_labels(workspace, opened)
    ranked = [asking.model.outputs[at] for at in told.argsort()[::-1]]
    asked = param("class")
    chosen = st.selectbox(
        t("tasks.explain_class"),
        ranked,
        index=ranked.index(asked) if asked in ranked else 0,
        format_func=labels.__getitem__,
        help=t("tasks.explain_class_help"),
        key=f"tasks_class_{asking.product_id}_{asking.version}",
    )
    set_params(**{"class": chosen if chosen != ranked[0] else None})
    values = dict(zip(labels.values(), map(float, told), strict=True))
    show(charts.answer_figure(values, labels[chosen]), "tasks_answer")
    if said := stated(workspace, opened, asking.product_id):
        st.caption(t("tasks.stated", value=listed(said)))
        st.caption(t("tasks.learned_from"))
    return str(chosen)


def _question(asking: Asking, output: str) -> Question:
    asked = asking.model.asked(output, asking.shopper, asking.needs)
    version = f"{asking.version}:{output}:{asking.shopper}:{SEPARATOR.join(asking.needs)}"
    text = asked.text(asking.product_id) if asked.reads_text else ""
    model = cast(Explainable, asked)  # nothing is asked of it here that only a ranking answers
    return Question(model, version, asking.history, asking.product_id, text, Reference())


def _why(workspace: Workspace, opened: Opened, question: Question, output: str) -> None:
    exact = question.shares()
    st.subheader(
        t("tasks.why"), help=t("explain.shares_help", n=number(len(exact.table)), groups=len(exact.names))
    )
    label = output_labels(workspace, opened)[output]
    unit = t(f"tasks.unit_{opened.card.kind.value}", name=label)
    st.caption(unit)
    start = "class" if opened.card.kind is Kind.CLASS else "average"
    show(view.waterfall(exact, start), "tasks_waterfall")
    panels.lime(question)


def _deeper(workspace: Workspace, opened: Opened, question: Question) -> None:
    words, facts = st.columns(2, gap="large")
    with words:
        st.subheader(t("tasks.words"), help=t("tasks.words_help"))
        if not question.text:
            st.caption(t("explain.words_none"))
        elif st.toggle(t("tasks.words_show"), value=not opened.metrics["sentences"], key="tasks_words"):
            method = st.segmented_control(
                t("tasks.words"),
                ["shap", "lime"],
                default="shap",
                format_func=lambda name: t(f"explain.words_{name}"),
                label_visibility="collapsed",
                required=True,
                key="tasks_words_method",
            )
            with st.spinner(t("tasks.words_wait")):
                st.html(view.coloured_words(question.words(method or "shap")))
        else:
            st.caption(t("tasks.words_later"))
    with facts:
        _facts(workspace, question)
        if opened.card.kind is not Kind.CLASS:
            _history(workspace, question)


def _facts(workspace: Workspace, question: Question) -> None:
    st.subheader(t("tasks.facts"), help=t("tasks.facts_help"))
    effects = [effect for effect in question.facts() if abs(effect.effect) > view.INERT]
    if not effects:
        st.caption(t("tasks.facts_none"))
    graph = cached_graph(workspace)
    for effect in effects[:MOST_FACTS]:
        name = f"{relation_label(effect.fact.relation)} **{literal(graph.label(effect.fact.object))}**"
        with st.expander(f"{name} · {view.signed(effect.effect)}"):
            evidence(workspace, effect.fact.id)


def _history(workspace: Workspace, question: Question) -> None:
    shares = question.history_shares() if question.history else []
    st.subheader(t("tasks.history"))
    if not shares:
        st.caption(t("tasks.history_none"))
        return
    catalogue = cached_catalogue(workspace)
    names: Sequence[str] = [
        catalogue.title(s.product_id) if s.product_id else t("explain.inside_older", n=len(s.older))
        for s in shares
    ]
    show(view.bars(names, [share.share for share in shares]), "tasks_history")
