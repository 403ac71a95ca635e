"""What a run looks like: curves against the baselines, loss parts, meters, figures by model, and its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.ontology import Family
from core.ui.charts import BASELINE, FAMILY_COLORS, NEGATIVE, POSITIVE, show, styled
from core.ui.tables import export_button, table
from core.ui.text import duration, number, percent, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Curve = Sequence[Mapping[str, Any]]
HEIGHT, LOW = 300, 170
LOSSES = {
    "rank_loss": POSITIVE,
    "graph_loss": NEGATIVE,
    "adversarial_loss": FAMILY_COLORS[Family.FEATURE],
    "contrastive_loss": FAMILY_COLORS[Family.USE],
}
"""Parts of the loss and their colours; the last two are drawn only where a run has them."""
OPTIONAL = ("adversarial_loss", "contrastive_loss")
LABEL_SPACE = 0.055


def curves(lines: Curve, tuning: Mapping[str, float], key: str, epochs: int = 0) -> None:
    """Validation NDCG@10 with its band and the baselines to beat, above the parts of the loss, the learning rate and
    the norm of the gradient. Keeps its height.

    ``epochs`` is how many there may be: a live picture has its full width from the start.
    """
    show(ndcg_figure(lines, tuning, epochs), f"{key}_ndcg")
    show(loss_figure(lines, epochs), f"{key}_loss")
    for field, column in zip(("lr", "grad_norm"), st.columns(2), strict=True):
        with column:
            show(step_figure(lines, field, epochs), f"{key}_{field}")


def ndcg_figure(lines: Curve, tuning: Mapping[str, float], epochs: int = 0) -> Figure:
    """Validation NDCG@10 by epoch, 95% band; one horizontal line a baseline."""
    from plotly import graph_objects as go

    figure = go.Figure()
    done = [line["epoch"] + 1 for line in lines]
    if lines:
        band = {"x": done, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        figure.add_scatter(y=[line["high"] for line in lines], **band)
        figure.add_scatter(
            y=[line["low"] for line in lines], fill="tonexty", fillcolor="rgba(47,127,208,.18)", **band
        )
        figure.add_scatter(
            x=done,
            y=[line["valid"] for line in lines],
            mode="lines+markers",
            name=t("train.model_shelfgraph"),
            line={"color": POSITIVE, "width": 2.5},
        )
    values = [line[name] for line in lines for name in ("low", "high")] + list(tuning.values())
    top = 1.08 * max(values, default=0.1)
    bottom = max(0.0, min(values, default=0.0) - 0.15 * top)
    ordered = sorted(tuning, key=lambda name: tuning[name])
    places = apart([tuning[name] for name in ordered], (top - bottom) * LABEL_SPACE)
    for name, place in zip(ordered, places, strict=True):
        strongest = name == ordered[-1]
        figure.add_hline(
            y=tuning[name], line={"color": BASELINE, "dash": "solid" if strongest else "dot", "width": 1.4}
        )
        figure.add_annotation(
            x=1.01,
            xref="paper",
            xanchor="left",
            y=place,
            text=t(f"train.model_{name}"),
            showarrow=False,
            font={"size": 11, "color": BASELINE},
        )
    figure.update_yaxes(title=t("train.axis_ndcg"), range=[bottom, max(top, *places, 0.0) + 0.02 * top])
    figure.update_xaxes(**_epochs(lines, epochs))
    made = styled(figure, HEIGHT)
    return made.update_layout(margin={"r": 130 if tuning else 8})


def apart(values: Sequence[float], least: float) -> list[float]:
    """Places for labels of ascending values: as near to them as may be, and at least ``least`` from each other."""
    places: list[float] = []
    for value in values:
        places.append(max(value, places[-1] + least) if places else value)
    return places


def loss_figure(lines: Curve, epochs: int = 0) -> Figure:
    """The parts of the loss by epoch, before they are weighed."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for field, colour in LOSSES.items():
        values = [line.get(field, 0.0) for line in lines]
        if field not in OPTIONAL or any(values):
            figure.add_scatter(
                x=[line["epoch"] + 1 for line in lines],
                y=values,
                mode="lines+markers",
                name=t(f"train.{field}"),
                line={"color": colour, "width": 2},
            )
    figure.update_yaxes(title=t("train.axis_loss"))
    figure.update_xaxes(**_epochs(lines, epochs))
    return styled(figure, 200)


