"""Pictures of a task model: losses, figures against baselines, confusion, calibration, residuals, an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.ui import theme
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, styled, unmeasured
from core.ui.text import number, percent, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT = 300
MOST_BARS = 6
LEAST = 0.001
"""Chances below it are said to be so, not rounded to none."""


def loss_figure(lines: Sequence[Mapping[str, Any]], epochs: int = 0) -> Figure:
    """Validation loss by pass, one line a part, that of the serving network strong, its training loss dotted."""
    from plotly import graph_objects as go

    figure = go.Figure()
    parts = list(dict.fromkeys(line["part"] for line in lines))
    shown = False
    for part in parts:
        own = [line for line in lines if line["part"] == part]
        strong = part == parts[-1]
        figure.add_scatter(
            x=[line["epoch"] for line in own],
            y=[line["valid"] for line in own],
            mode="lines",
            name=t("tasks.curve_valid") if strong else t("tasks.curve_folds"),
            legendgroup="strong" if strong else "folds",
            showlegend=strong or not shown,
            line={"color": POSITIVE if strong else BASELINE, "width": 2.5 if strong else 1},
            opacity=1.0 if strong else 0.55,
        )
        shown = shown or not strong
        if strong:
            learned = [line for line in own if line["train"] is not None]
            figure.add_scatter(
                x=[line["epoch"] for line in learned],
                y=[line["train"] for line in learned],
                mode="lines",
                name=t("tasks.curve_train"),
                line={"color": NEGATIVE, "width": 1.5, "dash": "dot"},
            )
    last = max([epochs, *(line["epoch"] for line in lines), 1])
    figure.update_xaxes(title=t("tasks.axis_epoch"), range=[0, last * 1.02])
    figure.update_yaxes(title=t("tasks.axis_loss"))
    if not lines:
        unmeasured(figure, 1.0)
    return styled(figure, HEIGHT)


def confusion_figure(table: Sequence[Sequence[int]], names: Sequence[str]) -> Figure:
    """True classes downward, told classes to the right; a cell's shade is its share of the row, its figure a count."""
    from plotly import graph_objects as go

    shares = [[cell / max(sum(row), 1) for cell in row] for row in table]
    short = [name if len(name) < 22 else name[:20] + "…" for name in names]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=short,
            y=short,
            text=[[str(cell) if cell else "" for cell in row] for row in table],
            texttemplate="%{text}",
            textfont={"color": theme.ink()},
            zmin=0,
            zmax=1,
            showscale=False,
            colorscale=[[0, "rgba(47,127,208,0)"], [1, POSITIVE]],
            xgap=1,
            ygap=1,
            customdata=[[percent(share) for share in row] for row in shares],
            hovertemplate="%{y} → %{x}: %{text} (%{customdata})<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", title=t("tasks.axis_true"), showgrid=False)
    figure.update_xaxes(title=t("tasks.axis_told"), showgrid=False, tickangle=-40)
    return styled(figure, max(HEIGHT, 26 * len(names) + 130))


def reliability_figure(bins: Sequence[Sequence[float]]) -> Figure:
    """What was told against what came true, over the line on which the two are one."""
    from plotly import graph_objects as go

    figure = go.Figure()
    line = {"color": BASELINE, "dash": "dot", "width": 1.4}
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name=t("tasks.curve_true"), line=line, hoverinfo="skip"
    )
    figure.add_scatter(
        x=[row[0] for row in bins],
        y=[row[1] for row in bins],
        mode="lines+markers",
        name=t("tasks.curve_told"),
        line={"color": POSITIVE, "width": 2},
        marker={"size": 9},
    )
    top = min(1.0, 1.15 * max([0.1, *(value for row in bins for value in row[:2])]))
    figure.update_xaxes(title=t("tasks.axis_chance"), range=[0, top], tickformat=".0%")
    figure.update_yaxes(title=t("tasks.axis_happened"), range=[0, top], tickformat=".0%")
    return styled(figure, HEIGHT)


def residual_figure(pairs: Sequence[Sequence[float]]) -> Figure:
    """Stars given against stars told: a box for each number of stars, over the line on which the two are one."""
    from plotly import graph_objects as go

    figure = go.Figure()
    figure.add_trace(
        go.Box(
            x=[row[1] for row in pairs],
            y=[row[0] for row in pairs],
            name=t("tasks.curve_stars"),
            marker={"color": POSITIVE},
            boxpoints="outliers",
        )
    )
    low, high = min(row[1] for row in pairs), max(row[1] for row in pairs)
    figure.add_scatter(
        x=[low, high],
        y=[low, high],
        mode="lines",
        name=t("tasks.curve_same"),
        line={"color": BASELINE, "dash": "dot"},
        hoverinfo="skip",
    )
    figure.update_xaxes(title=t("tasks.axis_given"))
    figure.update_yaxes(title=t("tasks.axis_stars"))
    return styled(figure, HEIGHT)


def answer_figure(told: Mapping[str, float], chosen: str) -> Figure:
    """The likeliest classes with their chances; the chosen one strong."""
    from plotly import graph_objects as go

    ranked = sorted(told.items(), key=lambda pair: -pair[1])[:MOST_BARS]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=[name for name, _ in ranked],
            x=[value for _, value in ranked],
            text=[percent(value) if value >= LEAST else f"< {percent(LEAST)}" for _, value in ranked],
            textposition="outside",
            cliponaxis=False,
            marker_color=[POSITIVE if name == chosen else BASELINE for name, _ in ranked],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(range=[0, 1.15 * max(value for _, value in ranked)], visible=False)
    return styled(figure, 34 * len(ranked) + 20)


def with_bounds(row: Mapping[str, float], digits: int = 3) -> str:
    """A figure with its interval: "0.781 (0.702–0.853)"."""
    if row["low"] != row["low"]:
        return number(row["value"], digits)
    return f"{number(row['value'], digits)} ({number(row['low'], digits)}–{number(row['high'], digits)})"
