"""More of the Explain page: the explanation in words, interactions, the list's edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core.explain.interactions import together, top_pairs
from core.explain.report import recent_part
from core.explain.sentences import READERS, SHOPPER, Told, in_words
from core.explain.surrogate import agreement
from core.storage.workspaces import Workspace
from core.ui import explain_view as view
from core.ui.charts import NEGATIVE, POSITIVE, show, styled
from core.ui.explain_panels import TOP
from core.ui.explaining import Question
from core.ui.labels import literal
from core.ui.serving import Serving
from core.ui.session import cached_graph
from core.ui.text import language, number, relation_label, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def words(workspace: Workspace, served: Serving, question: Question) -> None:
    """Two sentences, for whom the visitor chooses."""
    graph = cached_graph(workspace)
    reader = st.segmented_control(
        t("explain.sentences_for"),
        READERS,
        default=SHOPPER,
        format_func=lambda one: t(f"explain.reader_{one}"),
        key="explain_reader",
        label_visibility="collapsed",
    )
    exact, changes = question.shares(), question.changes(TOP)
    shown = [question.product_id, *served.top(question.history, TOP)]
    facts = {fact.id: fact for product in shown for fact in served.recommender.facts_of(product)}
    told = Told(
        question.product_id,
        exact,
        question.history_shares(),
        recent_part(question.history),
        question.facts(),
        changes,
        question.card(),
        agreement(exact.values, question.lime().values),
        top_pairs(exact),
        changes[0].rank_before,
        len(question.model.product_ids),
        TOP,
        served.title,
        graph.label,
        lambda fact: (facts[fact].relation, facts[fact].object),
    )
    st.markdown(literal(in_words(told, reader or SHOPPER, language())))


def interactions(question: Question) -> None:
    """Which groups work together: a heat map and the strongest pairs in words."""
    exact = question.shares()
    st.subheader(t("explain.pairs_title"), help=t("explain.pairs_help"))
    pairs = top_pairs(exact, 3)
    if not pairs:
        st.caption(t("explain.pairs_none"))
        return
    said, drawn = st.columns([2, 3], gap="large")
    with said:
        for pair, figure in zip(pairs, view.figures([pair.value for pair in pairs]), strict=True):
            key = "explain.pair_more" if pair.value > 0 else "explain.pair_less"
            first, second = view.group_label(pair.first), view.group_label(pair.second)
            st.markdown(literal(t(key, first=first, second=second, value=figure)))
    with drawn:
        show(heat_map(question), "explain_pairs")


def heat_map(question: Question) -> Figure:
    """Interactions of the groups with a share; on the diagonal what each does alone."""
    import plotly.graph_objects as go

    exact = question.shares()
    shown = sorted(view.active(exact))
    matrix = together(exact)[np.ix_(shown, shown)]
    names = [view.short_label(exact.names[i]) for i in shown]
    off = matrix - np.diag(np.diag(matrix))
    most = float(np.abs(off).max()) or 1.0
    fig = go.Figure(
        go.Heatmap(
            z=np.clip(matrix, -most, most),
            x=names,
            y=names,
            customdata=matrix,
            zmin=-most,
            zmax=most,
            colorscale=[[0, NEGATIVE], [0.5, "rgba(125,133,144,0.08)"], [1, POSITIVE]],
            showscale=False,
            xgap=1,
            ygap=1,
            hovertemplate="%{y} × %{x}: %{customdata:.3f}<extra></extra>",
        )
    )
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(tickangle=-90, showgrid=False)
    return styled(fig, 26 * len(names) + 110)


def edge(workspace: Workspace, question: Question) -> None:
    """What separates the first ten from the next."""
    graph = cached_graph(workspace)
    st.subheader(t("explain.edge_title", k=TOP), help=t("explain.edge_help", k=TOP))
    found = question.list_contrast(TOP)
    if found is None:
        st.caption(t("explain.edge_none", k=TOP))
        return
    gap = found.between
    st.caption(t("explain.edge_gap", k=TOP, n=len(found.next), gap=number(gap.gap)))
    values = [float(value) for value in gap.values]
    order = view.telling(values)
    show(
        view.bars([view.group_label(gap.names[i]) for i in order], [values[i] for i in order]), "explain_edge"
    )
    for fact in found.facts[:3]:
        st.markdown(
            literal(
                t(
                    "explain.edge_fact",
                    relation=relation_label(fact.relation),
                    value=graph.label(fact.object),
                    first=fact.first,
                    next=fact.next,
                    k=len(found.first),
                    n=len(found.next),
                )
            )
        )
