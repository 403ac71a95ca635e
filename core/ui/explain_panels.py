"""The panels of the Explain page, one function each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.domain import Fact
from core.explain.paths import FactEffect, paths
from core.explain.shapley import contrast
from core.explain.surrogate import agreement
from core.storage.workspaces import Workspace
from core.ui import explain_view as view
from core.ui.charts import show
from core.ui.explaining import Question
from core.ui.facts import chips, evidence
from core.ui.serving import Serving
from core.ui.session import cached_graph
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import listed, number, relation_label, t

TOP = 10
"""The list a product is in or out of."""


def shares(question: Question) -> str:
    """The waterfall of exact shares; gives the group whose bar was clicked, else the strongest one."""
    exact = question.shares()
    st.subheader(
        t("explain.shares_title"),
        help=t("explain.shares_help", n=number(len(exact.table)), groups=len(exact.names)),
    )
    picked = show(view.waterfall(exact), "explain_waterfall", on_select="rerun", selection_mode="points")
    inert = len(exact.names) - len(view.active(exact))
    if inert:
        st.caption(t("explain.inert", n=inert))
    points = picked["selection"]["points"] if picked else []
    names = [exact.names[i] for i in view.active(exact)]
    clicked = [p.get("customdata") for p in points if p.get("customdata") in names]
    return str(clicked[0]) if clicked else names[0]


def as_numbers(question: Question) -> None:
    """The same shares as a table, and as the shap package draws them."""
    with st.expander(t("explain.table")):
        _share_table(question)
    if st.toggle(t("explain.shap_plot"), key="explain_shap_plot"):
        _shap_plot(question)


def _share_table(question: Question) -> None:
    import pandas as pd

    exact, lime = question.shares(), question.lime()
    frame = pd.DataFrame(
        {
            t("explain.column_group"): [view.group_label(exact.names[i]) for i in exact.order],
            t("explain.column_shap"): [float(exact.values[i]) for i in exact.order],
            t("explain.column_lime"): [float(lime.values[i]) for i in exact.order],
        }
    )
    table(frame, "explain_table")
    export_button(frame, "shares")


def _shap_plot(question: Question) -> None:
    import matplotlib.pyplot as plt
    import shap

    found = question.shares().as_shap()
    found.feature_names = [view.latin_label(name) for name in found.feature_names]
    axes = shap.plots.waterfall(found, max_display=len(found.feature_names), show=False)
    st.pyplot(axes.figure, clear_figure=True)
    plt.close(axes.figure)


def lime(question: Question) -> None:
    """LIME's weights over the same groups, and how far the two methods agree."""
    exact, lime = question.shares(), question.lime()
    st.subheader(t("explain.lime_title"), help=t("explain.lime_help", fit=number(lime.fit)))
    show(view.lime_bars(exact, lime), "explain_lime")
    value = agreement(exact.values, lime.values)
    key = "explain.agree_high" if value >= 0.8 else "explain.agree_low"
    st.caption(t(key, value=number(value, 2)))


def card(question: Question) -> None:
    """How faithful the explanation is, measured."""
    exact, card = question.shares(), question.card()
    st.subheader(t("explain.card_title"))
    if float(exact.table.max() - exact.table.min()) < view.INERT:
        st.caption(t("explain.card_flat"))
        return
    if card.reliable:
        st.badge(t("explain.card_reliable"), icon=":material/verified:", color="green")
    else:
        st.badge(t("explain.card_unreliable"), icon=":material/warning:", color="orange")
    first, second = st.columns(2)
    first.metric(
        t("explain.card_deletion"),
        number(card.deletion, 2),
        help=t("explain.card_deletion_help", random=number(card.random_deletion, 2)),
    )
    second.metric(
        t("explain.card_insertion"),
        number(card.insertion, 2),
        help=t("explain.card_insertion_help", random=number(card.random_insertion, 2)),
    )
    first.metric(
        t("explain.card_additivity"),
        view.tiny(card.additivity_error),
        help=t("explain.card_additivity_help"),
    )
    second.metric(
        t("explain.card_stability"), number(card.stability, 2), help=t("explain.card_stability_help")
    )


def inside(workspace: Workspace, served: Serving, question: Question, clicked: str) -> None:
    """What a group is made of: past products, or facts down to their source words."""
    exact = question.shares()
    names = [exact.names[i] for i in exact.order]
    inside = {name: view.facts_in(name, question.facts(), names) for name in names}
    with st.container(border=True, key="sg-inside"):
        group = st.pills(
            t("explain.inside_pick"),
            names,
            default=clicked,
            format_func=view.group_label,
            key=f"explain_group_{clicked}_{question.product_id}",
        )
        group = group or clicked
        st.markdown(f"**{t('explain.inside', group=view.group_label(group))}**")
        if group.startswith("history"):
            _inside_history(served, question)
        elif group in view.FAMILY_NAMES:
            _inside_facts(workspace, inside[group])
        elif group == "text":
            st.caption(t("explain.inside_text"))
        else:
            st.caption(t("explain.inside_scalar"))


