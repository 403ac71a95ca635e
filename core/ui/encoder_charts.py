"""The curves of a tuning, and how the kinds compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.recommend.tuning.kept import EncoderCard
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, styled, unmeasured
from core.ui.encoder_state import kind_name
from core.ui.finetune_charts import smooth
from core.ui.text import t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Lines = Sequence[Mapping[str, Any]]
HEIGHT = 240
_EMPTY = 10
"""The steps of an axis on which nothing stands yet."""


def perplexity_figure(checks: Lines, total: int = 0) -> Figure:
    """Perplexity of held-out texts over the steps of the pre-training, on a logarithmic scale."""
    from plotly import graph_objects as go

    known = [line for line in checks if line["perplexity"] is not None]
    figure = go.Figure()
    figure.add_scatter(
        x=[line["step"] for line in known],
        y=[line["perplexity"] for line in known],
        mode="lines+markers",
        name=t("encoder.curve_perplexity"),
        line={"color": POSITIVE, "width": 2.5},
        marker={"size": 8},
    )
    figure.update_xaxes(title=t("encoder.axis_step"), range=_steps(known, total), tickformat="d", nticks=6)
    figure.update_yaxes(title=t("encoder.axis_perplexity"), type="log", nticks=5, tickformat=",.0f")
    return styled(figure, HEIGHT)


def contrast_figure(steps: Lines, total: int = 0) -> Figure:
    """The contrastive loss of each step and its running mean."""
    from plotly import graph_objects as go

    lines = [line for line in steps if line["phase"] == "contrast"]
    losses = [line["loss"] for line in lines]
    numbers = [line["step"] for line in lines]
    figure = go.Figure()
    figure.add_scatter(
        x=numbers,
        y=losses,
        mode="lines",
        name=t("encoder.curve_step"),
        line={"color": BASELINE, "width": 1},
        opacity=0.5,
    )
    figure.add_scatter(
        x=numbers,
        y=smooth(losses),
        mode="lines",
        name=t("encoder.curve_loss"),
        line={"color": NEGATIVE, "width": 2},
    )
    figure.update_xaxes(title=t("encoder.axis_step"), range=_steps(lines, total))
    figure.update_yaxes(title=t("encoder.axis_loss"), rangemode="tozero")
    return styled(figure, HEIGHT)


def ndcg_figure(checks: Lines, frozen: float | None, total: int = 0) -> Figure:
    """Validation NDCG@10 with its band over steps; the frozen encoder is the line to beat."""
    from plotly import graph_objects as go

    known = [line for line in checks if line["ndcg"] is not None]
    numbers = [line["step"] for line in known]
    band = {"x": numbers, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure = go.Figure()
    figure.add_scatter(y=[line["high"] for line in known], **band)
    figure.add_scatter(
        y=[line["low"] for line in known], fill="tonexty", fillcolor="rgba(47,127,208,.18)", **band
    )
    figure.add_scatter(
        x=numbers,
        y=[line["ndcg"] for line in known],
        mode="lines+markers",
        name=t("encoder.curve_ndcg"),
        line={"color": POSITIVE, "width": 2.5},
        marker={"size": [12 if line["best"] else 7 for line in known]},
    )
    if frozen is not None:
        figure.add_hline(y=frozen, line={"color": BASELINE, "width": 1.4, "dash": "dot"})
        figure.add_annotation(
            x=1.0, xref="paper", xanchor="right", y=frozen, yanchor="bottom",
            text=t("encoder.option_frozen"), showarrow=False, font={"size": 11, "color": BASELINE},
        )  # fmt: skip
    figure.update_xaxes(title=t("encoder.axis_step"), range=_steps(known, total))
    figure.update_yaxes(title=t("encoder.axis_ndcg"))
    if not known:
        unmeasured(figure, frozen or 0.0)
    return styled(figure, HEIGHT)


def change_figure(cards: Sequence[EncoderCard]) -> Figure:
    """The change of validation NDCG@10 against the frozen encoder by kind, with 95% intervals."""
    from plotly import graph_objects as go

    ordered = sorted(cards, key=lambda card: card.change["mean"])
    figure = go.Figure()
    figure.add_scatter(
        x=[card.change["mean"] for card in ordered],
        y=[kind_name(card.kind) for card in ordered],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [card.change["high"] - card.change["mean"] for card in ordered],
            "arrayminus": [card.change["mean"] - card.change["low"] for card in ordered],
            "color": BASELINE,
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers",
        marker={"size": 10, "color": [_colour(card) for card in ordered]},
        showlegend=False,
        hovertemplate="%{y}: %{x:+.4f}<extra></extra>",
    )
    figure.add_vline(x=0.0, line={"color": BASELINE, "width": 1.2})
    figure.update_xaxes(title=t("encoder.axis_change"))
    return styled(figure, 90 + 30 * len(ordered))


def _colour(card: EncoderCard) -> str:
    """That of a gain or a loss where the interval leaves out zero."""
    if card.change["low"] > 0:
        return POSITIVE
    return NEGATIVE if card.change["high"] < 0 else BASELINE


def _steps(lines: Lines, total: int) -> list[float]:
    last = max([total, *(line["step"] for line in lines)]) or _EMPTY
    return [0, last * 1.02]
