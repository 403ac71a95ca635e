"""A search on screen: what it found in one sentence, its pictures, its trials, the baselines beside them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from html import escape

import streamlit as st

from core.jobs import JobEvent
from core.recommend.comparison import command, nearest_preset, word
from core.recommend.search.kept import Kept
from core.recommend.search.space import Dimension, searchable
from core.recommend.search.study import FEWEST_FOR_IMPORTANCE
from core.storage.workspaces import Workspace
from core.ui import search_charts as charts
from core.ui.charts import show
from core.ui.search_form import label, option_label
from core.ui.tables import export_button, table
from core.ui.text import duration, has, listed, number, percent, t


def verdict(found: Kept) -> None:
    """What was found, in sentences that are true."""
    best = found.best
    if best is None or best.value is None:
        st.markdown(f"**{t('search.verdict_none')}**")
        return
    start = found.trials[0].value
    st.markdown(
        "**"
        + t(
            "search.verdict",
            trials=number(len(found.trials)),
            value=number(best.value, 4),
            number=number(best.number + 1),
            start=number(start, 4),
            gain=percent(best.value / start - 1 if start else None, 1),
        )
        + "**"
    )
    if found.baselines:
        name = max(found.baselines, key=lambda one: found.baselines[one].valid)
        strongest = found.baselines[name]
        ahead = best.value > strongest.valid
        st.markdown(
            t(
                "search.verdict_ahead" if ahead else "search.verdict_behind",
                baseline=t(f"train.model_{name}"),
                value=number(strongest.valid, 4),
                n=number(strongest.trials),
            )
        )
    st.caption(t("search.verdict_note"))


def now(events: Sequence[JobEvent]) -> None:
    """What the job is doing; ``events`` newest first."""
    latest = next((event for event in events if event.kind in ("trial_epoch", "trial", "baseline")), None)
    phase = next((str(event.data["name"]) for event in events if event.kind == "phase"), "prepare")
    if latest is not None and latest.kind == "trial_epoch":
        told = latest.data
        said = t(
            "search.now_epoch",
            number=number(told["number"] + 1),
            epoch=number(told["epoch"] + 1),
            value=number(told["value"], 4),
        )
    elif latest is not None and latest.kind == "baseline" and phase == "baselines":
        name = t(f"train.model_{latest.data['name']}")
        said = t("search.now_baseline", name=name, value=number(latest.data["valid"], 4))
    else:
        said = t(f"search.phase_{phase}")
    st.caption(said)


def lines(found: Kept, key: str) -> None:
    """Every trial as a line through its settings."""
    _heading("search.parallel", t("search.parallel_help"))
    with st.container(key="search-parallel"):
        show(charts.parallel(found.trials, _axes(found)), f"{key}_parallel")


def course(found: Kept, key: str) -> None:
    """History beside importance; they keep their places while a search runs."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _heading("search.history")
        show(charts.history(found.trials, found.baselines, found.plan.trials), f"{key}_history")
    with right:
        _heading("search.importance", t("search.importance_help"))
        if found.importance:
            show(charts.importance(found.importance), f"{key}_importance")
        else:
            with st.container(height=300, border=False):
                st.caption(t("search.importance_none", n=number(FEWEST_FOR_IMPORTANCE)))


def baselines(found: Kept) -> None:
    """Each baseline as it was tuned: validation NDCG@10, number of trials, parameters, time."""
    import pandas as pd

    if not found.baselines:
        return
    _heading("search.baselines_title")
    st.caption(
        t(
            "search.baselines_same" if found.plan.baselines else "search.baselines_grid",
            n=number(found.plan.trials),
        )
    )
    ordered = sorted(found.baselines.items(), key=lambda pair: -pair[1].valid)
    frame = pd.DataFrame(
        {
            t("train.column_model"): [t(f"train.model_{name}") for name, _one in ordered],
            t("train.axis_ndcg"): [one.valid for _name, one in ordered],
            t("search.column_trials"): [one.trials for _name, one in ordered],
            t("search.column_params"): [
                listed(_param(name, value) for name, value in one.params.items()) for _name, one in ordered
            ],
            t("search.column_time"): [duration(one.seconds) for _name, one in ordered],
        }
    )
    decimals = {t("train.axis_ndcg"): st.column_config.NumberColumn(format="%.4f")}
    table(frame, f"search_baselines_{found.id}", columns=decimals)


