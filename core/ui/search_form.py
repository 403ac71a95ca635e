"""The form of a search: where it starts, what may vary and how far, and what it may cost."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import ConfigError, DataError
from core.form import checked, entries
from core.recommend.config import PRESETS, TrainConfig
from core.recommend.forecast import forecast
from core.recommend.search.plan import SearchPlan
from core.recommend.search.space import USUAL, Dimension, Value, searchable
from core.storage.workspaces import Workspace
from core.ui.config_form import widget
from core.ui.shell import problem
from core.ui.text import duration, t
from core.ui.training import prospect

MOST_TRIALS = 200


def form(workspace: Workspace) -> SearchPlan | None:
    """Draw the form; None where the values or the data do not do."""
    preset = st.segmented_control(
        t("search.preset"),
        list(PRESETS),
        default="quick",
        format_func=lambda name: t(f"train.preset_{name}"),
        required=True,
        help=t("search.preset_help"),
        key="search_preset",
    )
    start = PRESETS[preset or "quick"].model_dump(mode="json")
    split = next(entry for entry in entries(TrainConfig) if entry.name == "split")
    values: dict[str, Any] = {
        "config": start | {"split": widget(split, start["split"], "train", "search")},
        "fields": _fields(),
        **_budget(),
    }
    try:
        plan = checked(SearchPlan, values)
        plan.dimensions()
        found = prospect(workspace, plan.config)
    except (ConfigError, DataError) as error:
        problem(error)
        return None
    told = found.audit
    one = forecast(
        plan.config,
        products=told["products"],
        shoppers=told["shoppers"],
        events=told["events"],
        groups=found.groups,
    )
    most = one.seconds * plan.trials
    limit = 60.0 * plan.minutes if plan.minutes else most
    st.caption(t("search.forecast", one=duration(one.seconds), all=duration(min(most, limit))))
    return plan


def _fields() -> dict[str, list[Value]]:
    known = {one.name: one for one in searchable()}
    chosen = st.multiselect(
        t("search.fields"),
        list(known),
        default=[name for name in USUAL if name in known],
        format_func=label,
        help=t("search.fields_help"),
        key="search_fields",
    )
    with st.expander(t("search.ranges"), key="search_ranges"):
        return {name: _range(known[name]) for name in chosen}


def label(name: str) -> str:
    """What a setting is called on the Train page."""
    return t(f"train.field_{name}")


def _range(one: Dimension) -> list[Value]:
    if one.kind == "choice":
        names = {str(option): option for option in one.options}
        chosen = st.multiselect(
            label(one.name),
            list(names),
            default=list(names),
            format_func=lambda text: option_label(names[text]),
            key=f"search_options_{one.name}",
        )
        return [names[text] for text in chosen]
    left, right = st.columns(2)
    whole = one.kind == "whole"
    ends: list[Value] = []
    for column, name, value in ((left, "least", one.least), (right, "most", one.most)):
        with column:
            ends.append(
                st.number_input(
                    t(f"search.{name}", field=label(one.name)),
                    value=int(value) if whole else float(value),
                    step=one.step if whole else None,
                    format=None if whole else "%g",
                    help=t("search.by_powers") if one.log else None,
                    key=f"search_{name}_{one.name}",
                )
            )
    return ends


def option_label(option: Value) -> str:
    """An option as the Train page words it; numbers as they are."""
    if isinstance(option, bool):
        return t("search.on" if option else "search.off")
    return t(f"train.option_{option}") if isinstance(option, str) else str(option)


def _budget() -> dict[str, Any]:
    trials = st.slider(
        t("search.trials"), 2, MOST_TRIALS, 20, help=t("search.trials_help"), key="search_trials"
    )
    minutes = st.number_input(
        t("search.minutes"),
        0.0,
        10_080.0,
        30.0,
        5.0,
        format="%g",
        help=t("search.minutes_help"),
        key="search_minutes",
    )
    baselines = st.toggle(
        t("search.baselines"), value=True, help=t("search.baselines_help"), key="search_baselines"
    )
    with st.expander(t("common.settings_more")):
        prune = st.toggle(t("search.prune"), value=True, help=t("search.prune_help"), key="search_prune")
        seed = st.number_input(t("train.field_seed"), 0, 2**31 - 1, 0, key="search_seed")
        name = st.text_input(t("search.name"), max_chars=80, key="search_name")
    return {
        "trials": trials,
        "minutes": float(minutes),
        "baselines": baselines,
        "prune": prune,
        "seed": int(seed),
        "name": name.strip(),
    }
