"""Filters and business rules of the draft, and keeping it: what is served from then on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from core.errors import ConfigError
from core.recommend.serve.book import LONGEST_NAME, PLAIN, entries, keep
from core.recommend.serve.policy import BRAND, CATEGORY, MOST_RULES, Boost, Policy, Trait
from core.recommend.serve.shelf import IN
from core.storage.workspaces import Workspace
from core.ui.labels import literal
from core.ui.recommend_list import rule_label, trait_label
from core.ui.recommend_state import Draft, served_now
from core.ui.recommend_tune import label
from core.ui.serving import Serving
from core.ui.shell import problem
from core.ui.text import ago, number, t

JUST_KEPT = "policy-kept"
MOST_TRAITS = 2_000
"""So many traits, the most frequent ones, can be chosen from: a chooser has no use for more."""


def bar(workspace: Workspace, served: Serving, trying: Draft) -> None:
    """The row above the list: filters, rules, and the policy with its versions; called after the sliders, so that what
    is kept is what they say."""
    if st.session_state.pop(JUST_KEPT, False):
        st.rerun()  # the export, which is not in this fragment, names what is served
    with st.container(horizontal=True, key="recommend-bar", vertical_alignment="center", width="content"):
        with st.popover(
            t("recommend.filters"), icon=":material/filter_alt:", key=f"recommend-filters-{trying.turn}"
        ):
            _filters(served, trying)
        rules = len(trying.policy.boosts)
        name = t("recommend.rules_n", n=number(rules)) if rules else t("recommend.rules")
        with st.popover(name, icon=":material/swap_vert:", key=f"recommend-rules-{trying.turn}"):
            _rules(served, trying)
        _keeping(workspace, trying)


def in_force(served: Serving, policy: Policy) -> None:
    """The filters as chips, in one line; nothing without any."""
    words = [trait_label(served, trait) for trait in policy.wanted]
    words += [t("recommend.need_not", trait=trait_label(served, trait)) for trait in policy.unwanted]
    if policy.price_from is not None:
        words.append(t("recommend.need_from", price=number(policy.price_from)))
    if policy.price_to is not None:
        words.append(t("recommend.need_up_to", price=number(policy.price_to)))
    if policy.in_stock:
        words.append(t("recommend.in_stock"))
    if not policy.exclude_bought:
        words.append(t("recommend.with_bought"))
    if words:
        chips = "".join(f'<span class="sg-chip sg-rec-filter">{escape(one)}</span>' for one in words)
        st.html(f'<div class="sg-chips">{chips}</div>')


def settle(trying: Draft, **values: Any) -> None:
    """Take what the widgets say into the draft; raises ConfigError where it does not go together."""
    trying.policy = trying.policy.with_(**values)


def _filters(served: Serving, trying: Draft) -> None:
    base, shelf = trying.base, served.shelf
    wanted: list[Trait] = []
    for relation, options in shelf.columns.items():
        if options:
            wanted += _traits(served, trying, relation, options, base.wanted)
    low, high = st.columns(2)
    price_from = low.number_input(
        t("recommend.price_from"), 0.0, None, base.price_from, key=trying.key("price_from")
    )
    price_to = high.number_input(
        t("recommend.price_to"), 0.0, None, base.price_to, key=trying.key("price_to")
    )
    facts = shelf.facts[:MOST_TRAITS]
    wanted += _traits(served, trying, "wanted", facts, base.wanted)
    unwanted = _traits(served, trying, "unwanted", facts, base.unwanted)
    told = bool((shelf.stock == IN).any() or (shelf.stock == 0).any())
    in_stock = st.toggle(
        t("recommend.in_stock"),
        base.in_stock,
        disabled=not told,
        help=t("recommend.in_stock_help" if told else "recommend.in_stock_untold"),
        key=trying.key("in_stock"),
    )
    exclude = st.toggle(t("recommend.exclude_bought"), base.exclude_bought, key=trying.key("exclude_bought"))
    try:
        settle(
            trying,
            wanted=tuple(wanted),
            unwanted=tuple(unwanted),
            price_from=price_from,
            price_to=price_to,
            in_stock=in_stock,
            exclude_bought=exclude,
        )
    except ConfigError as error:
        problem(error)


def _traits(
    served: Serving, trying: Draft, name: str, options: Sequence[Trait], chosen: Sequence[Trait]
) -> list[Trait]:
    known = set(options)
    own = [trait for trait in chosen if trait in known]
    found: list[Trait] = st.multiselect(
        t(f"recommend.filter_{name}"),
        options,
        default=own,
        format_func=lambda trait: _option(served, trait),
        placeholder=t("recommend.filter_any"),
        key=trying.key(name),
    )
    return found


def _option(served: Serving, trait: Trait) -> str:
    words = served.shelf.name(trait) if trait.relation in (BRAND, CATEGORY) else trait_label(served, trait)
    return f"{words} ({number(len(served.shelf.with_trait(trait)))})"


def _rules(served: Serving, trying: Draft) -> None:
    st.caption(t("recommend.rules_help"))
    for at, rule in enumerate(trying.policy.boosts):
        words, button = st.columns([5, 1], vertical_alignment="center")
        words.markdown(
            f":material/{'arrow_upward' if rule.weight > 0 else 'arrow_downward'}: {literal(rule_label(served, rule))}"
        )
        button.button(
            "",
            icon=":material/close:",
            help=t("recommend.rule_remove"),
            key=trying.key(f"drop_{at}"),
            type="tertiary",
            on_click=lambda at=at: trying.change(
                boosts=trying.policy.boosts[:at] + trying.policy.boosts[at + 1 :]
            ),
        )
    options = served.shelf.frequent[:MOST_TRAITS]
    trait = st.selectbox(
        t("recommend.rule_trait"),
        options,
        index=None,
        format_func=lambda one: (
            _option(served, one)
            if one.relation not in (BRAND, CATEGORY)
            else f"{trait_label(served, one)} ({number(len(served.shelf.with_trait(one)))})"
        ),
        placeholder=t("recommend.filter_any"),
        key=trying.key("rule_trait"),
    )
    weight = st.slider(
        t("recommend.rule_weight"),
        -100,
        100,
        50,
        5,
        format="%d%%",
        help=t("recommend.rule_weight_help"),
        key=trying.key("rule_weight"),
    )
    st.button(
        t("recommend.rule_add"),
        disabled=trait is None or weight == 0 or len(trying.policy.boosts) >= MOST_RULES,
        key=trying.key("rule_add"),
        on_click=_add,
        args=(trying, trait, weight),
    )


def _add(trying: Draft, trait: Trait, weight: int) -> None:
    others = tuple(rule for rule in trying.policy.boosts if rule.trait != trait)
    trying.change(boosts=(*others, Boost(trait=trait, weight=weight / 100)))


def _keeping(workspace: Workspace, trying: Draft) -> None:
    now = served_now(workspace)
    same = now.policy == trying.policy
    name = t("recommend.serving_now", policy=label(now.name, now.version))
    icon = ":material/check_circle:" if same else ":material/edit:"
    with st.popover(
        name if same else t("recommend.not_kept"), icon=icon, key=f"recommend-keep-{trying.turn}"
    ):
        st.caption(t("recommend.keep_help", policy=label(now.name, now.version)))
        chosen = st.text_input(
            t("recommend.policy_name"),
            now.name if now.version else t("recommend.policy_first"),
            max_chars=LONGEST_NAME,
            key=trying.key("policy_name"),
        )
        with st.container(horizontal=True):
            st.button(
                t("recommend.keep"),
                type="primary",
                disabled=same or chosen.strip() in ("", PLAIN.name),
                key=trying.key("keep"),
                icon=":material/save:",
                on_click=_keep,
                args=(workspace, trying, chosen),
            )
            st.button(
                t("recommend.back"),
                disabled=same,
                key=trying.key("back"),
                type="tertiary",
                on_click=trying.open,
                args=(now.policy,),
            )
            st.button(
                t("recommend.as_ranked"),
                disabled=trying.policy.neutral,
                key=trying.key("plain"),
                type="tertiary",
                on_click=trying.open,
                args=(Policy(),),
            )
        _versions(workspace, trying)


def _keep(workspace: Workspace, trying: Draft, name: str) -> None:
    made = keep(workspace, name, trying.policy)
    st.toast(t("recommend.kept", policy=made.label), icon=":material/check_circle:")
    st.session_state[JUST_KEPT] = True


def _versions(workspace: Workspace, trying: Draft) -> None:
    known = list(reversed(entries(workspace)))[:8]
    if not known:
        return
    st.caption(t("recommend.versions"))
    for entry in known:
        st.button(
            f"{entry.label} :gray[{ago(entry.created_at)}]",
            key=trying.key(f"open_{entry.name}_{entry.version}"),
            type="tertiary",
            disabled=entry.policy == trying.policy,
            on_click=trying.open,
            args=(entry.policy,),
        )