def trials(found: Kept) -> None:
    """All trials, the best first, and the way out of the app."""
    import pandas as pd

    _heading("search.trials_title")
    ordered = sorted(found.trials, key=lambda one: -(one.value or -1.0))
    axes = _axes(found)
    frame = pd.DataFrame(
        {
            t("search.column_trial"): [one.number + 1 for one in ordered],
            t("search.column_state"): [t(f"search.state_{one.state}") for one in ordered],
            t("train.axis_ndcg"): [one.value for one in ordered],
            t("search.column_epochs"): [len(one.curve) for one in ordered],
            **{
                label(axis.name): [
                    option_label(one.params[axis.name]) if axis.kind == "choice" else one.params[axis.name]
                    for one in ordered
                ]
                for axis in axes
            },
            t("search.column_time"): [duration(one.seconds) for one in ordered],
            t("search.column_reason"): [one.reason for one in ordered],
        }
    )
    if not any(one.reason for one in ordered):
        frame = frame.drop(columns=t("search.column_reason"))
    decimals = {t("train.axis_ndcg"): st.column_config.NumberColumn(format="%.4f")}
    numbers = {
        label(axis.name): st.column_config.NumberColumn(format="%.3g") for axis in axes if axis.kind == "real"
    }
    table(frame, f"search_trials_{found.id}", columns=decimals | numbers)
    export_button(frame, f"search-{found.id}", key=f"search_export_{found.id}")


def commands(workspace: Workspace, found: Kept) -> None:
    """The search and the training with its best settings, as commands to copy."""
    with st.popover(t("search.commands"), icon=":material/terminal:"):
        st.caption(t("search.command_search"))
        st.code(search_command(workspace, found), language="bash", wrap_lines=True)
        if found.best is not None:
            st.caption(t("search.command_train"))
            config = found.config(found.best).model_dump(mode="json")
            training = f"{command(config, workspace.folder)} {shlex.join(['--search', found.id])}"
            st.code(training, language="bash", wrap_lines=True)


def search_command(workspace: Workspace, found: Kept) -> str:
    """The command that does this search again."""
    plan = found.plan
    preset, changed = nearest_preset(plan.config.model_dump(mode="json"))
    words = ["python", "-m", "core", "tune", "--workspace", str(workspace.folder), "--preset", preset]
    if changed:
        words += ["--set", *(f"{name}={word(value)}" for name, value in changed.items())]
    words += ["--vary", *(_asked(one) for one in _axes(found))]
    words += ["--trials", str(plan.trials), "--minutes", f"{plan.minutes:g}", "--seed", str(plan.seed)]
    words += [] if plan.prune else ["--no-pruning"]
    words += [] if plan.baselines else ["--grid-baselines"]
    return shlex.join([*words, *(["--name", plan.name] if plan.name else [])])


def _asked(one: Dimension) -> str:
    usual = next((known for known in searchable() if known.name == one.name), None)
    if usual == one:
        return one.name
    if one.kind == "choice":
        return f"{one.name}={','.join(word(option) for option in one.options)}"
    return f"{one.name}={one.least:g}:{one.most:g}"


def _axes(found: Kept) -> Sequence[Dimension]:
    return found.plan.dimensions()


def _param(name: str, value: float) -> str:
    key = f"search.param_{name}"
    return f"{t(key) if has(key) else name} {number(value)}"


def _heading(key: str, told: str = "") -> None:
    st.html(f'<h2 class="sg-h2">{escape(t(key))}</h2>')
    if told:
        st.caption(told)
