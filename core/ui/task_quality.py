"""How good a task model is: a verdict, figures beside baselines, where it errs, how it learned, what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from core.recommend.tasks.config import CATEGORY, Kind
from core.storage.workspaces import Workspace
from core.ui import task_charts as charts
from core.ui.charts import show
from core.ui.session import cached_catalogue
from core.ui.tables import export_button, table
from core.ui.task_state import Opened, output_labels
from core.ui.text import duration, number, percent, relation_label, t


def quality(workspace: Workspace, opened: Opened) -> None:
    """Draw all of it."""
    metrics, key = opened.metrics, opened.card.id
    for line in verdict(metrics):
        st.markdown(line)
    _figures(opened)
    left, right = st.columns(2, gap="large")
    with left:
        _errors(workspace, opened)
    with right:
        st.subheader(t("tasks.curves"), help=t("tasks.curves_help"))
        show(charts.loss_figure(opened.curves), f"tasks_curve_{key}")
        st.caption(
            t(
                "tasks.trained_on",
                examples=number(metrics["trained"]),
                parameters=number(metrics["parameters"]),
                epochs=number(metrics["epochs"]),
                seconds=duration(metrics["seconds"]),
            )
        )
    _worst(workspace, opened)
    _apart(opened)


def verdict(metrics: Mapping[str, Any]) -> list[str]:
    """One true sentence against the best baseline, and one about the graph where there was a control without it."""
    figure = t(f"tasks.figure_{metrics['main']}")
    best = t(f"tasks.model_{metrics['best_baseline']}")
    lines = [f"**{_compared('tasks.verdict', metrics['gain'], figure=figure, best=best)}**"]
    if metrics["graph_gain"]:
        lines.append(_compared("tasks.graph", metrics["graph_gain"], figure=figure))
        if not metrics["graph_used"]:
            lines.append(t("tasks.graph_closed"))
    return lines


def _compared(key: str, gain: Mapping[str, float], **fields: str) -> str:
    ending = "better" if gain["low"] > 0 else "worse" if gain["high"] < 0 else "open"
    low, high = (gain["low"], gain["high"]) if ending != "worse" else (-gain["high"], -gain["low"])
    value = abs(gain["value"]) if ending != "open" else gain["value"]
    return t(
        f"{key}_{ending}",
        value=number(value, 3),
        low=number(low, 3),
        high=number(high, 3),
        **fields,
    )


def _figures(opened: Opened) -> None:
    import pandas as pd

    metrics = opened.metrics
    names = list(next(iter(metrics["models"].values())))
    lower = set(metrics["lower_is_better"])
    rows = [
        {
            t("tasks.column_model"): t(f"tasks.model_{model}"),
            **{
                f"{t(f'tasks.figure_{name}')} {'↓' if name in lower else '↑'}": charts.with_bounds(
                    values[name]
                )
                for name in names
            },
        }
        for model, values in metrics["models"].items()
    ]
    st.subheader(t("tasks.figures"), help=t("tasks.figures_help"))
    frame = pd.DataFrame(rows)
    table(frame, f"tasks_figures_{opened.card.id}")
    st.caption(
        t(
            "tasks.tested_folds" if opened.card.kind is Kind.CLASS else "tasks.tested_late",
            n=number(metrics["tested"]),
            folds=number(metrics["folds"]),
        )
    )
    export_button(frame, "task-figures", key=f"tasks_export_{opened.card.id}")


def _errors(workspace: Workspace, opened: Opened) -> None:
    metrics, key = opened.metrics, opened.card.id
    if opened.card.kind is Kind.RATING:
        st.subheader(t("tasks.residuals"), help=t("tasks.residuals_help"))
        show(charts.residual_figure(metrics["residuals"]), f"tasks_residuals_{key}")
        return
    if opened.card.kind is Kind.NEED:
        st.subheader(t("tasks.calibration"), help=t("tasks.calibration_help"))
        show(charts.reliability_figure(metrics["reliability"]), f"tasks_reliability_{key}")
        return
    st.subheader(t("tasks.confusion"), help=t("tasks.confusion_help"))
    names = list(output_labels(workspace, opened).values())
    show(charts.confusion_figure(metrics["confusion"], names), f"tasks_confusion_{key}")
    with st.expander(t("tasks.calibration")):
        show(charts.reliability_figure(metrics["reliability"]), f"tasks_reliability_{key}")


def _worst(workspace: Workspace, opened: Opened) -> None:
    import pandas as pd

    catalogue, kind = cached_catalogue(workspace), opened.card.kind
    labels = list(output_labels(workspace, opened).values())
    rows = []
    for row in opened.metrics["worst"]:
        shown = {t("tasks.column_product"): catalogue.title(row["product"])}
        if kind is not Kind.CLASS:
            shown[t("tasks.column_shopper")] = row["shopper"] or "–"
        if kind is Kind.CLASS:
            at = max(range(len(labels)), key=lambda k: row["told"][k])
            shown[t("tasks.column_true")] = labels[int(row["target"])]
            shown[t("tasks.column_told")] = f"{labels[at]} · {percent(row['told'][at])}"
        elif kind is Kind.NEED:
            shown[t("tasks.column_true")] = t("tasks.taken" if row["target"] else "tasks.left")
            shown[t("tasks.column_told")] = percent(row["told"][0])
        else:
            shown[t("tasks.column_true")] = number(row["target"], 0)
            shown[t("tasks.column_told")] = number(row["told"][0], 1)
        rows.append(shown)
    with st.expander(t("tasks.worst")):
        table(pd.DataFrame(rows), f"tasks_worst_{opened.card.id}")


def _apart(opened: Opened) -> None:
    """What the model was not allowed to see, and what was left out of the examples."""
    config, notes = opened.card.config, opened.metrics["notes"]
    lines = []
    if config.kind is Kind.CLASS:
        relation = relation_label(config.target)
        if config.target == CATEGORY:
            lines.append(t("tasks.leak_category"))
        else:
            lines.append(t("tasks.leak_relation", relation=relation))
            lines.append(t("tasks.leak_names" if config.hide_names else "tasks.leak_names_seen"))
        lines.append(t("tasks.left_out", **{name: number(n) for name, n in notes.items()}))
    else:
        lines.append(t("tasks.leak_reviews"))
        lines.append(t("tasks.leak_time"))
    if config.kind is Kind.NEED:
        share = opened.metrics["notes"]["taken"] / max(opened.metrics["examples"], 1)
        lines.append(t(f"tasks.negatives_{notes['negatives']}", share=percent(share)))
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    st.html(f'<h3 class="sg-tasks-h">{escape(t("tasks.leaks"))}</h3><ul class="sg-tasks-list">{items}</ul>')