def step_figure(lines: Curve, field: str, epochs: int = 0) -> Figure:
    """``lr``, the learning rate at the end of each epoch, or ``grad_norm``, the gradient's mean norm in it."""
    from plotly import graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=[line["epoch"] + 1 for line in lines],
        y=[line[field] for line in lines],
        mode="lines+markers",
        line={"color": BASELINE, "width": 2},
        showlegend=False,
    )
    figure.update_yaxes(title=t(f"train.axis_{field}"), rangemode="tozero", nticks=4)
    figure.update_xaxes(**_epochs(lines, epochs))
    return styled(figure, LOW)


def meters(line: Mapping[str, Any] | None) -> None:
    """Device, memory, speed, learning rate, gradient norm and time left, each in its place."""
    shown = line or {}
    cells = (
        ("device", _device(shown)),
        ("memory", t("train.mb", n=number(shown.get("memory_mb"), 0))),
        ("speed", t("train.per_second", n=number(shown.get("samples_per_s"), 0))),
        ("rate", number(shown.get("lr"))),
        ("gradient", number(shown.get("grad_norm"), 2)),
        ("left", duration(shown.get("eta"))),
    )
    columns = st.columns(3)  # six beside each other would cut their figures short
    for place, (name, value) in enumerate(cells):
        columns[place % 3].metric(t(f"train.meter_{name}"), value)


def _device(line: Mapping[str, Any]) -> str:
    """Where it computes, in which numbers where not in float32."""
    name, precision = str(line.get("device", "–")).upper(), line.get("precision", "float32")
    return name if precision == "float32" else f"{name} · {precision}"


def sentence(told: Mapping[str, Any]) -> str:
    """A sentence of the verdict in the visitor's language."""
    fields = dict(told["fields"])
    for name in ("gain", "half"):
        if name in fields:
            fields[name] = percent(fields[name], 1)
    for name in ("points", "low", "high"):
        if name in fields:
            fields[name] = number(fields[name], 4)
    if "p" in fields:
        fields["p"] = "< .001" if fields["p"] < 0.001 else f"= {fields['p']:.3f}".replace("0.", ".")
    if "baseline" in fields:
        fields["baseline"] = t(f"train.model_{fields['baseline']}")
    for name in ("n", "least"):
        if name in fields:
            fields[name] = number(fields[name])
    return t(f"train.{told['key']}", **fields)


def figures(metrics: Mapping[str, Any], key: str) -> None:
    """The test figures of all models as a table that can be taken away."""
    import pandas as pd

    rows = []
    for name, values in metrics["models"].items():
        compared = metrics["compared"].get(name)
        row = {
            t("train.column_model"): t(f"train.model_{name}"),
            "NDCG@10": values["ndcg@10"],
            "±": (values["high"] - values["low"]) / 2,
            "HR@10": values["hr@10"],
            "Recall@20": values["recall@20"],
            "MRR": values["mrr"],
            t("train.column_coverage"): values["coverage"],
        }
        for segment in ("warm_item", "cold_item", "cold_shopper"):
            row[t(f"train.segment_{segment}")] = values["segments"][segment]["mean"]
        weighed = metrics.get("debiased", {}).get(name)
        if weighed:
            row |= {"NDCG@10 IPS": weighed["ips"], "NDCG@10 SNIPS": weighed["snips"]}
        row[t("train.column_p")] = compared["p_holm"] if compared else None
        rows.append(row)
    frame = pd.DataFrame(rows).sort_values("NDCG@10", ascending=False)
    decimals = st.column_config.NumberColumn(format="%.4f")
    shown = dict.fromkeys(frame.columns[1:], decimals)
    table(frame, f"{key}_figures", columns=shown)
    if metrics.get("debiased"):
        own = metrics["debiased"]["shelfgraph"]
        st.caption(t("train.debiased_note", n=number(own["effective"], 0), plain=number(own["ndcg"], 4)))
    export_button(frame, "figures", key=f"{key}_export")


def _epochs(lines: Curve, planned: int) -> dict[str, Any]:
    last = max(planned, len(lines), 1)
    return {"title": t("train.axis_epoch"), "range": [0.5, last + 0.5], "dtick": max(1, last // 8)}
