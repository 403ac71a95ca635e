"""The side panel of the Graph page: what is selected, what is known of it, and what can be done with it."""

from __future__ import annotations

from functools import lru_cache
from heapq import nsmallest
from html import escape

import streamlit as st

from core.domain import Fact, Node
from core.graph.export import node_family
from core.graph.model import Graph
from core.graph.paths import Path
from core.ontology import family
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.charts import BASELINE, FAMILY_COLORS
from core.ui.facts import chip, evidence
from core.ui.graph_state import FACT, GraphState, change, open_node, select, toggled
from core.ui.labels import literal
from core.ui.text import distinct, number, percent, relation_label, t, type_label

FACTS_LISTED = 40
CHOICES = 3000


def panel(workspace: Workspace, graph: Graph, state: GraphState, center: str) -> None:
    """Draw what is selected: a fact, a node, or the centre where nothing is."""
    fact = graph.facts.get(state.selected.removeprefix(FACT)) if state.selected.startswith(FACT) else None
    if fact is not None:
        _fact(workspace, graph, state, fact)
        return
    asked = graph.resolve(state.selected)
    if state.selected and asked not in graph.nodes:
        st.caption(t("graph.no_longer"))
    _node(graph, state, graph.nodes[asked if asked in graph.nodes else center], center)


def path_list(graph: Graph, found: list[Path], start: str, end: str) -> None:
    """Draw the paths between two nodes in words, each step a button that opens its fact."""
    names = {"a": literal(shorten(graph.label(start), 40)), "b": literal(shorten(graph.label(end), 40))}
    st.markdown(f"**{t('graph.path_title', **names)}**")
    if not found:
        st.caption(t("graph.path_none", **names))
    for position, path in enumerate(found):
        with st.container(border=True, key=f"graph-path-{position}", gap=None):
            st.caption(t("graph.path_steps", n=number(len(path.facts))))
            for step, fact in enumerate(path.facts):
                _row(graph, fact, f"path-{position}-{step}", whole=True)
    st.button(
        t("graph.path_close"), icon=":material/close:", on_click=change, kwargs={"to": ""}, type="tertiary"
    )


def _node(graph: Graph, state: GraphState, node: Node, center: str) -> None:
    group = node_family(node.type)
    color = BASELINE if group is None else FAMILY_COLORS[group]
    others = [alias for alias in node.aliases if alias.casefold() != node.label.casefold()]
    also = (
        f'<div class="sg-node-also">{escape(t("graph.also_called", names=" · ".join(others[:6])))}</div>'
        if others
        else ""
    )
    st.html(
        f'<div class="sg-node"><span class="sg-node-type" style="--sg-family:{color}">{escape(type_label(node.type))}'
        f"</span><h2>{escape(node.label)}</h2>{also}</div>"
    )
    _actions(graph, state, node, center)
    _facts(graph, node)


def _actions(graph: Graph, state: GraphState, node: Node, center: str) -> None:
    is_open, is_pinned = node.id in state.expanded, node.id in state.pinned
    with st.container(horizontal=True, key="graph-actions", gap="small"):
        st.button(
            t("graph.action_center"),
            icon=":material/center_focus_strong:",
            help=t("graph.action_center_help"),
            on_click=open_node,
            args=(node.id,),
            disabled=node.id == center,
        )
        st.button(
            t("graph.action_collapse" if is_open else "graph.action_expand"),
            icon=":material/close_fullscreen:" if is_open else ":material/hub:",
            help=t("graph.action_expand_help"),
            on_click=change,
            kwargs={"expanded": toggled(state.expanded, node.id)},
        )
        st.button(
            t("graph.action_unpin" if is_pinned else "graph.action_pin"),
            icon=":material/keep_off:" if is_pinned else ":material/keep:",
            help=t("graph.action_pin_help"),
            on_click=change,
            kwargs={"pinned": toggled(state.pinned, node.id)},
        )
        st.button(
            t("graph.action_hide"),
            icon=":material/visibility_off:",
            help=t("graph.action_hide_help"),
            on_click=change,
            kwargs={"hidden": toggled(state.hidden, node.id), "selected": ""},
            disabled=node.id == center,
        )
        with st.popover(t("graph.action_path"), icon=":material/route:"):
            _path_chooser(graph, state, node)


