"""Recommend: a shopper, known or made up, what the model shows them and why, beside what the baseline would show."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import RunError
from core.recommend import feedback
from core.recommend.reasons import Reason, reasons_of_all
from core.recommend.source import history as dated_history
from core.storage.workspaces import Workspace
from core.ui import recommend_view as view
from core.ui.charts import BASELINE, show
from core.ui.facts import chip
from core.ui.serving import Serving, serving
from core.ui.session import cached_graph
from core.ui.shell import empty, go, header, param, run_page, set_params
from core.ui.tables import export_button, table
from core.ui.text import ago, number, t

if TYPE_CHECKING:
    from core.recommend.rank import Scored

LENGTHS = (5, 10, 20)
SHOWN_HISTORY = 8


def render(workspace: Workspace) -> None:
    """Draw the page."""
    try:
        served = serving(workspace, param("run"))
    except RunError:
        header("recommend")
        empty("recommend", what=t("recommend.empty_what"), why=t("recommend.empty_why"), button=_to_training)
        return
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    with left:
        shopper, history = _choose(served)
    with right:
        k = _length()
    model = served.recommender
    ours, theirs = model.recommend(history, k), model.baseline(history, k)
    baseline = t(f"train.model_{model.baseline_name}")
    header(
        "recommend",
        t(
            "recommend.state",
            who=escape(shopper or t("recommend.made_up")),
            history=number(len(history)),
            products=number(len(model.product_ids)),
            run=escape(served.run_name),
        ),
        lambda: _explain_first(served, shopper, history, ours),
    )
    _strip(workspace, served, shopper, history)
    left, right = st.columns([3, 2], gap="large")
    places = {line.product_id: line.rank for line in model.baseline(history, len(model.product_ids))}
    with left:
        st.subheader(t("recommend.ours"))
        _ours(workspace, served, shopper, history, ours, places)
    with right:
        st.subheader(t("recommend.theirs", baseline=baseline), help=t("recommend.changes_help"))
        show(view.rank_changes(ours, theirs, served.title, places), "recommend_changes")
        with st.expander(t("recommend.as_table")):
            _table(served, ours, theirs, places, baseline)


def _to_training() -> None:
    if st.button(t("recommend.empty_button"), type="primary"):
        go("train")


def _choose(served: Serving) -> tuple[str, list[str]]:
    """(shopper id, history); the id is "" for a made-up shopper."""
    known = served.shoppers()
    made = param("history")
    kinds = ["known", "made_up"] if known else ["made_up"]
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    kind = left.segmented_control(
        t("recommend.who"),
        kinds,
        default="made_up" if made is not None or not known else "known",
        format_func=lambda name: t(f"recommend.who_{name}"),
        required=True,
        key="recommend_kind",
    )
    if kind == "made_up":
        with right:
            return "", _made_up(served, made)
    asked = param("user") or served.usual_shopper()
    shopper = right.selectbox(
        t("recommend.shopper"),
        known,
        index=known.index(asked) if asked in known else 0,
        format_func=served.shopper_label,
        help=t("recommend.shopper_help"),
        key="recommend_shopper",
    )
    set_params(user=shopper, history=None)
    return shopper, served.history(shopper)


def _made_up(served: Serving, asked: str | None) -> list[str]:
    start = [product for product in (asked or "").split(",") if product in served.known]
    chosen: list[str] = st.multiselect(
        t("recommend.products"),
        list(served.recommender.product_ids),
        default=start,
        format_func=served.product_label,
        placeholder=t("recommend.products_hint"),
        max_selections=30,
        key="recommend_history",
    )
    # The comma stands between ids in the link, and an empty one still says that the shopper is made up.
    set_params(user=None, history=",".join(chosen) or "-")
    return chosen


def _length() -> int:
    asked = param("k", "10") or "10"
    k = st.segmented_control(
        t("recommend.length"),
        LENGTHS,
        default=int(asked) if asked in map(str, LENGTHS) else 10,
        required=True,
        key="recommend_k",
        label_visibility="collapsed",
    )
    set_params(k=k if k != 10 else None)
    return int(k or 10)


def _explain_first(served: Serving, shopper: str, history: list[str], ours: list[Scored]) -> None:
    if ours and st.button(t("recommend.explain_first"), type="primary", icon=":material/stacked_bar_chart:"):
        _explain(served, shopper, history, ours[0].product_id)


def _explain(served: Serving, shopper: str, history: list[str], product: str) -> None:
    made = None if shopper else ",".join(history)
    go("explain", user=shopper or None, history=made, item=product, run=served.run_id)


def _strip(workspace: Workspace, served: Serving, shopper: str, history: list[str]) -> None:
    """The history as chips, latest first."""
    when = dict(dated_history(workspace, shopper)) if shopper else {}
    shown = list(reversed(history))[:SHOWN_HISTORY]
    chips = "".join(
        f'<span class="sg-chip" style="--sg-family:{BASELINE}" title="{escape(served.title(product), quote=True)}">'
        + (f'<span class="sg-chip-relation">{escape(ago(when[product]))}</span>' if product in when else "")
        + f"<span>{escape(view.shorten(served.title(product), 36))}</span></span>"
        for product in shown
    )
    rest = len(history) - len(shown)
    more = f'<span class="sg-chip">{escape(t("recommend.more", n=number(rest)))}</span>' if rest > 0 else ""
    st.html(f'<div class="sg-chips">{chips or escape(t("recommend.no_history"))}{more}</div>')


def _ours(
    workspace: Workspace,
    served: Serving,
    shopper: str,
    history: list[str],
    ours: list[Scored],
    places: dict[str, int],
) -> None:
    visitor = shopper or feedback.made_up(history)
    given = feedback.verdicts(workspace, served.run_id, visitor)
    labels = cached_graph(workspace).nodes
    why = reasons_of_all(served.recommender, history, [line.product_id for line in ours])
    for line, found in zip(ours, why, strict=True):
        with st.container(border=True, key=f"line-{line.rank}"):
            words, buttons = st.columns([5, 2], vertical_alignment="center")
            with words:
                st.html(_card(served, line, found, places.get(line.product_id), labels))
            with buttons, st.container(horizontal=True, horizontal_alignment="right"):
                _thumbs(workspace, served.run_id, visitor, line.product_id, given.get(line.product_id))
                if st.button(t("recommend.why"), key=f"why_{line.product_id}", type="tertiary"):
                    _explain(served, shopper, history, line.product_id)


def _card(served: Serving, line: Scored, found: list[Reason], before: int | None, labels: object) -> str:
    meta = t("recommend.meta", score=number(line.score, 2), move=view.move(line.rank, before))
    chips = "".join(
        chip(
            reason.fact.relation,
            _label(labels, reason.fact.object),
            title=t(
                "recommend.reason",
                weight=number(reason.weight, 2),
                products=", ".join(view.shorten(served.title(one), 30) for one in reason.shared_with[:3]),
            ),
        )
        for reason in found
    )
    return (
        f'<div class="sg-card-title">{line.rank}. {escape(served.title(line.product_id))}</div>'
        f'<div class="sg-card-meta">{escape(meta)}</div><div class="sg-chips">{chips}</div>'
    )


def _label(nodes: object, node_id: str) -> str:
    node = nodes.get(node_id) if hasattr(nodes, "get") else None
    return str(node.label) if node else node_id.partition(":")[2]


def _thumbs(workspace: Workspace, run_id: str, visitor: str, product: str, given: int | None) -> None:
    key = f"thumb_{run_id}_{visitor}_{product}"

    def keep() -> None:
        chosen = st.session_state.get(key)
        feedback.record(workspace, run_id, visitor, product, 0 if chosen is None else 1 if chosen else -1)

    start = None if given is None else int(given > 0)
    st.feedback("thumbs", key=key, default=start, on_change=keep)


def _table(
    served: Serving, ours: list[Scored], theirs: list[Scored], places: dict[str, int], baseline: str
) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "#": [line.rank for line in ours],
            "ShelfGraph": [served.title(line.product_id) for line in ours],
            t("recommend.column_score"): [line.score for line in ours],
            t("recommend.column_before", baseline=baseline): [places.get(line.product_id) for line in ours],
            baseline: [served.title(line.product_id) for line in theirs] + [""] * (len(ours) - len(theirs)),
        }
    )
    table(frame, "recommend_table")
    export_button(frame, "recommendations")


run_page("recommend", render)
