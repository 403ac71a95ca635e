"""The served list: one card a product, with its facts and with every place it was moved; and what is not shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from core.recommend import feedback
from core.recommend.reasons import Reason
from core.recommend.serve.lists import Missed, Move, Shown
from core.recommend.serve.policy import Boost, Trait
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.facts import chip
from core.ui.recommend_who import Asked
from core.ui.serving import Serving
from core.ui.shell import go
from core.ui.text import number, percent, relation_label, t

Labels = Mapping[str, str]


def cards(
    workspace: Workspace,
    served: Serving,
    asked: Asked,
    shown: Sequence[Shown],
    why: Sequence[Sequence[Reason]],
    labels: Labels,
) -> None:
    """Draw the list with thumbs and the way to Explain."""
    visitor = asked.shopper or feedback.made_up(asked.history)
    given = feedback.verdicts(workspace, served.run_id, visitor)
    moved = any(line.moves or line.rules for line in shown)
    for line, found in zip(shown, why, strict=True):
        with st.container(border=True, key=f"line-{line.rank}"):
            words, buttons = st.columns([5, 1], vertical_alignment="center")
            with words:
                st.html(
                    _card(served, line, _reason_chips(served, found, labels), moves(line) if moved else "")
                )
            with (
                buttons,
                st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"),
            ):
                _thumbs(workspace, served.run_id, visitor, line.product_id, given.get(line.product_id))
                if st.button(t("recommend.why"), key=f"why_{line.product_id}", type="tertiary"):
                    explain(served, asked, line.product_id)


def plain_cards(served: Serving, shown: Sequence[Shown], chips: Mapping[str, str]) -> None:
    """Draw a list that the model alone does not explain: ``chips`` is HTML by product id."""
    moved = any(line.moves or line.rules for line in shown)
    for line in shown:
        with st.container(border=True, key=f"line-{line.rank}"):
            told = moves(line, "unmoved_need") if moved else ""
            st.html(_card(served, line, chips.get(line.product_id, ""), told))


def explain(served: Serving, asked: Asked, product: str) -> None:
    """Go to Explain with this shopper and product."""
    made = None if asked.shopper else ",".join(asked.history)
    go("explain", user=asked.shopper or None, history=made, item=product, run=served.run_id)


def missed(served: Serving, lost: Sequence[Missed]) -> None:
    """Say which of the model's own first are not shown, and why."""
    if not lost:
        return
    rows = "".join(
        f"<li><span>{line.before}</span>{escape(shorten(served.title(line.product_id), 60))}"
        f"<em>{escape(_cause(served, line))}</em></li>"
        for line in lost
    )
    st.html(
        f'<details class="sg-missed"><summary>{escape(t("recommend.missed", n=number(len(lost))))}</summary>'
        f"<ol>{rows}</ol></details>"
    )


def trait_label(served: Serving, trait: Trait) -> str:
    """A trait in the words of the catalogue: "made of: cork"."""
    return t("recommend.trait", relation=relation_label(trait.relation), value=served.shelf.name(trait))


def rule_label(served: Serving, rule: Boost) -> str:
    """A boost in words: "brand: Northbeam +50%"."""
    sign = "+" if rule.weight > 0 else ""
    return f"{trait_label(served, rule.trait)} {sign}{percent(rule.weight, 0)}"


def moves(line: Shown, unmoved: str = "unmoved") -> str:
    """Where a product came from and what moved it, in one line of HTML; ``unmoved`` is the text where nothing did."""
    if not line.moves:
        return f'<span class="sg-move">{escape(t(f"recommend.{unmoved}"))}</span>'
    came = f'<span class="sg-move">{escape(t("recommend.was", place=number(line.before)))}</span>'
    return came + "".join(_move(one) for one in line.moves)


def move_words(one: Move) -> str:
    """A move as a sentence: "moved up 3: diversity"."""
    key = "moved_up" if one.places > 0 else "moved_down"
    return t(f"recommend.{key}", n=number(abs(one.places)), step=t(f"recommend.step_{one.step}"))


def _move(one: Move) -> str:
    tone, arrow = ("up", "▲") if one.places > 0 else ("down", "▼")
    told = f"{arrow} {number(abs(one.places))} {t(f'recommend.step_{one.step}')}"
    return f'<span class="sg-move sg-move-{tone}" title="{escape(move_words(one), quote=True)}">{escape(told)}</span>'


def _card(served: Serving, line: Shown, chips: str, told: str) -> str:
    """``told`` is what moved the product, as HTML: "" where nothing moved any product of the list."""
    product = served.products.get(line.product_id)
    title = served.title(line.product_id)
    price = f"{product.price:,.2f} {product.currency or ''}".strip() if product and product.price else ""
    parts = [product.brand, product.category, price] if product else []
    meta = " · ".join(
        escape(part) for part in (*parts, t("recommend.score", score=number(line.score, 2))) if part
    )
    rules = "".join(f'<span class="sg-move">{escape(rule_label(served, rule))}</span>' for rule in line.rules)
    row = f'<div class="sg-moves">{told}{rules}</div>' if told else ""
    return (
        f'<div class="sg-card-title" title="{escape(title, quote=True)}">{line.rank}. {escape(title)}</div>'
        f'<div class="sg-card-meta">{meta}</div>{row}<div class="sg-chips">{chips}</div>'
    )


def _reason_chips(served: Serving, found: Sequence[Reason], labels: Labels) -> str:
    return "".join(
        chip(
            reason.fact.relation,
            labels.get(reason.fact.object) or reason.fact.object.partition(":")[2],
            title=t(
                "recommend.reason_link" if reason.is_link else "recommend.reason",
                weight=number(reason.weight, 2),
                products=", ".join(shorten(served.title(one), 30) for one in reason.shared_with[:3]),
            ),
        )
        for reason in found
    )


def _cause(served: Serving, line: Missed) -> str:
    if line.trait:
        return t("recommend.cause_unwanted", trait=trait_label(served, line.trait))
    if line.rank is None:
        return t(f"recommend.cause_{line.cause}")
    return t("recommend.cause_fell", place=number(line.rank), step=t(f"recommend.step_{line.cause}"))


def _thumbs(workspace: Workspace, run_id: str, visitor: str, product: str, given: int | None) -> None:
    key = f"thumb_{run_id}_{visitor}_{product}"

    def keep() -> None:
        chosen = st.session_state.get(key)
        feedback.record(workspace, run_id, visitor, product, 0 if chosen is None else 1 if chosen else -1)

    start = None if given is None else int(given > 0)
    st.feedback("thumbs", key=key, default=start, on_change=keep)
