"""The panels of the Explain page, one function each."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.explain.contrast import contrast
from core.explain.counterfactual import FACTS, HISTORY, NEW_FACTS, Counterfactual
from core.explain.faithful import Faithfulness
from core.explain.paths import FactEffect
from core.explain.reference import Reference
from core.explain.report import recent_part
from core.explain.sentences import TITLE
from core.explain.surrogate import agreement
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui import explain_view as view
from core.ui.charts import show
from core.ui.explaining import Question
from core.ui.facts import chips, evidence
from core.ui.labels import literal
from core.ui.serving import Serving
from core.ui.session import cached_graph
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import listed, number, relation_label, t

TOP = 10
"""The list a product is in or out of."""
AGREE = 0.8
"""Rank correlation from which two methods are said to agree."""


def shares(served: Serving, question: Question) -> str:
    """The waterfall of exact shares; gives the group whose bar was clicked, else the strongest one."""
    exact = question.shares()
    st.subheader(
        t("explain.shares_title"),
        help=t("explain.shares_help", n=number(len(exact.table)), groups=len(exact.names)),
    )
    st.caption(reference_words(question.reference, served))
    picked = show(
        view.waterfall(exact, question.reference.kind),
        "explain_waterfall",
        on_select="rerun",
        selection_mode="points",
    )
    inert = len(exact.names) - len(view.active(exact))
    if inert:
        st.caption(t("explain.inert", n=inert))
    points = picked["selection"]["points"] if picked else []
    names = [exact.names[i] for i in view.active(exact)]
    clicked = [p.get("customdata") for p in points if p.get("customdata") in names]
    return str(clicked[0]) if clicked else names[0]


def reference_words(reference: Reference, served: Serving) -> str:
    """In words: what stands in for a group that is off."""
    if reference.kind == "product":
        product = shorten(served.title(reference.product), TITLE)
        return t("explain.reference_product_is", product=literal(product))
    return t(f"explain.reference_{reference.kind}_is", n=len(reference.shoppers))


def as_numbers(question: Question) -> None:
    """The same shares as a table."""
    with st.expander(t("explain.table")):
        _share_table(question)


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


def lime(question: Question) -> None:
    """LIME's weights over the same groups, and how far the two methods agree."""
    exact, lime = question.shares(), question.lime()
    st.subheader(t("explain.lime_title"), help=t("explain.lime_help", fit=number(lime.fit)))
    show(view.lime_bars(exact, lime), "explain_lime")
    value = agreement(exact.values, lime.values)
    key = "explain.agree_high" if value >= AGREE else "explain.agree_low"
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
    with st.container(horizontal=True, gap="medium"):
        _figures_of(card)
    truth = question.truth()
    if truth is not None:
        key = "explain.truth_found" if truth.found else "explain.truth_missed"
        st.caption(
            t(
                key,
                group=view.group_label(truth.group),
                place=truth.place,
                of=truth.of,
                value=number(truth.correlation, 2),
            ),
            help=t("explain.truth_help"),
        )


def _figures_of(card: Faithfulness) -> None:
    st.metric(
        t("explain.card_deletion"),
        number(card.deletion, 2),
        help=t("explain.card_deletion_help", random=number(card.random_deletion, 2)),
    )
    st.metric(
        t("explain.card_insertion"),
        number(card.insertion, 2),
        help=t("explain.card_insertion_help", random=number(card.random_insertion, 2)),
    )
    st.metric(
        t("explain.card_additivity"),
        view.tiny(card.additivity_error),
        help=t("explain.card_additivity_help"),
    )
    st.metric(t("explain.card_stability"), number(card.stability, 2), help=t("explain.card_stability_help"))


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
            _inside_history(served, question, group)
        elif group in view.FAMILY_NAMES:
            _inside_facts(workspace, inside[group])
        elif group == "text":
            st.caption(t("explain.inside_text"))
        else:
            st.caption(t("explain.inside_scalar"))


def _inside_history(served: Serving, question: Question, group: str) -> None:
    recent = recent_part(question.history)
    shares = [s for s in question.history_shares() if (s.product_id in recent) == (group == "history.recent")]
    if not shares:
        st.caption(t("explain.inside_history_none"))
        return
    exact = question.shares()
    lowers = exact.values[exact.names.index(group)] < 0 < sum(one.share for one in shares)
    st.caption(t("explain.inside_history_lowers" if lowers else "explain.inside_history"))
    names = [
        served.title(one.product_id) if one.product_id else t("explain.inside_older", n=len(one.older))
        for one in shares
    ]
    st.html(view.named_bars(names, [one.share for one in shares]))


