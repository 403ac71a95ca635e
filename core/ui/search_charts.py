"""Pictures of a search: every trial as a line through its settings, how it went on, and which settings matter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.recommend.search.plan import DONE, PRUNED, Trial, Tuned
from core.recommend.search.space import Dimension, Value
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, styled, unmeasured
from core.ui.search_form import label, option_label
from core.ui.text import t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

SCALE = ((0.0, NEGATIVE), (0.5, "#9aa3ad"), (1.0, POSITIVE))
"""From a poor trial over a middling one to a good one: readable on light and dark surfaces."""
CJK_LETTERS = 4
LEAST_RANGE = 0.01
"""The axis of NDCG@10 spans so much at least, so that one trial, or equal ones, lie in its middle."""


def parallel(trials: Sequence[Trial], dimensions: Sequence[Dimension]) -> Figure:
    """One line a trial that was measured: an axis for each setting, the last for validation NDCG@10."""
    from plotly import graph_objects as go

    shown = [trial for trial in trials if trial.value is not None]
    values = [trial.value or 0.0 for trial in shown]
    axes = [_axis(one, [trial.params[one.name] for trial in shown]) for one in dimensions]
    worst, best = low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if high - low < LEAST_RANGE:
        low, high = low - LEAST_RANGE / 2, high + LEAST_RANGE / 2
    axes.append({"label": "NDCG@10", "values": values, "range": [low, high], "tickformat": ".3f"})
    figure = go.Figure(
        go.Parcoords(
            dimensions=axes,
            line={"color": values, "colorscale": SCALE, "cmin": worst, "cmax": best, "showscale": False}
            if worst < best
            else {"color": BASELINE},
            labelfont={"size": 12},
            tickfont={"size": 10},
            rangefont={"size": 1, "color": "rgba(0,0,0,0)"},
        )
    )
    return styled(figure, 330).update_layout(margin={"l": 60, "r": 44, "t": 44, "b": 16})


def _axis(one: Dimension, values: Sequence[Value]) -> dict[str, Any]:
    name = _broken(label(one.name))
    if one.kind == "choice":
        places = [one.options.index(value) for value in values]
        ticks = list(range(len(one.options)))
        texts = [option_label(option) for option in one.options]
        return {
            "label": name,
            "values": places,
            "tickvals": ticks,
            "ticktext": texts,
            "range": [0, max(ticks)],
        }
    if one.log:
        ends = (math.log10(one.least), math.log10(one.most))
        marks = [one.least, *_round_between(one.least, one.most), one.most]
        powers_of = [math.log10(mark) for mark in marks]
        texts = [f"{mark:g}" for mark in marks]
        powers = [math.log10(float(value)) for value in values]
        return {
            "label": name,
            "values": powers,
            "tickvals": powers_of,
            "ticktext": texts,
            "range": list(ends),
        }
    return {"label": name, "values": [float(value) for value in values], "range": [one.least, one.most]}


def _round_between(least: float, most: float) -> list[float]:
    """1, 3, 10, 30 … between two ends, not so near to them that labels would touch."""
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    marks = [mark * 10.0**power for power in powers for mark in (1, 3)]
    return [mark for mark in marks if 1.5 * least < mark < most / 1.5]


def history(trials: Sequence[Trial], baselines: Mapping[str, Tuned], planned: int) -> Figure:
    """Validation NDCG@10 by trial, the best so far as a step, the best baseline as the line to beat."""
    from plotly import graph_objects as go

    figure = go.Figure()
    done = [trial for trial in trials if trial.state == DONE and trial.value is not None]
    cut = [trial for trial in trials if trial.state == PRUNED and trial.value is not None]
    for own, name, symbol, colour in (
        (done, "search.state_done", "circle", POSITIVE),
        (cut, "search.state_pruned", "circle-open", NEGATIVE),
    ):
        figure.add_scatter(
            x=[trial.number + 1 for trial in own],
            y=[trial.value for trial in own],
            mode="markers",
            name=t(name),
            marker={"size": 8, "symbol": symbol, "color": colour},
        )
    if done:
        best: list[float] = []
        for trial in done:
            best.append(max([*best[-1:], trial.value or 0.0]))
        figure.add_scatter(
            x=[trial.number + 1 for trial in done],
            y=best,
            mode="lines",
            name=t("search.best_so_far"),
            line={"color": POSITIVE, "width": 2, "shape": "hv"},
        )
    if baselines:
        strongest = max(baselines, key=lambda name: baselines[name].valid)
        figure.add_hline(
            y=baselines[strongest].valid,
            line={"color": BASELINE, "width": 1.4, "dash": "dot"},
            annotation={
                "text": t(f"train.model_{strongest}"),
                "font": {"size": 11, "color": BASELINE},
                "xanchor": "right",
            },
        )
    last = max(planned, len(trials))
    figure.update_xaxes(title=t("search.axis_trial"), range=[0.5, last + 0.5], dtick=max(1, last // 8))
    figure.update_yaxes(title=t("train.axis_ndcg"))
    if not done and not cut:
        unmeasured(figure, max((one.valid for one in baselines.values()), default=0.0))
    return styled(figure, 300)


def importance(shares: Mapping[str, float]) -> Figure:
    """A bar a setting, the one that matters most on top."""
    from plotly import graph_objects as go

    names = sorted(shares, key=lambda name: shares[name])
    figure = go.Figure(
        go.Bar(
            x=[shares[name] for name in names],
            y=[label(name) for name in names],
            orientation="h",
            marker={"color": POSITIVE},
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return styled(figure, 300)


def _broken(name: str, most: int = 14) -> str:
    """A label in lines of at most so many letters, as far as its words allow; Chinese in lines of CJK_LETTERS."""
    if not name.isascii() and " " not in name:
        return "<br>".join(name[at : at + CJK_LETTERS] for at in range(0, len(name), CJK_LETTERS))
    lines = [""]
    for word in name.split():
        if lines[-1] and len(lines[-1]) + len(word) >= most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
