"""Whom to recommend for: a shopper of the events, a basket, a need in words, or a product that is not there yet."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

import streamlit as st

from core.recommend.source import history as dated_history
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.charts import BASELINE
from core.ui.linked import follow, noted
from core.ui.serving import Serving
from core.ui.shell import param, set_params
from core.ui.text import ago, number, t

Kind = Literal["known", "made_up", "need", "product"]
SHOWN_HISTORY = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked for. ``shopper`` is "" for anybody that the events do not know; ``need`` are the words of a need."""

    kind: Kind
    shopper: str = ""
    history: tuple[str, ...] = ()
    need: str = ""


def choose(served: Serving) -> Asked:
    """The choosers, kept in the link."""
    kinds: list[Kind] = ["known", "made_up", "need", "product"]
    known = served.shoppers()
    if not known:
        kinds.remove("known")
    asked = param("as")
    start: Kind = (
        "made_up" if param("history") is not None
        else "need" if param("need") is not None
        else "product" if asked == "product"
        else kinds[0]
    )  # fmt: skip
    left, right = st.columns([9, 10], vertical_alignment="bottom")
    with left:
        follow("recommend_kind", start)
        chosen = st.segmented_control(
            t("recommend.who"),
            kinds,
            format_func=lambda name: t(f"recommend.who_{name}"),
            required=True,
            key="recommend_kind",
        )
        kind: Kind = chosen or start
        noted("recommend_kind", kind)
    with right:
        return _asked(served, kind, known)


def _asked(served: Serving, kind: Kind, known: list[str]) -> Asked:
    if kind == "known":
        shopper = _shopper(served, known)
        set_params(user=shopper, history=None, need=None, **{"as": None})
        return Asked("known", shopper, tuple(served.history(shopper)))
    if kind == "made_up":
        chosen = _basket(served)
        # The comma stands between ids in the link, and an empty one still says that the shopper is made up.
        set_params(user=None, history=",".join(chosen) or "-", need=None, **{"as": None})
        return Asked("made_up", "", tuple(chosen))
    if kind == "need":
        if (
            "recommend_need" not in st.session_state
        ):  # examples write into it, so it has no default of its own
            st.session_state["recommend_need"] = param("need") if param("need") not in (None, "-") else ""
        need = st.text_input(
            t("recommend.need"),
            placeholder=t("recommend.need_hint"),
            max_chars=300,
            key="recommend_need",
        )
        set_params(user=None, history=None, need=need or "-", **{"as": None})
        return Asked("need", need=need or "")
    set_params(history=None, need=None, **{"as": "product"})
    shopper = _shopper(served, known) if known else ""
    return Asked("product", shopper, tuple(served.history(shopper)))


def _shopper(served: Serving, known: list[str]) -> str:
    asked = param("user") or served.usual_shopper()
    follow("recommend_shopper", asked if asked in known else known[0])
    chosen: str = st.selectbox(
        t("recommend.shopper"),
        known,
        format_func=served.shopper_label,
        help=t("recommend.shopper_help"),
        key="recommend_shopper",
    )
    return noted("recommend_shopper", chosen)


def _basket(served: Serving) -> list[str]:
    start = [product for product in (param("history") or "").split(",") if product in served.known]
    chosen: list[str] = st.multiselect(
        t("recommend.products"),
        list(served.recommender.product_ids),
        default=start,
        format_func=served.product_label,
        placeholder=t("recommend.products_hint"),
        max_selections=30,
        key="recommend_history",
    )
    return chosen


def strip(workspace: Workspace, served: Serving, asked: Asked) -> None:
    """The history as chips, latest first."""
    when = dict(dated_history(workspace, asked.shopper)) if asked.shopper else {}
    shown = list(reversed(asked.history))[:SHOWN_HISTORY]
    chips = "".join(
        f'<span class="sg-chip" style="--sg-family:{BASELINE}" title="{escape(served.title(product), quote=True)}">'
        + (f'<span class="sg-chip-relation">{escape(ago(when[product]))}</span>' if product in when else "")
        + f"<span>{escape(shorten(served.title(product), 30))}</span></span>"
        for product in shown
    )
    rest = len(asked.history) - len(shown)
    more = f'<span class="sg-chip">{escape(t("recommend.more", n=number(rest)))}</span>' if rest > 0 else ""
    nothing = escape(t("recommend.no_history"))
    st.html(f'<div class="sg-chips sg-rec-strip">{chips or nothing}{more}</div>')
