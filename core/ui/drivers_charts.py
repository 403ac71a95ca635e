"""The pictures of the Drivers page: weights with intervals, the swarm, segments side by side, and drift."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.drivers.drift import Shift
from core.drivers.importance import Weight
from core.drivers.kept import Drivers
from core.drivers.rows import REST, matrix
from core.drivers.swarm import NEAR, spread
from core.ontology import Family, family
from core.shorten import shorten
from core.ui import theme
from core.ui.charts import BASELINE, FAMILY_COLORS, NEGATIVE, POSITIVE, inert, styled
from core.ui.explain_view import FAMILY_NAMES, group_label
from core.ui.text import number, percent, relation_label, speaking, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

ROW_PIXELS = 30
SEGMENT_COLORS = ("#215dff", "#db6d1c", "#25757b", "#c36ec1", "#706d44", "#d6246b", "#1b93e8", "#8d8d8d")
SWARM_COLORS = ((0.0, POSITIVE), (1.0, "#c2326e"))


def label_of(name: str, of: str) -> str:
    """A group or relation as people say it."""
    if of == "groups":
        return group_label(name)
    return t("drivers.rest") if name == REST else relation_label(name)


def color_of(name: str, of: str) -> str:
    """The colour of its family; grey for what is no relation."""
    if of == "relations":
        return FAMILY_COLORS[family(name)]
    return FAMILY_COLORS[Family(name)] if name in FAMILY_NAMES else BASELINE


def weights(found: Sequence[Weight], of: str) -> Figure:
    """Shares as bars with their intervals, heaviest at the top."""
    import plotly.graph_objects as go

    fig = go.Figure(
        go.Bar(
            orientation="h",
            y=[label_of(one.name, of) for one in found],
            x=[one.share.mean for one in found],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.share.high - one.share.mean for one in found],
                "arrayminus": [one.share.mean - one.share.low for one in found],
                "thickness": 1.2,
                "width": 4,
                "color": theme.ink(),
            },
            marker_color=[color_of(one.name, of) for one in found],
            customdata=[
                [
                    percent(one.share.mean, 1),
                    percent(one.share.low, 1),
                    percent(one.share.high, 1),
                    _balance(one),
                ]
                for one in found
            ],
            hovertemplate="%{y}: %{customdata[0]} (%{customdata[1]}–%{customdata[2]})<br>%{customdata[3]}"
            "<extra></extra>",
        )
    )
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(tickformat=".0%", rangemode="tozero")
    fig.update_layout(showlegend=False)
    return styled(fig, ROW_PIXELS * max(len(found), 2) + 40)


def swarm(found: Drivers, order: Sequence[str], title: Callable[[str], str]) -> Figure:
    """Every recommendation's share of every group: one point each, in the order given, coloured by how much of the
    group's input there was; grey where there is no amount."""
    import plotly.graph_objects as go

    values = matrix(found.rows, found.groups)
    near = NEAR * float(np.ptp(values) or 1.0)
    fig = go.Figure()
    for line, name in enumerate(order):
        k = found.groups.index(name)
        own, amount = values[:, k], found.amounts[:, k]
        fig.add_scattergl(
            x=own,
            y=line + 0.4 * spread(own, near),
            mode="markers",
            marker={
                "size": 5,
                "opacity": 0.75,
                "color": np.where(np.isnan(amount), 0.5, amount) if not np.isnan(amount).all() else BASELINE,
                "colorscale": SWARM_COLORS,
                "cmin": 0,
                "cmax": 1,
            },
            text=[
                t(
                    "drivers.point",
                    group=group_label(name),
                    value=number(value),
                    shopper=inert(row.shopper),
                    product=inert(shorten(title(row.product), 60)),
                )
                for value, row in zip(own.tolist(), found.rows, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    fig.add_vline(x=0, line={"color": BASELINE, "width": 1})
    fig.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(order))),
        ticktext=[group_label(name) for name in order],
        range=[len(order) - 0.4, -0.6],
        showgrid=False,
    )
    fig.update_xaxes(title=t("drivers.axis_score"))
    return styled(fig, 36 * len(order) + 60)


def segments(
    found: Mapping[str, Sequence[Weight]], order: Sequence[str], named: Callable[[str], str]
) -> Figure:
    """For each group a dot and an interval a segment, side by side."""
    import plotly.graph_objects as go

    fig = go.Figure()
    room = 0.62 / max(len(found), 1)
    for at, (segment, own) in enumerate(found.items()):
        by_name = {one.name: one for one in own}
        rows = [by_name[name] for name in order]
        fig.add_scatter(
            x=[one.share.mean for one in rows],
            y=[line + room * (at - (len(found) - 1) / 2) for line in range(len(rows))],
            mode="markers",
            name=inert(shorten(named(segment), 24)),
            marker={"size": 8, "color": SEGMENT_COLORS[at % len(SEGMENT_COLORS)]},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.share.high - one.share.mean for one in rows],
                "arrayminus": [one.share.mean - one.share.low for one in rows],
                "thickness": 1.4,
                "width": 0,
            },
            text=[
                f"{percent(one.share.mean, 1)} ({percent(one.share.low, 1)}–{percent(one.share.high, 1)})"
                for one in rows
            ],
            hovertemplate="%{text}",
        )
    fig.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(order))),
        ticktext=[group_label(name) for name in order],
        range=[len(order) - 0.5, -0.5],
    )
    fig.update_xaxes(tickformat=".0%", rangemode="tozero")
    return styled(fig, max(34, 13 * len(found)) * len(order) + 70)


def drift(found: Sequence[Shift], of: str) -> Figure:
    """The change of each share with its interval; what is no more than chance is grey."""
    import plotly.graph_objects as go

    colors = [(POSITIVE if one.change.mean > 0 else NEGATIVE) if one.moved else BASELINE for one in found]
    fig = go.Figure()
    for one, color in zip(found, colors, strict=True):
        name = label_of(one.name, of)
        fig.add_scatter(
            x=[one.change.mean],
            y=[name],
            mode="markers",
            marker={"size": 9, "color": color},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.change.high - one.change.mean],
                "arrayminus": [one.change.mean - one.change.low],
                "thickness": 2,
                "width": 4,
                "color": color,
            },
            hovertemplate=f"{inert(name)}: {points(one.change.mean)} "
            f"({points(one.change.low)} … {points(one.change.high)})<extra></extra>",
            showlegend=False,
        )
    fig.add_vline(x=0, line={"color": BASELINE, "width": 1})
    fig.update_yaxes(autorange="reversed")
    fig.update_xaxes(tickformat="+.0%")
    return styled(fig, ROW_PIXELS * max(len(found), 2) + 50)


def points(value: float) -> str:
    """A change of a share, in percentage points, with its sign."""
    return t("drivers.points", n=("+" if value > 0 else "") + number(100 * value, 1))


def latin(name: str) -> str:
    """A group's name in English, for plots whose font has no other script."""
    with speaking("en"):
        return group_label(name)


def _balance(one: Weight) -> str:
    way = (
        "drivers.lifts"
        if one.signed.low > 0
        else "drivers.lowers"
        if one.signed.high < 0
        else "drivers.both_ways"
    )
    return t(way)
