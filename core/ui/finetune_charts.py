"""The curves of a fine-tuning: loss while it learns, and the validation losses of several adapters together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, styled
from core.ui.text import t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Lines = Sequence[Mapping[str, Any]]
HEIGHT = 300
_SMOOTH = 0.85
COLOURS = (POSITIVE, NEGATIVE, "#745aca", "#25757b", "#c36ec1", BASELINE)
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "solid")


def loss_figure(steps: Lines, checks: Lines, total: int = 0) -> Figure:
    """Training loss of each step, its running mean, and the validation loss, over steps. ``total`` is how many steps
    there may be: a live picture has its full width from the start."""
    from plotly import graph_objects as go

    figure = go.Figure()
    numbers = [line["step"] for line in steps]
    losses = [line["loss"] for line in steps]
    thin = {"color": BASELINE, "width": 1}
    figure.add_scatter(
        x=numbers, y=losses, mode="lines", name=t("finetune.curve_step"), line=thin, opacity=0.5
    )
    figure.add_scatter(
        x=numbers,
        y=smooth(losses),
        mode="lines",
        name=t("finetune.curve_train"),
        line={"color": NEGATIVE, "width": 2},
    )
    figure.add_scatter(
        x=[line["step"] for line in checks],
        y=[line["loss"] for line in checks],
        mode="lines+markers",
        name=t("finetune.curve_valid"),
        line={"color": POSITIVE, "width": 2.5},
        marker={"size": 8},
    )
    last = max([total, *numbers, 1])
    figure.update_xaxes(title=t("finetune.axis_step"), range=[0, last * 1.02])
    figure.update_yaxes(title=t("finetune.axis_loss"), rangemode="tozero")
    return styled(figure, HEIGHT)


def compared_figure(named: Mapping[str, Lines]) -> Figure:
    """The validation loss of each adapter over passes through its lessons."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for at, (name, checks) in enumerate(named.items()):
        style = {
            "color": COLOURS[at % len(COLOURS)],
            "dash": _DASHES[at // len(COLOURS) % len(_DASHES)],
            "width": 2.5,
        }
        figure.add_scatter(
            x=[line["epoch"] for line in checks],
            y=[line["loss"] for line in checks],
            mode="lines+markers",
            name=name,
            line=style,
        )
    figure.update_xaxes(title=t("finetune.axis_epoch"), rangemode="tozero")
    figure.update_yaxes(title=t("finetune.axis_valid"), rangemode="tozero")
    return styled(figure, HEIGHT)


def smooth(values: Sequence[float]) -> list[float]:
    """The exponentially weighted mean of the values so far, without the pull of its beginning."""
    made: list[float] = []
    mean = weight = 0.0
    for value in values:
        mean = _SMOOTH * mean + (1 - _SMOOTH) * value
        weight = _SMOOTH * weight + (1 - _SMOOTH)
        made.append(mean / weight)
    return made
