"""Explain: one recommendation taken apart, from the score over the facts to the source words."""

from __future__ import annotations

import streamlit as st

from core.explain.reference import AVERAGE, EMPTY, Reference, some_shoppers
from core.recommend.runs import serving_run
from core.stages.explain_one import true_tastes
from core.storage.workspaces import Workspace
from core.ui import explain_more as more
from core.ui import explain_panels as panels
from core.ui import explain_view as view
from core.ui import explain_whatif
from core.ui.explain_paths import draw_paths
from core.ui.explain_pictures import pictures
from core.ui.explaining import Question
from core.ui.serving import Serving, serving
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.text import number, t
from core.ui.theme import steady


def render(workspace: Workspace) -> None:
    """Draw the page."""
    if param("run") is None and serving_run(workspace) is None:
        header("explain")
        empty("explain", what=t("explain.empty_what"), why=t("explain.empty_why"), button=_to_training)
        return
    served = serving(workspace, param("run"))
    who, what, beside = st.columns([1, 3, 2])
    with who:
        shopper, history = _pick_shopper(served)
    with what:
        product_id = _pick_product(served, history)
    with beside:
        reference = _reference(served)
    model = served.recommender
    place = served.places(history).get(product_id)
    header(
        "explain",
        t(
            "explain.state",
            product=view.shorten(served.title(product_id), 60),
            shopper=shopper or t("explain.pick_made_up", n=len(history)),
            rank=number(place.rank) if place else "–",
            total=number(len(model.product_ids)),
            score=number(place.score) if place else "–",
            run=served.run_name,
        ),
        lambda: _back(shopper),
    )
    known = served.products.get(product_id)
    question = Question(
        model,
        served.version,
        history,
        product_id,
        served.text(product_id),
        reference,
        true_tastes(shopper, known) if shopper and known else (),
        slow_text=model.reads_sentences,
    )
    with st.spinner(t("explain.loading")):
        question.shares()
    with steady("sg-sentences", 120):
        sentences = st.container()
    left, right = st.columns([3, 2], gap="large")
    with left:
        group = panels.shares(served, question)
        panels.inside(workspace, served, question, group)
        panels.as_numbers(question)
        pictures(served, question)
    with right:
        panels.lime(question)
        panels.card(question)
        panels.smallest_change(workspace, served, question)
    # Needs all of the above, and stands above it.
    with sentences:
        more.words(workspace, served, question)
    explain_whatif.panel(workspace, served, question)
    words, flow = st.columns(2, gap="large")
    with flow:
        draw_paths(workspace, served, question)
    with words:
        panels.words(question)
    above, edge = st.columns(2, gap="large")
    with above:
        panels.against(served, question)
    with edge:
        more.edge(workspace, question)
    more.interactions(question)


def _reference(served: Serving) -> Reference:
    """What the score is compared with, in the link; the average shopper and product unless chosen otherwise."""
    asked = param("reference") or AVERAGE
    options = [AVERAGE, EMPTY, *served.recommender.product_ids]
    chosen = st.selectbox(
        t("explain.reference"),
        options,
        index=options.index(asked) if asked in options else 0,
        format_func=lambda one: (
            t(f"explain.reference_{one}") if one in (AVERAGE, EMPTY) else served.product_label(one)
        ),
        help=t("explain.reference_help"),
        key="explain_reference",
    )
    set_params(reference=None if chosen == AVERAGE else chosen)
    return Reference(chosen, some_shoppers(served.histories))


def _to_training() -> None:
    if st.button(t("explain.empty_button"), type="primary"):
        go("train")


def _back(shopper: str) -> None:
    if st.button(t("explain.back"), icon=":material/arrow_back:"):
        go("recommend", user=shopper)


def _pick_shopper(served: Serving) -> tuple[str, list[str]]:
    made_up = param("history")
    known = served.shoppers()
    asked = param("user") or ("" if made_up else served.usual_shopper())
    shoppers = ["", *known] if made_up else known
    chosen = asked if asked in shoppers else shoppers[0]
    shopper = st.selectbox(
        t("explain.pick_shopper"),
        shoppers,
        index=shoppers.index(chosen),
        format_func=lambda s: (
            served.shopper_label(s) if s else t("explain.pick_made_up", n=len((made_up or "").split(",")))
        ),
        key=f"explain_shopper_{chosen}",
    )
    if shopper != chosen:
        set_params(user=shopper, item=None, against=None)
        st.rerun()
    set_params(user=shopper)
    if not shopper and made_up:
        return shopper, [p for p in made_up.split(",") if p in served.known]
    return shopper, served.history(shopper)


def _pick_product(served: Serving, history: list[str]) -> str:
    ranked = served.top(history, panels.TOP)
    others = [p for p in served.recommender.product_ids if p not in ranked]
    options = [*ranked, *others]
    asked = param("item") or ""
    chosen = asked if asked in options else options[0]
    product = st.selectbox(
        t("explain.pick_product"),
        options,
        index=options.index(chosen),
        format_func=served.product_label,
        help=t("explain.pick_hint"),
        key=f"explain_item_{chosen}",
    )
    set_params(item=product)
    if product != chosen:
        st.rerun()
    return product


run_page("explain", render)