def _inside_facts(workspace: Workspace, inside: Sequence[FactEffect]) -> None:
    graph = cached_graph(workspace)
    if not inside:
        st.caption(t("explain.inside_none"))
        return
    st.caption(t("explain.inside_facts", n=len(inside)))
    for effect, figure in zip(inside, view.figures([one.effect for one in inside]), strict=True):
        relation, label = relation_label(effect.fact.relation), literal(graph.label(effect.fact.object))
        with st.expander(f"{relation} **{label}** · {figure}"):
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
        required=True,
    )
    closely = not question.slow_text or st.toggle(
        t("explain.words_closely"), help=t("explain.words_closely_help"), key="explain_words_closely"
    )
    with st.spinner(t("explain.words_wait")):
        st.html(view.coloured_words(question.words(method or "shap", closely=closely)))
        shap, lime = (question.words(one, closely=closely) for one in ("shap", "lime"))
    both = agreement(shap.values, lime.values)
    st.caption(t("explain.words_agree" if both >= AGREE else "explain.words_disagree", value=number(both, 2)))


def smallest_change(workspace: Workspace, served: Serving, question: Question) -> None:
    """The fewest facts, past products or words whose change takes the product across the edge of the list."""
    st.subheader(t("explain.change_title"), help=t("explain.change_help", k=TOP))
    graph = cached_graph(workspace)
    changes = question.changes(TOP)
    inside = changes[0].rank_before <= TOP
    shown = [question.product_id, *served.top(question.history, TOP)]
    known = {fact.id: fact for product in shown for fact in served.recommender.facts_of(product)}

    def said(change: Counterfactual) -> list[str]:
        if change.kind in (FACTS, NEW_FACTS):
            return [graph.label(known[one].object) for one in change.changed]
        if change.kind == HISTORY:
            return [shorten(served.title(one), TITLE) for one in change.changed]
        return [*change.changed]

    def draw(change: Counterfactual) -> None:
        if change.kind in (FACTS, NEW_FACTS) and change.changed:
            facts = [known[one] for one in change.changed]
            st.html(chips((fact.relation, graph.label(fact.object)) for fact in facts))
        way = "out" if inside else "in"
        key = f"explain.change_{change.kind}_{way if change.changed else 'none'}"
        what = listed(said(change))
        st.markdown(
            literal(
                t(key, what=what, before=number(change.rank_before), after=number(change.rank_after), k=TOP)
            )
        )
        proof = "explain.change_proof_all" if change.considered == change.possible else "explain.change_proof"
        st.caption(
            t(proof, tried=number(change.tried), considered=change.considered, possible=change.possible)
        )

    for change in changes:
        if change.possible:
            draw(change)
    if question.text and (
        not question.slow_text or st.toggle(t("explain.change_words_too"), key="explain_change_words")
    ):
        with st.spinner(t("explain.words_wait")):
            words = question.word_change(TOP)
        if words.possible:
            draw(words)


def against(served: Serving, question: Question) -> None:
    """What puts this product above (or below) another: the next of the list unless another is chosen."""
    st.subheader(t("explain.against_title"))
    ranked = served.top(question.history, TOP + 1)
    place = ranked.index(question.product_id) if question.product_id in ranked else -1
    rivals = [p for p in ranked if p != question.product_id]
    options = [*rivals, *(p for p in served.recommender.product_ids if p not in ranked)]
    usual = options[min(max(place, 0), len(options) - 1)]
    asked = param("against")
    rival = st.selectbox(
        t("explain.against_pick"),
        options,
        index=options.index(asked if asked in options else usual),
        format_func=served.product_label,
        key=f"explain_against_{question.product_id}",
    )
    set_params(against=rival if rival != usual else None)
    gap = contrast(question.shares(), question.beside(rival).shares())
    key = "explain.against_gap" if gap.gap >= 0 else "explain.against_behind"
    st.caption(
        t(
            key,
            above=shorten(served.title(question.product_id), TITLE),
            below=shorten(served.title(rival), TITLE),
            gap=number(abs(gap.gap)),
        )
    )
    values = [float(value) for value in gap.values]
    order = view.telling(values)
    show(
        view.bars([view.group_label(gap.names[i]) for i in order], [values[i] for i in order]),
        "explain_contrast",
    )
