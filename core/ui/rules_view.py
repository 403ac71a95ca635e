"""The view "Rules": write one, see what it would bring, record it; those in force, and what follows by each."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from core.domain import Fact
from core.graph.model import Graph
from core.graph.rule_text import EXAMPLE, MOST_CHARS, parse, rule_id
from core.graph.rules import InForce, add_rule, rules_in_force, withdraw_rule
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.facts import chips
from core.ui.graph_state import FACT
from core.ui.schema_save import actor
from core.ui.shell import guarded, param, set_params
from core.ui.text import ago, number, t

EXAMPLES = 8
LISTED = 60


def draw(workspace: Workspace, graph: Graph) -> None:
    """Draw the view."""
    left, right = st.columns([5, 4], gap="large")
    with left:
        _write(workspace, graph)
    with right:
        _in_force(workspace, graph)


def _write(workspace: Workspace, graph: Graph) -> None:
    st.session_state.setdefault("rules_text", param("rule", "") or "")
    text = st.text_area(
        t("rules.write"),
        key="rules_text",
        placeholder=EXAMPLE,
        height=96,
        max_chars=MOST_CHARS,
        help=t("rules.write_help"),
    )
    st.caption(t("rules.form"))
    if not text.strip():
        return
    with guarded():
        data = parse(text)
        known = rule_id(data) in graph.implications
        facts = [] if known else _brought(workspace, graph, rule_id(data), text)
        st.html(f'<div class="sg-rule">{escape(data["text"])}</div>')
        st.markdown(t("rules.known") if known else _outcome(graph, facts))
        st.button(
            t("rules.record"),
            type="primary",
            icon=":material/add:",
            disabled=known,
            key="rules_record",
            on_click=partial(_record, workspace, text),
        )
        for fact in facts[:EXAMPLES]:
            _example(graph, fact)
        if len(facts) > EXAMPLES:
            st.caption(t("rules.more", n=number(len(facts) - EXAMPLES)))


@st.cache_data(
    max_entries=32,
    show_spinner=False,
    hash_funcs={Graph: lambda graph: graph.hash, Workspace: lambda w: str(w.folder)},
)
def _brought(workspace: Workspace, graph: Graph, rule: str, text: str) -> list[Fact]:
    return GraphStore(workspace).would_follow(rule, parse(text))


def _outcome(graph: Graph, facts: list[Fact]) -> str:
    if not facts:
        return t("rules.brings_nothing")
    products = len({fact.subject for fact in facts})
    return t("rules.brings", facts=number(len(facts)), products=number(products))


def _example(graph: Graph, fact: Fact) -> None:
    value = graph.nodes[fact.object].label if fact.object in graph.nodes else fact.object.partition(":")[2]
    st.html(
        f'<div class="sg-card-meta">{escape(graph.label(fact.subject)[:90])}</div>{chips([(fact.relation, value)])}'
    )


def _record(workspace: Workspace, text: str) -> None:
    with guarded():
        add_rule(workspace, text, actor())
        st.session_state["rules_text"] = ""
        st.toast(t("rules.recorded"), icon=":material/check:")


def _in_force(workspace: Workspace, graph: Graph) -> None:
    found = rules_in_force(workspace, graph)
    st.html(f'<h3 class="sg-h3">{escape(t("rules.in_force", n=number(len(found))))}</h3>')
    if not found:
        st.caption(t("rules.none"))
    for one in found:
        _rule(workspace, graph, one)


def _rule(workspace: Workspace, graph: Graph, one: InForce) -> None:
    count = graph.derived.get(one.target, 0)
    opened = param("open") == one.target
    with st.container(border=True, key=f"rules-{one.target}", gap="small"):
        by = one.actor or t("rules.somebody")
        st.html(
            f'<div class="sg-rule">{escape(str(one.data["text"]))}</div>'
            f'<div class="sg-card-meta">{escape(t("rules.since", when=ago(one.time), by=by))}</div>'
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                t("rules.n_facts", n=number(count)),
                icon=":material/expand_less:" if opened else ":material/expand_more:",
                key=f"rules-open-{one.target}",
                type="tertiary",
                disabled=not count,
                on_click=set_params,
                kwargs={"open": None if opened else one.target},
            )
            st.button(
                t("rules.withdraw"),
                icon=":material/undo:",
                key=f"rules-withdraw-{one.target}",
                type="tertiary",
                on_click=partial(_withdraw, workspace, one.target),
            )
        if opened:
            _followed(graph, one.target)


def _followed(graph: Graph, rule: str) -> None:
    facts = [f for f in graph.facts.values() if any(way.rule == rule for way in f.derivations)]
    for fact in facts[:LISTED]:
        label = f"{graph.label(fact.subject)[:70]} → {graph.label(fact.object)}"
        navigation.link("graph", label, icon="hub", node=fact.subject, sel=FACT + fact.id)
    if len(facts) > LISTED:
        st.caption(t("rules.more", n=number(len(facts) - LISTED)))


def _withdraw(workspace: Workspace, rule: str) -> None:
    with guarded():
        withdraw_rule(workspace, rule, actor())
        set_params(open=None)
        st.toast(t("rules.withdrawn"), icon=":material/undo:")
