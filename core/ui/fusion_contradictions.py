"""The view "Contradictions": values that cannot all be true, the policy that settles them, and what it would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from core.catalogue.sources import Source
from core.domain import Fact
from core.graph.model import Graph, OnConflict, Policy
from core.graph.policies import choose_policy, policy_for, policy_of
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.fusion_state import names_of, settled, source_name, sources_of
from core.ui.graph_state import FACT
from core.ui.shell import guarded, param, set_params
from core.ui.tables import export_button, table
from core.ui.text import number, relation_label, t

Settled = Mapping[tuple[str, str], tuple[Fact, ...]]


def draw(workspace: Workspace, graph: Graph) -> None:
    """Draw the view."""
    sources, now = sources_of(workspace), policy_of(workspace)
    kept = settled(workspace, graph, Policy())
    left, right = st.columns([2, 3], gap="large")
    with left:
        picked = _picker(now)
    with right, st.container(key="fusion-effect"):
        wanted = _ordered(workspace, sources, now, picked)
        chosen = settled(workspace, graph, wanted or now)
        _effect(kept, settled(workspace, graph, now), chosen)
        _use(workspace, now, wanted)
    if not kept:
        st.info(t("fusion.contradictions_none"), icon=":material/check_circle:")
        return
    _table(graph, sources, kept, chosen)


def _picker(now: Policy) -> OnConflict:
    """What is to happen to contradictions; looked at before it is chosen."""
    choices = list(OnConflict)
    asked = param("policy", now.on_conflict.value)
    st.session_state["fusion_policy"] = OnConflict(asked) if asked in set(OnConflict) else now.on_conflict
    return st.radio(
        t("fusion.policy"),
        choices,
        format_func=lambda one: t(f"fusion.policy_{one.value}"),
        captions=[t(f"fusion.policy_{one.value}_help") for one in choices],
        key="fusion_policy",
        on_change=lambda: set_params(policy=st.session_state["fusion_policy"].value),
    )


def _ordered(
    workspace: Workspace, sources: Mapping[str, Source], now: Policy, picked: OnConflict
) -> Policy | None:
    """The policy that is looked at; None where an order of sources is still to be given."""
    if picked is not OnConflict.PRIORITY:
        return policy_for(workspace, picked)
    known = [one for one in now.sources if one in sources]
    order: Sequence[str] = st.multiselect(
        t("fusion.order"),
        list(sources),
        default=known if now.on_conflict is OnConflict.PRIORITY else [],
        format_func=lambda one: source_name(sources, one),
        help=t("fusion.order_help"),
        placeholder=t("fusion.order_hint"),
        key="fusion_order",
    )
    return policy_for(workspace, picked, order) if order else None


def _effect(kept: Settled, before: Settled, after: Settled) -> None:
    """One sentence of what a policy leaves and changes."""
    values = sum(map(len, kept.values()))
    standing = sum(map(len, after.values()))
    changed = sum({f.id for f in after[key]} != {f.id for f in before.get(key, ())} for key in after)
    st.markdown(
        t(
            "fusion.effect",
            n=number(len(kept)),
            values=number(values),
            standing=number(standing),
            apart=number(values - standing),
            changed=number(changed),
        )
    )


def _use(workspace: Workspace, now: Policy, wanted: Policy | None) -> None:
    """The button that makes a policy the workspace's."""
    if wanted is None:
        st.caption(t("fusion.order_needed"))
    elif wanted == now:
        st.caption(t("fusion.policy_in_force"))
    else:
        st.button(
            t("fusion.policy_use"),
            type="primary",
            icon=":material/gavel:",
            key="fusion_policy_use",
            on_click=partial(_choose, workspace, wanted),
        )


def _choose(workspace: Workspace, wanted: Policy) -> None:
    with guarded():
        choose_policy(workspace, wanted.on_conflict, wanted.sources)
        set_params(policy=None)
        st.toast(t("fusion.policy_chosen"), icon=":material/gavel:")


def _table(graph: Graph, sources: Mapping[str, Source], kept: Settled, chosen: Settled) -> None:
    keys = sorted(kept, key=lambda key: (graph.label(key[0]), key[1]))

    def told(facts: Sequence[Fact]) -> str:
        if len({f.sources for f in facts}) == 1:
            return f"{'  ·  '.join(_label(graph, f) for f in facts)} ({names_of(sources, facts[0].sources)})"
        return "  ·  ".join(f"{_label(graph, f)} ({names_of(sources, f.sources)})" for f in facts)

    frame = pd.DataFrame(
        {
            "product": [graph.label(subject) for subject, _ in keys],
            "relation": [relation_label(relation) for _, relation in keys],
            "said": [told(kept[key]) for key in keys],
            "stands": [
                t("fusion.all_stand") if len(chosen[key]) > 1 else _only(graph, chosen[key]) for key in keys
            ],
        }
    )
    widths = {"product": 260, "relation": 110, "said": 380, "stands": 130}
    columns = {n: st.column_config.TextColumn(t(f"fusion.{n}"), width=w) for n, w in widths.items()}
    picked = table(frame, "fusion_contradictions", columns=columns, selection=True)
    export_button(frame.rename(columns={name: t(f"fusion.{name}") for name in frame}), "contradictions")
    if picked:
        subject, relation = keys[picked[0]]
        st.html(f'<h3 class="sg-h3">{escape(graph.label(subject))} · {escape(relation_label(relation))}</h3>')
        for fact in kept[subject, relation]:
            label = f"{_label(graph, fact)} · {names_of(sources, fact.sources)}"
            selected = FACT + fact.id if fact.id in graph.facts else subject
            navigation.link("graph", label, icon="hub", node=subject, sel=selected)


def _only(graph: Graph, facts: Sequence[Fact]) -> str:
    return _label(graph, facts[0]) if facts else "–"


def _label(graph: Graph, fact: Fact) -> str:
    """The value's name; of one that is kept apart, and so is no node, what its id says."""
    return graph.nodes[fact.object].label if fact.object in graph.nodes else fact.object.partition(":")[2]
