"""A need in words on screen: what was understood of it, and what of it each product meets."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.recommend.serve.examples import Example
from core.recommend.serve.lists import Missed, Shown, explained
from core.recommend.serve.need import Need, met, policy_for, scores
from core.recommend.serve.policy import Policy
from core.storage.workspaces import Workspace
from core.ui import recommend_list as listed
from core.ui.charts import BASELINE
from core.ui.facts import chip
from core.ui.serving import Serving, examples_of, reader_of
from core.ui.shell import set_params
from core.ui.text import number, t


def understood(workspace: Workspace, served: Serving, text: str) -> Need:
    """Read a need and draw what was understood of it; examples to try where there is none."""
    need = reader_of(workspace, served).read(text)
    if need.empty:
        _examples(workspace, served)
        return need
    shelf = served.shelf
    parts = [chip(trait.relation, shelf.name(trait)) for trait in need.wanted]
    parts += [
        _plain(t("recommend.need_not", trait=listed.trait_label(served, trait))) for trait in need.unwanted
    ]
    if need.price_from is not None or need.price_to is not None:
        parts.insert(0, _plain(_band(need)))
    told = "".join(parts) or f"<span>{escape(t('recommend.need_words'))}</span>"
    st.html(
        f'<div class="sg-chips sg-rec-strip"><span class="sg-rec-understood">'
        f"{escape(t('recommend.need_understood'))}</span>{told}</div>"
    )
    return need


def answer(served: Serving, need: Need, policy: Policy, k: int) -> tuple[list[Shown], list[Missed]]:
    """The list for a need."""
    found = scores(need, served.shelf, served.recommender)
    return explained(found, served.shelf, policy_for(need, policy), k, served.recommender.rows([]))


def show_answer(served: Serving, need: Need, shown: list[Shown]) -> None:
    """Draw the list, each product with what of the need it meets."""
    shelf, place = served.shelf, {product: row for row, product in enumerate(served.shelf.products)}
    chips = {
        line.product_id: "".join(
            chip(trait.relation, shelf.name(trait)) for trait in met(need, shelf, place[line.product_id])
        )
        for line in shown
    }
    listed.plain_cards(served, shown, chips)


def _examples(workspace: Workspace, served: Serving) -> None:
    texts = [_words(example) for example in examples_of(workspace, served)]
    if not texts:
        return
    with st.container(horizontal=True, key="recommend-examples"):
        st.caption(t("recommend.need_try"), width="content")
        for at, text in enumerate(texts):
            st.button(text, key=f"need_{at}", type="tertiary", on_click=_try, args=(text,))


def _words(example: Example) -> str:
    form: str = example.form
    if example.price is None and form in ("under", "alone"):
        form = "both" if example.second else "single"
    price = number(example.price or 0.0, 0)
    return t(f"recommend.need_{form}", first=example.first, second=example.second, price=price)


def _try(text: str) -> None:
    st.session_state["recommend_need"] = text
    set_params(need=text)


def _band(need: Need) -> str:
    if need.price_from is None:
        return t("recommend.need_up_to", price=number(need.price_to))
    if need.price_to is None:
        return t("recommend.need_from", price=number(need.price_from))
    return t("recommend.need_between", low=number(need.price_from), high=number(need.price_to))


def _plain(words: str) -> str:
    return f'<span class="sg-chip" style="--sg-family:{BASELINE}">{escape(words)}</span>'
