"""Recommend: a shopper, a basket, a need or a new product; what is served and why; and what each setting costs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from core.errors import RunError
from core.recommend.reasons import reasons_of_all
from core.recommend.serve.lists import Missed, Shown, explained, places_by
from core.recommend.serve.need import Need
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui import recommend_list as listed
from core.ui import recommend_need, recommend_new
from core.ui import recommend_view as view
from core.ui.charts import show
from core.ui.recommend_export import export
from core.ui.recommend_rules import bar, in_force, settle
from core.ui.recommend_state import Draft, draft
from core.ui.recommend_tune import figures, sliders
from core.ui.recommend_who import Asked, choose, strip
from core.ui.serving import Serving, serving
from core.ui.session import cached_graph
from core.ui.shell import empty, fold, go, guarded, header, param, run_page, set_params
from core.ui.tables import export_button, table
from core.ui.text import number, t

STYLE = ASSETS / "css" / "recommend.css"
LENGTHS = (5, 10, 20)


def render(workspace: Workspace) -> None:
    """Draw the page."""
    st.html(STYLE)
    try:
        served = serving(workspace, param("run"))
    except RunError:
        header("recommend")
        empty("recommend", what=t("recommend.empty_what"), why=t("recommend.empty_why"), button=_to_training)
        return
    trying = draft(workspace)
    asked = choose(served)
    explains = asked.kind in ("known", "made_up")
    action = (lambda: _explain_first(served, asked, trying)) if explains else None
    header("recommend", _state(served, asked), action)
    if explains:
        strip(workspace, served, asked)
    if asked.kind == "product":
        recommend_new.desk(workspace, served, asked)
        return
    need = recommend_need.understood(workspace, served, asked.need) if asked.kind == "need" else None
    if need is None or not need.empty:
        st.fragment(_desk)(workspace, served, asked, need, trying)
    export(workspace, served, trying, _length())


def _to_training() -> None:
    if st.button(t("recommend.empty_button"), type="primary"):
        go("train")


def _state(served: Serving, asked: Asked) -> str:
    products, run = number(len(served.recommender.product_ids)), escape(served.run_name)
    if asked.kind in ("need", "product"):
        return t(f"recommend.state_{asked.kind}", products=products, run=run)
    return t(
        "recommend.state",
        who=escape(asked.shopper or t("recommend.made_up")),
        history=number(len(asked.history)),
        products=products,
        run=run,
    )


def _explain_first(served: Serving, asked: Asked, trying: Draft) -> None:
    if st.button(t("recommend.explain_first"), type="primary", icon=":material/stacked_bar_chart:"):
        first = _list(served, asked, trying, 1)[0]
        if first:
            listed.explain(served, asked, first[0].product_id)


def _list(served: Serving, asked: Asked, trying: Draft, k: int) -> tuple[list[Shown], list[Missed]]:
    model = served.recommender
    return explained(model.score(asked.history), served.shelf, trying.policy, k, model.rows(asked.history))


def _desk(workspace: Workspace, served: Serving, asked: Asked, need: Need | None, trying: Draft) -> None:
    """The list and everything that changes it: what runs again when a slider moves."""
    with guarded():
        top = st.container()
        left, right = st.columns([3, 2], gap="large")
        with right:
            tuning = st.container(border=True, key="recommend-tune")
            comparison = st.container()
        with tuning:
            fold(t("recommend.tune"))
            settle(trying, **sliders(trying))
        with top:
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                bar(workspace, served, trying)
                _choose_length()
            in_force(served, trying.policy)
            if n := len(served.recommender.withheld):
                st.caption(t("recommend.withheld", n=number(n)))
        with tuning:
            figures(workspace, served, trying)
        if need is None:
            shown, lost = _list(served, asked, trying, _length())
        else:
            shown, lost = recommend_need.answer(served, need, trying.policy, _length())
        with left, st.container(key="recommend-list", gap="small"):
            if not shown:
                st.info(t("recommend.nothing_left"), icon=":material/filter_alt_off:")
            elif need is None:
                _served_list(workspace, served, asked, shown)
            else:
                recommend_need.show_answer(served, need, shown)
            listed.missed(served, lost)
        if need is None and shown:
            with comparison, st.container(border=True, key="recommend-compare"):
                fold(t("recommend.compare"))
                _compare(served, asked, shown)


def _served_list(workspace: Workspace, served: Serving, asked: Asked, shown: list[Shown]) -> None:
    nodes = cached_graph(workspace).nodes
    why = reasons_of_all(served.recommender, asked.history, [line.product_id for line in shown])
    ids = {reason.fact.object for found in why for reason in found}
    labels = {node: nodes[node].label for node in ids if node in nodes}
    listed.cards(workspace, served, asked, shown, why, labels)


def _choose_length() -> None:
    st.segmented_control(
        t("recommend.length"),
        LENGTHS,
        default=_length(),
        required=True,
        key="recommend_k",
        label_visibility="collapsed",
        width="content",
    )
    set_params(k=_length() if _length() != 10 else None)


def _length() -> int:
    kept = st.session_state.get("recommend_k") or param("k", "10")
    return int(kept) if str(kept) in map(str, LENGTHS) else 10


def _compare(served: Serving, asked: Asked, shown: list[Shown]) -> None:
    model = served.recommender
    baseline = t(f"train.model_{model.baseline_name}")
    against = st.segmented_control(
        t("recommend.compare_with"),
        ["baseline", "model"],
        default="baseline",
        format_func=lambda name: baseline if name == "baseline" else t("recommend.compare_model"),
        required=True,
        key="recommend_against",
        label_visibility="collapsed",
    )
    st.caption(t("recommend.changes_help"))
    k = len(shown)
    bought = model.rows(asked.history)
    rows = [int(row) for row in model.rows([line.product_id for line in shown])]
    if against == "model":
        theirs = model.recommend(asked.history, k)
        places = {line.product_id: line.before for line in shown}
    else:
        theirs = model.baseline(asked.history, k)
        found = places_by(model.baseline_scores(asked.history), bought, rows)
        places = dict(zip((line.product_id for line in shown), found, strict=True))
    name = baseline if against == "baseline" else t("recommend.compare_model")
    show(view.rank_changes(shown, theirs, served.title, places, name), "recommend_changes")
    with st.expander(t("recommend.as_table")):
        _table(served, shown, theirs, places, name)


def _table(
    served: Serving, ours: list[Shown], theirs: Sequence[view.Line], places: dict[str, int], name: str
) -> None:
    import pandas as pd

    others = [served.title(line.product_id) for line in theirs]
    frame = pd.DataFrame(
        {
            "#": [line.rank for line in ours],
            "ShelfGraph": [served.title(line.product_id) for line in ours],
            t("recommend.column_score"): [line.score for line in ours],
            t("recommend.column_before", baseline=name): [places.get(line.product_id) for line in ours],
            t("recommend.column_moves"): ["; ".join(map(listed.move_words, line.moves)) for line in ours],
            name: (others + [""] * len(ours))[: len(ours)],
        }
    )
    table(frame, "recommend_table")
    export_button(frame, "recommendations")


run_page("recommend", render)