def _path_chooser(graph: Graph, state: GraphState, node: Node) -> None:
    labels = distinct(
        {n: f"{shorten(graph.label(n), 60)} · {type_label(graph.nodes[n].type)}" for n in _choices(graph)}
    )
    st.selectbox(
        t("graph.path_to"),
        list(labels),
        index=None,
        format_func=lambda n: labels.get(n, n),
        placeholder=t("graph.path_hint"),
        key="graph_path_to",
        on_change=lambda: change(node=node.id, to=st.session_state["graph_path_to"] or "", selected=node.id),
    )
    st.session_state["graph_avoid"] = state.avoid_hubs
    st.checkbox(
        t("graph.path_avoid"),
        key="graph_avoid",
        help=t("graph.path_avoid_help"),
        on_change=lambda: change(avoid_hubs=st.session_state["graph_avoid"]),
    )


@lru_cache(maxsize=8)
def _choices(graph: Graph) -> list[str]:
    return nsmallest(CHOICES, graph.nodes, key=lambda n: (-graph.degree(n), n))


def _facts(graph: Graph, node: Node) -> None:
    groups: dict[tuple[bool, str], list[Fact]] = {}
    for fact in graph.unordered_facts_at(node.id):
        groups.setdefault((fact.subject == node.id, fact.relation), []).append(fact)
    left = FACTS_LISTED
    with st.container(key="graph-facts", gap=None):
        for (own, relation), members in sorted(
            groups.items(), key=lambda g: (not g[0][0], -len(g[1]), g[0][1])
        ):
            if left <= 0:
                break
            color = FAMILY_COLORS[family(relation)]
            count = f'<span class="sg-quiet">{number(len(members))}</span>' if len(members) > 1 else ""
            st.html(
                f'<div class="sg-relation" style="--sg-family:{color}">{escape(relation_label(relation))} {count}</div>'
            )
            for fact in nsmallest(left, members, key=lambda f: (-f.confidence, f.id)):
                _row(graph, fact, f"{'o' if own else 'i'}", other=fact.object if own else fact.subject)
            left -= len(members)
    if left < 0:
        st.caption(t("graph.facts_more", n=number(-left)))


def _row(graph: Graph, fact: Fact, place: str, *, other: str = "", whole: bool = False) -> None:
    label = literal(shorten(graph.label(other), 54)) if other else ""
    if whole:
        subject, value = (
            literal(shorten(graph.label(fact.subject), 34)),
            literal(shorten(graph.label(fact.object), 28)),
        )
        label = f"{subject} :small[:gray[{literal(relation_label(fact.relation))}]] {value}"
    st.button(
        f"{label} :small[:gray[{percent(fact.confidence)}]]",
        key=f"graph-row-{place}-{fact.id}",
        type="tertiary",
        on_click=select,
        args=(FACT + fact.id,),
        width="stretch",
        help=_hint(fact),
    )


def _hint(fact: Fact) -> str:
    if fact.derivations:
        return t("graph.by_rule")
    return (
        t("graph.one_support")
        if len(fact.supports) == 1
        else t("graph.fact_supports", n=number(len(fact.supports)))
    )


def _fact(workspace: Workspace, graph: Graph, state: GraphState, fact: Fact) -> None:
    with st.container(horizontal=True, key="graph-fact-ends"):
        st.button(
            t("graph.back_to_node"),
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=select,
            args=(state.back,),
        )
    st.html(
        f'<div class="sg-node"><h2>{escape(graph.label(fact.subject))}</h2>'
        f'<div class="sg-chips">{chip(fact.relation, graph.label(fact.object))}</div>'
        f'<div class="sg-node-also">{escape(_standing(fact))}</div></div>'
    )
    _contradiction(graph, fact)
    st.html(f'<h3 class="sg-h3">{escape(t("graph.evidence"))}</h3>')
    evidence(workspace, fact.id)
    for end in (fact.subject, fact.object):
        st.button(
            literal(shorten(graph.label(end), 60)),
            icon=":material/center_focus_strong:",
            key=f"graph-end-{end}",
            type="tertiary",
            on_click=open_node,
            args=(end,),
        )


def _standing(fact: Fact) -> str:
    return f"{t('graph.fact_confidence', value=percent(fact.confidence))} · {_hint(fact)}"


def _contradiction(graph: Graph, fact: Fact) -> None:
    rivals = [i for i in graph.conflicts.get((fact.subject, fact.relation), ()) if i != fact.id]
    if fact.id not in graph.conflicts.get((fact.subject, fact.relation), ()) or not rivals:
        return
    values = ", ".join(literal(graph.label(graph.facts[i].object)) for i in rivals)
    st.info(t("graph.contradiction", values=values), icon=":material/call_split:")
