"""An audit on screen: who is shown, and who is served well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.audit.groups import DIMENSIONS
from core.audit.segments import LEAST_CASES, MEASURES
from core.shorten import shorten
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, inert, show, styled
from core.ui.linked import switch
from core.ui.tables import export_button, table
from core.ui.text import NOT_MEASURED, has, number, percent, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST_GROUPS = 24
ROW_PIXELS = 28
ORDERS = {
    "price": ("low", "middle", "high"),
    "popularity": ("new", "tail", "middle", "head"),
    "shopper": ("new", "light", "heavy"),
}
Row = Mapping[str, Any]


def exposure(found: Mapping[str, Any]) -> None:
    """Concentration as figures, then the share of attention of each group against its share of the catalogue."""
    st.html(_meters(found))
    chosen = switch(t("audit.by"), DIMENSIONS, "by", "audit_by", lambda name: t(f"audit.by_{name}"))
    rows = found["exposure"][chosen]
    st.caption(t("audit.exposure_note", baseline=_baseline(found)))
    shown = rows[:MOST_GROUPS]
    if len(shown) < len(rows):
        st.caption(t("audit.largest", n=number(len(shown)), of=number(len(rows))))
    show(ratios(_in_order(shown, chosen), chosen), f"audit_exposure_{chosen}")
    with st.expander(t("audit.as_table"), icon=":material/table:"):
        _exposure_table(rows, chosen, _baseline(found))


def quality(found: Mapping[str, Any]) -> None:
    """Recall and NDCG of each segment, with its interval, beside the rest."""
    measure = st.segmented_control(
        t("audit.measure"),
        MEASURES,
        default=MEASURES[0],
        format_func=lambda name: t(f"audit.measure_{name.partition('@')[0]}"),
        required=True,
        key="audit_measure",
        label_visibility="collapsed",
    )
    rows = [row for row in found["quality"] if row["measure"] == measure]
    st.caption(t("audit.quality_note", cases=number(found["cases"]), least=number(LEAST_CASES)))
    columns, filled = st.columns(2, gap="large"), [0, 0]
    for name in dict.fromkeys(row["dimension"] for row in rows):
        own = [row for row in rows if row["dimension"] == name and row["mean"] is not None]
        shorter = filled.index(min(filled))
        filled[shorter] += len(own) + 4  # a heading and an axis take about four rows
        with columns[shorter]:
            st.html(f'<h2 class="sg-h2">{escape(t(f"audit.by_{name}"))}</h2>')
            show(levels(_in_order(own, name), name), f"audit_quality_{name}_{measure}")
    with st.expander(t("audit.as_table"), icon=":material/table:"):
        _quality_table(rows)


def group_name(dimension: str, group: str) -> str:
    """What a group is called on screen."""
    if dimension in ("price", "popularity", "shopper", "language"):
        return t(f"audit.group_{dimension}_{group or 'none'}")
    key = f"audit.none_{dimension}"
    return group or (t(key) if has(key) else NOT_MEASURED)


def ratios(rows: Sequence[Row], dimension: str) -> Figure:
    """Shown over catalogue share, on a logarithmic axis around 1, with the interval; a hollow mark is the baseline."""
    import plotly.graph_objects as go

    names = _names(rows, dimension)
    floor = 0.02
    colors = [POSITIVE if row["low"] > 1 else NEGATIVE if row["high"] < 1 else BASELINE for row in rows]
    fig = go.Figure()
    fig.add_scatter(
        x=[max(row["other"], floor) for row in rows],
        y=names,
        mode="markers",
        name=t("audit.legend_baseline"),
        marker={"symbol": "circle-open", "size": 9, "color": BASELINE, "line": {"width": 1.5}},
        hovertemplate="%{y}: × %{x:.2f}<extra></extra>",
    )
    fig.add_scatter(
        x=[max(row["ratio"], floor) for row in rows],
        y=names,
        mode="markers",
        name=t("audit.legend_model"),
        showlegend=False,
        marker={"size": 10, "color": colors},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [max(row["high"], floor) - max(row["ratio"], floor) for row in rows],
            "arrayminus": [max(row["ratio"], floor) - max(row["low"], floor) for row in rows],
            "thickness": 1.6,
            "width": 4,
            "color": BASELINE,
        },
        text=[
            t(
                "audit.exposure_hover",
                group=inert(group_name(dimension, row["group"])),
                shown=percent(row["shown"], 1),
                catalogue=percent(row["catalogue"], 1),
                taken=percent(row["taken"], 1),
                ratio=number(row["ratio"], 2),
                low=number(row["low"], 2),
                high=number(row["high"], 2),
            )
            for row in rows
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    fig.add_scatter(
        x=[None],
        y=[None],
        mode="markers",
        name=t("audit.legend_model"),
        marker={"color": BASELINE, "size": 10},
    )
    fig.add_vline(x=1, line={"color": BASELINE, "width": 1, "dash": "dot"})
    fig.update_xaxes(
        type="log",
        tickvals=[0.02, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16],
        ticktext=["≤ 0.02", "0.1", "0.25", "0.5", "1", "2", "4", "8", "16"],
        title=t("audit.axis_ratio"),
    )
    fig.update_yaxes(range=[len(rows) - 0.4, -0.6])
    return styled(fig, ROW_PIXELS * len(rows) + 90)


def levels(rows: Sequence[Row], dimension: str) -> Figure:
    """The measure of each segment with its interval; coloured where it differs from the rest by more than chance."""
    import plotly.graph_objects as go

    colors = [
        BASELINE if not _differs(row) else POSITIVE if row["difference"] > 0 else NEGATIVE for row in rows
    ]
    fig = go.Figure(
        go.Scatter(
            x=[row["mean"] for row in rows],
            y=_names(rows, dimension),
            mode="markers",
            marker={"size": 10, "color": colors},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row["high"] - row["mean"] for row in rows],
                "arrayminus": [row["mean"] - row["low"] for row in rows],
                "thickness": 1.6,
                "width": 4,
                "color": BASELINE,
            },
            text=[
                t(
                    "audit.quality_hover",
                    group=inert(group_name(dimension, row["group"])),
                    mean=number(row["mean"], 3),
                    low=number(row["low"], 3),
                    high=number(row["high"], 3),
                    cases=number(row["cases"]),
                    difference=number(row["difference"], 3),
                    p=number(row["p_holm"], 4),
                )
                for row in rows
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    fig.update_yaxes(range=[len(rows) - 0.4, -0.6])
    fig.update_xaxes(rangemode="tozero")
    return styled(fig, ROW_PIXELS * max(len(rows), 3) + 60)


def _in_order(rows: Sequence[Row], dimension: str) -> Sequence[Row]:
    """From low to high where groups have such an order."""
    order = ORDERS.get(dimension, ())
    return sorted(rows, key=lambda row: order.index(row["group"]) if row["group"] in order else len(order))


def _differs(row: Row) -> bool:
    return row["p_holm"] is not None and row["p_holm"] < 0.05


def _names(rows: Sequence[Row], dimension: str) -> list[str]:
    # A mark nobody sees keeps groups of one name on lines of their own.
    return [
        f"{inert(shorten(group_name(dimension, row['group']), 28))}{chr(0x200B) * at}"
        for at, row in enumerate(rows)
    ]


def _meters(found: Mapping[str, Any]) -> str:
    ours, theirs = found["concentration"]["model"], found["concentration"]["baseline"]
    cells = []
    for name in ("lift", "gini", "coverage"):
        own, other = ours[name], theirs[name]
        shown = _figure(name, own["mean"])
        band = "" if own["low"] is None else f"{_figure(name, own['low'])} … {_figure(name, own['high'])}"
        below = t("audit.baseline_has", baseline=_baseline(found), value=_figure(name, other["mean"]))
        help_text = escape(t(f"audit.help_{name}"), quote=True)
        cells.append(
            f'<div title="{help_text}"><span>{escape(t(f"audit.figure_{name}"))}</span>'
            f"<strong>{escape(shown)}</strong><em>{escape(band)}</em><small>{escape(below)}</small></div>"
        )
    hidden = number(found["withheld"])
    cells.append(
        f"<div><span>{escape(t('audit.figure_withheld'))}</span><strong>{hidden}</strong><em></em>"
        f"<small>{escape(t('audit.of_products', n=number(found['products'])))}</small></div>"
    )
    return f'<div class="sg-audit-meters">{"".join(cells)}</div>'


def _figure(name: str, value: float) -> str:
    if name == "lift":
        return ("+" if value > 0 else "") + percent(value, 0)
    return percent(value, 0) if name == "coverage" else number(value, 2)


def _baseline(found: Mapping[str, Any]) -> str:
    key = f"train.model_{found['baseline']}"
    return t(key) if has(key) else str(found["baseline"])


def _exposure_table(rows: Sequence[Row], dimension: str, baseline: str) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            t(f"audit.by_{dimension}"): [group_name(dimension, row["group"]) for row in rows],
            t("audit.column_products"): [row["products"] for row in rows],
            t("audit.column_catalogue"): [percent(row["catalogue"], 1) for row in rows],
            t("audit.column_shown"): [percent(row["shown"], 1) for row in rows],
            t("audit.column_taken"): [percent(row["taken"], 1) for row in rows],
            t("audit.column_ratio"): [number(row["ratio"], 2) for row in rows],
            t("audit.column_interval"): [
                f"{number(row['low'], 2)} … {number(row['high'], 2)}" for row in rows
            ],
            t("audit.column_other", baseline=baseline): [number(row["other"], 2) for row in rows],
        }
    )
    table(frame, f"audit_exposure_table_{dimension}")
    export_button(frame, f"exposure-{dimension}", key="audit_exposure_csv")


def _quality_table(rows: Sequence[Row]) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            t("audit.column_dimension"): [t(f"audit.by_{row['dimension']}") for row in rows],
            t("audit.column_segment"): [group_name(row["dimension"], row["group"]) for row in rows],
            t("audit.column_cases"): [row["cases"] for row in rows],
            t("audit.column_mean"): [number(row["mean"], 3) for row in rows],
            t("audit.column_interval"): [
                f"{number(row['low'], 3)} … {number(row['high'], 3)}" for row in rows
            ],
            t("audit.column_difference"): [number(row["difference"], 3) for row in rows],
            t("audit.column_p"): [number(row["p_holm"], 4) for row in rows],
        }
    )
    table(frame, "audit_quality_table")
    export_button(frame, "quality-by-segment", key="audit_quality_csv")
