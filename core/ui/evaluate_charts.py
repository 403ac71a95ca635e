"""The pictures of an evaluation: how far its confidence can be believed, how soon a review finds the errors, and what
more labelled texts bring."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.extract.calibrate import GOOD
from core.extract.learning import Prospect, half_width
from core.extract.triage import FIRST
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, styled
from core.ui.text import number, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_LAW_POINTS = 60
_BARE = "<extra></extra>"


def reliability_figure(rows: Sequence[Sequence[float]]) -> Figure:
    """Share that is right by confidence, against the diagonal; below, how many values there are.

    ``rows`` are (mean confidence, share right, count) of each bin.
    """
    from plotly.subplots import make_subplots

    figure = make_subplots(2, 1, shared_xaxes=True, row_heights=[0.74, 0.26], vertical_spacing=0.06)
    sure, right, counts = ([row[place] for row in rows] for place in range(3))
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": BASELINE, "dash": "dot", "width": 1.4},
        name=t("evaluate.perfect"),
        hoverinfo="skip",
        row=1,
        col=1,
    )
    figure.add_scatter(
        x=sure,
        y=right,
        mode="lines+markers",
        line={"color": POSITIVE, "width": 2},
        marker={"size": 8},
        name=t("evaluate.measured"),
        customdata=counts,
        hovertemplate=t("evaluate.reliability_hover", sure="%{x:.0%}", right="%{y:.0%}", n="%{customdata}")
        + _BARE,
        row=1,
        col=1,
    )
    figure.add_bar(
        x=[min(int(value * 10), 9) / 10 + 0.05 for value in sure],
        y=counts,
        width=0.085,
        marker_color=BASELINE,
        text=[number(count) for count in counts],
        textposition="outside",
        textfont={"size": 10},
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
        row=2,
        col=1,
    )
    shares = {"range": [0, 1.02], "tickformat": ".0%", "tick0": 0, "dtick": 0.25}
    figure.update_yaxes(title=t("evaluate.axis_right"), row=1, col=1, **shares)
    figure.update_yaxes(
        title=t("evaluate.axis_values"),
        row=2,
        col=1,
        showticklabels=False,
        range=[0, 1.45 * max(counts, default=1)],
    )
    figure.update_xaxes(**shares)
    figure.update_xaxes(title=t("evaluate.axis_confidence"), row=2, col=1)
    return styled(figure, 360)


def recalibration_figure(points: Sequence[Mapping[str, float]]) -> Figure:
    """Calibration error by the number of reviewed facts, with the range of its draws, and the error that is aimed at.

    ``points`` have ``facts``, ``ece``, ``low`` and ``high``.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    facts = [point["facts"] for point in points]
    figure.add_scatter(
        x=[*facts, *facts[::-1]],
        y=[*(point["high"] for point in points), *(point["low"] for point in points[::-1])],
        fill="toself",
        fillcolor=POSITIVE,
        opacity=0.15,
        line={"width": 0},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=facts,
        y=[point["ece"] for point in points],
        mode="lines+markers",
        line={"color": POSITIVE, "width": 2},
        marker={"size": 7},
        name=t("evaluate.measured"),
        hovertemplate=t("evaluate.recalibration_hover", n="%{x:,}", ece="%{y:.3f}") + _BARE,
    )
    figure.add_scatter(
        x=[facts[0], facts[-1]],
        y=[GOOD, GOOD],
        mode="lines",
        line={"color": BASELINE, "dash": "dot", "width": 1.4},
        name=t("evaluate.good_enough"),
        hoverinfo="skip",
    )
    figure.update_xaxes(title=t("evaluate.axis_reviewed"))
    figure.update_yaxes(title=t("evaluate.axis_ece"), rangemode="tozero", tickformat=".2f")
    return styled(figure, 260)


def triage_figure(curves: Mapping[str, Sequence[float]]) -> Figure:
    """Share of the errors found by the number of looks, as a share of the facts: value by value, fact by fact, and the
    best that any order of facts could do.

    ``curves`` has the shares of errors found at equal steps, from no look to as many as there are facts.
    """
    from plotly import graph_objects as go

    figure = go.Figure()
    for name, line in (
        ("by_value", {"color": POSITIVE, "width": 2.4}),
        ("by_fact", {"color": NEGATIVE, "width": 2}),
        ("perfect", {"color": BASELINE, "dash": "dot", "width": 1.4}),
    ):
        found = curves[name]
        figure.add_scatter(
            x=[step / (len(found) - 1) for step in range(len(found))],
            y=found,
            mode="lines",
            line=line,
            name=t(f"evaluate.triage_{name}"),
            hovertemplate=t("evaluate.triage_hover", looked="%{x:.0%}", found="%{y:.0%}") + _BARE,
        )
    figure.add_vline(x=FIRST, line={"color": BASELINE, "width": 1})
    figure.update_xaxes(title=t("evaluate.axis_looked"), range=[0, 1.02], tickformat=".0%", dtick=0.2)
    figure.update_yaxes(title=t("evaluate.axis_found"), range=[0, 1.02], tickformat=".0%", dtick=0.25)
    return styled(figure, 300)


def curve_figure(curve: Sequence[Mapping[str, Any]], outlook: Prospect | None) -> Figure:
    """F1 by the number of labelled texts with the folds' intervals, and the law that forecasts what more would give."""
    from plotly import graph_objects as go

    figure = go.Figure()
    sizes = [point["texts"] for point in curve]
    for name, colour in (("strict", POSITIVE), ("annotated_only", NEGATIVE)):
        folds = [[100 * value for value in point[name]] for point in curve]
        figure.add_scatter(
            x=sizes,
            y=[statistics.mean(values) for values in folds],
            error_y={
                "type": "data",
                "array": [half_width(values) or 0.0 for values in folds],
                "thickness": 1.2,
            },
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 8},
            name=t(f"evaluate.{name}"),
            hovertemplate=t("evaluate.curve_hover", texts="%{x:,}", f1="%{y:.1f}") + _BARE,
        )
    if outlook:
        _add_law(figure, sizes, outlook)
    low, high = min(sizes), max(sizes) + (outlook.more if outlook else 0)
    figure.update_xaxes(
        type="log",
        title=t("evaluate.axis_texts"),
        tickvals=[tick for tick in _TICKS if low / 1.5 <= tick <= high * 1.5],
        ticktext=[number(tick) for tick in _TICKS if low / 1.5 <= tick <= high * 1.5],
    )
    figure.update_yaxes(title=t("evaluate.axis_f1"))
    return styled(figure, 320)


def _add_law(figure: Figure, sizes: Sequence[int], outlook: Prospect) -> None:
    first, last = min(sizes), outlook.texts + outlook.more
    along = [first * (last / first) ** (step / _LAW_POINTS) for step in range(_LAW_POINTS + 1)]
    figure.add_scatter(
        x=along,
        y=[100 * statistics.mean(law.at(texts) for law in outlook.laws) for texts in along],
        mode="lines",
        line={"color": POSITIVE, "dash": "dot", "width": 1.4},
        name=t("evaluate.law"),
        hoverinfo="skip",
    )
    ahead = [100 * law.at(last) for law in outlook.laws]
    figure.add_scatter(
        x=[last],
        y=[statistics.mean(ahead)],
        mode="markers",
        marker={"symbol": "diamond-open", "size": 11, "color": POSITIVE, "line": {"width": 2}},
        name=t("evaluate.with_more", n=number(outlook.more)),
        hovertemplate=t("evaluate.curve_hover", texts="%{x:,}", f1="%{y:.1f}") + _BARE,
    )