def _inside_history(served: Serving, question: Question) -> None:
    shares = question.history_shares()
    if not shares:
        st.caption(t("explain.inside_none"))
        return
    st.caption(t("explain.inside_history"))
    names = [
        served.title(s.product_id) if s.product_id else t("explain.inside_older", n=len(s.older))
        for s in shares
    ]
    show(view.bars(names, [s.share for s in shares]), "explain_history")


def _inside_facts(workspace: Workspace, inside: Sequence[FactEffect]) -> None:
    graph = cached_graph(workspace)
    if not inside:
        st.caption(t("explain.inside_none"))
        return
    st.caption(t("explain.inside_facts", n=len(inside)))
    for effect in inside:
        relation, label = relation_label(effect.fact.relation), view.plain(graph.label(effect.fact.object))
        with st.expander(f"{relation} **{label}** · {view.signed(effect.effect)}"):
            evidence(workspace, effect.fact.id)


def words(question: Question) -> None:
    """The product's text, its words coloured by their share."""
    st.subheader(t("explain.words_title"), help=t("explain.words_help"))
    if not question.text:
        st.caption(t("explain.words_none"))
        return
    method = st.segmented_control(
        t("explain.words_title"),
        ["shap", "lime"],
        default="shap",
        format_func=lambda m: t(f"explain.words_{m}"),
        label_visibility="collapsed",
        key="explain_words_method",
    )
    shares = question.words(method or "shap")
    st.html(view.coloured_words(shares))


def draw_paths(workspace: Workspace, served: Serving, question: Question) -> None:
    """Paths from the history over shared facts to the product."""
    st.subheader(t("explain.paths_title"), help=t("explain.paths_help"))
    graph = cached_graph(workspace)
    facts = {p: served.recommender.facts_of(p) for p in {*question.history, question.product_id}}
    found = paths(facts, question.history, question.product_id, question.facts())
    if not found:
        st.caption(t("explain.paths_none"))
        return
    show(view.path_flow(found, served.title, graph.label), "explain_paths")


def smallest_change(workspace: Workspace, served: Serving, question: Question) -> None:
    """The fewest facts, and the fewest past products, without which the product leaves the list."""
    st.subheader(t("explain.change_title"))
    graph = cached_graph(workspace)
    by_facts, by_history = question.counterfactuals(TOP)
    if by_facts.rank_before > TOP:
        st.markdown(t("explain.change_outside", before=by_facts.rank_before, k=TOP))
        return
    known = {fact.id: fact for fact in served.recommender.facts_of(question.product_id)}

    def said(fact: Fact) -> tuple[str, str]:
        return fact.relation, graph.label(fact.object)

    for found in (by_facts, by_history):
        if found.removed and found.kind == "facts":
            st.html(chips(said(known[fact]) for fact in found.removed))
        names = [said(known[one])[1] if found.kind == "facts" else served.title(one) for one in found.removed]
        key = f"explain.change_{found.kind}{'' if found.removed else '_none'}"
        st.markdown(
            view.plain(
                t(
                    key,
                    what=listed(names),
                    before=found.rank_before,
                    after=found.rank_after,
                    k=TOP,
                    tried=number(found.tried),
                )
            )
        )


def against(served: Serving, question: Question) -> None:
    """What puts this product above (or below) another."""
    st.subheader(t("explain.against_title"))
    ranked = [p for p in served.top(question.history, TOP) if p != question.product_id]
    others = [p for p in served.recommender.product_ids if p not in ranked and p != question.product_id]
    options = [*ranked, *others]
    asked = param("against")
    rival = st.selectbox(
        t("explain.against_pick"),
        options,
        index=options.index(asked) if asked in options else None,
        format_func=served.product_label,
        placeholder=t("explain.against_none"),
        key=f"explain_against_{question.product_id}",
    )
    set_params(against=rival)
    if rival is None:
        return
    other = Question(question.model, served.version, question.history, rival, "")
    gap = contrast(question.shares(), other.shares())
    key = "explain.against_gap" if gap.gap >= 0 else "explain.against_behind"
    st.caption(
        t(
            key,
            above=view.shorten(served.title(question.product_id)),
            below=view.shorten(served.title(rival)),
            gap=number(abs(gap.gap)),
        )
    )
    order = sorted(range(len(gap.names)), key=lambda i: -abs(gap.values[i]))
    show(
        view.bars([view.group_label(gap.names[i]) for i in order], [float(gap.values[i]) for i in order]),
        "explain_contrast",
    )
