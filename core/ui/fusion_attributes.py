"""The view "Attributes": relations that may be one, side by side, and what a person has said of them."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from core.graph.alignments import alignment, apart
from core.graph.model import Graph
from core.graph.rules import InForce, alignments_in_force
from core.graph.schema_match import Alignable
from core.ontology import RELATIONS
from core.storage.workspaces import Workspace
from core.ui.fusion_state import pairs, record, source_name, sources_of, take_back
from core.ui.labels import literal
from core.ui.schema_save import actor
from core.ui.shell import guarded, param, set_params
from core.ui.text import distinct, language, number, percent, relation_label, t

SHOWN = 12


def draw(workspace: Workspace, graph: Graph) -> None:
    """Draw the view."""
    st.caption(t("fusion.attributes_hint"))
    with_vectors = _vectors()
    with guarded(), st.spinner(t("fusion.comparing")) if with_vectors else st.container():
        found = pairs(graph, language(), with_vectors)
        if not found:
            st.info(t("fusion.attributes_none"), icon=":material/check_circle:")
        for one in found[:SHOWN]:
            _pair(one)
        if len(found) > SHOWN:
            st.caption(t("fusion.more", n=number(len(found) - SHOWN)))
    with st.expander(t("fusion.by_hand"), icon=":material/edit:"):
        _by_hand(workspace, graph)
    _decided(workspace, graph)


def _vectors() -> bool:
    st.session_state["fusion_vectors"] = param("vectors") == "1"
    return st.toggle(
        t("fusion.vectors"),
        key="fusion_vectors",
        help=t("fusion.vectors_help"),
        on_change=lambda: set_params(vectors="1" if st.session_state["fusion_vectors"] else None),
    )


def _pair(one: Alignable) -> None:
    name = f"{one.relation}|{one.into}"
    with st.container(border=True, key=f"fusion-pair-{name}", gap="small"):
        st.html(_sides(one))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                t("fusion.are_one", target=literal(relation_label(one.into))),
                icon=":material/join:",
                key=f"fusion-one-{name}",
                on_click=partial(record, alignment(one.relation, one.into, actor=actor())),
            )
            st.button(
                t("fusion.are_two"),
                icon=":material/call_split:",
                type="tertiary",
                key=f"fusion-two-{name}",
                on_click=partial(record, apart(one.relation, one.into, actor())),
            )
            st.caption(_why(one))


def _sides(one: Alignable) -> str:
    """Both relations with their frequent values, those they share in bold."""
    common = {value.casefold() for value in one.common}

    def side(relation: str, facts: int, examples: tuple[str, ...]) -> str:
        values = " · ".join(
            f"<strong>{escape(value)}</strong>" if value.casefold() in common else escape(value)
            for value in examples[:6]
        )
        return (
            f'<div class="sg-pair-side"><div class="sg-pair-name">{escape(relation_label(relation))}'
            f'<span class="sg-quiet"> {escape(t("fusion.n_facts", n=number(facts)))}</span></div>'
            f'<div class="sg-pair-values">{values}</div></div>'
        )

    return (
        f'<div class="sg-pair">{side(one.relation, one.facts, one.examples)}'
        f'<div class="sg-pair-arrow" aria-hidden="true">→</div>'
        f"{side(one.into, one.into_facts, one.into_examples)}</div>"
    )


def _why(one: Alignable) -> str:
    parts = {"names": one.names, "values": one.values, "meaning": one.vectors}
    told = " · ".join(f"{t(f'fusion.why_{part}')} {percent(value, 0)}" for part, value in parts.items())
    return f"{t('fusion.likeness', share=percent(one.score, 0))}: {told}"


def _by_hand(workspace: Workspace, graph: Graph) -> None:
    used = sorted({fact.relation for fact in graph.facts.values() if fact.supports}, key=relation_label)
    names = distinct({name: relation_label(name) for name in sorted({*used, *RELATIONS}, key=relation_label)})
    sources = sources_of(workspace)
    left, middle, right = st.columns(3)
    relation = left.selectbox(
        t("fusion.hand_relation"), used, format_func=lambda one: names[one], index=None, key="fusion_hand"
    )
    into = middle.selectbox(
        t("fusion.hand_into"),
        list(names),
        format_func=lambda one: names[one],
        index=None,
        key="fusion_hand_into",
    )
    scope = right.selectbox(
        t("fusion.hand_source"),
        ["", *sources],
        format_func=lambda one: source_name(sources, one) if one else t("fusion.every_source"),
        key="fusion_hand_source",
    )
    ready = bool(relation and into and relation != into)
    st.button(
        t("fusion.hand_record"),
        icon=":material/join:",
        disabled=not ready,
        key="fusion_hand_record",
        on_click=partial(record, alignment(relation or "", into or "", source=scope or "", actor=actor())),
    )


def _decided(workspace: Workspace, graph: Graph) -> None:
    found = alignments_in_force(workspace, graph)
    if not found:
        return
    st.html(f'<h3 class="sg-h3">{escape(t("fusion.decided"))}</h3>')
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center", key=f"fusion-decided-{one.seq}"):
            st.html(f"<div>{_sentence(workspace, one)}</div>")
            st.button(
                t("fusion.undo"),
                icon=":material/undo:",
                type="tertiary",
                key=f"fusion-undo-{one.seq}",
                on_click=partial(take_back, one.seq),
            )


def _sentence(workspace: Workspace, one: InForce) -> str:
    if "apart" in one.data:
        first, second = (escape(relation_label(name)) for name in one.data["apart"])
        return t("fusion.said_two", first=first, second=second)
    relation, into = escape(relation_label(one.data["relation"])), escape(relation_label(one.data["into"]))
    if one.data.get("source"):
        name = escape(source_name(sources_of(workspace), one.data["source"]))
        return t("fusion.said_one_of", relation=relation, into=into, source=name)
    return t("fusion.said_one", relation=relation, into=into)
