"""The curve of size against quality, and what one of its points takes away."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from heapq import nsmallest
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.graph.compress import STRENGTHS, Plan
from core.graph.compress.net import META
from core.graph.model import PRODUCT, Graph
from core.recommend.compressed import Quality
from core.stages.compress import Curve, Point, comes_back, view
from core.ui.charts import NEGATIVE, POSITIVE, show, styled
from core.ui.facts import chip
from core.ui.tables import export_button, table
from core.ui.text import number, percent, t

if TYPE_CHECKING:
    from pandas import DataFrame
    from plotly.graph_objects import Figure

LOSSLESS = frozenset({"inverse", "transitive", "equivalent", "bundles"})
EXAMPLES = 14
_LINES = (("ndcg", POSITIVE, "solid"), ("search", NEGATIVE, "dot"))


def chart(curve: Curve, chosen: int) -> int | None:
    """Draw the curve; gives the strength that was clicked, None where none was."""
    st.caption(t("compress.curve_about"))
    state: Any = show(_figure(curve, chosen), "compress-curve", on_select="rerun", selection_mode="points")
    with st.expander(t("compress.as_table"), icon=":material/table:"):
        table(_frame(curve), "compress-curve-table")
        export_button(_frame(curve), "compression")
    points = state["selection"]["points"] if state else []
    return int(points[0]["customdata"][0]) if points else None


def strength_label(place: int, plan: Plan) -> str:
    """What a strength does, in a few words."""
    return t("compress.strength_named", k=place, what=_what(plan))


def point(curve: Curve, chosen: int, graph: Graph, *, fresh: bool) -> None:
    """Draw what is left at a point, what it costs, and what goes. ``fresh`` says that the curve is of this graph."""
    whole, here = curve.points[0], curve.points[chosen]
    st.html(
        f'<div class="sg-left">{_sizes(here, whole)}{_quality("ndcg", here)}{_quality("search", here)}</div>'
    )
    st.html(f'<h2 class="sg-h2">{escape(t("compress.taken_title"))}</h2>')
    if not here.steps:
        st.markdown(t("compress.taken_none"))
        return
    _steps(here)
    if not fresh:
        return
    made = view(graph, here.plan)
    if lost := _lost(graph, here.plan):
        st.caption(t("compress.examples_lost"))
        st.html(f'<div class="sg-chips">{_chips(graph, lost)}</div>')
    groups = sorted(node.label for i, node in made.net.nodes.items() if i.startswith(META))
    if groups:
        st.caption(t("compress.examples_groups"))
        st.html(f'<div class="sg-chips">{"".join(chip("", label) for label in groups[:6])}</div>')
    if comes_back(graph, here.plan):
        st.caption(f":material/undo: {t('compress.reversible')}")


def half_way(curve: Curve) -> Point:
    """The point that leaves about half of the facts."""
    whole = curve.points[0].size.facts
    return min(curve.points, key=lambda one: abs(one.size.facts - whole / 2))


def change_of(quality: Quality | None) -> str:
    """The change of a quality against the whole graph, relative; "–" where it was not measured."""
    if quality is None:
        return number(None)
    before = quality.value.mean - quality.change.mean
    return percent(quality.change.mean / before if before else None)


def _what(plan: Plan) -> str:
    if plan not in STRENGTHS:
        return t("compress.what_own")
    if plan.least_confidence > 0:
        return t("compress.what_unsure", n=plan.least_products, p=percent(plan.least_confidence))
    if plan.least_products > 1:
        return t("compress.what_rare", n=plan.least_products)
    if plan.bundles:
        return t("compress.what_grouped")
    if plan.equivalent:
        return t("compress.what_equivalent")
    return t("compress.what_implied" if plan.inverse else "compress.what_whole")


def _figure(curve: Curve, chosen: int) -> Figure:
    from plotly import graph_objects as go

    figure = go.Figure()
    whole = curve.points[0]
    for name, colour, dash in _LINES:
        known = [
            (k, one, q) for k, one in enumerate(curve.points) if (q := getattr(one.price, name)) is not None
        ]
        if not known:
            continue
        base = getattr(whole.price, name).value.mean or 1.0
        figure.add_scatter(
            x=[one.size.facts / whole.size.facts for _, one, _ in known],
            y=[1.0 + q.change.mean / base for _, _, q in known],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [(q.change.high - q.change.mean) / base for _, _, q in known],
                "arrayminus": [(q.change.mean - q.change.low) / base for _, _, q in known],
                "thickness": 1,
                "width": 3,
            },
            customdata=[(k,) for k, _, _ in known],
            hovertext=[_hover(k, one) for k, one, _ in known],
            mode="lines+markers",
            name=t(f"compress.line_{name}"),
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": [15 if k == chosen else 9 for k, _, _ in known], "color": colour},
            hovertemplate="%{hovertext}<br>%{y:.1%}<extra></extra>",
        )
    figure.add_hline(y=1.0, line={"width": 1, "color": "rgba(125,133,144,.6)"})
    figure.update_xaxes(title=t("compress.axis_size"), tickformat=".0%", autorange="reversed")
    figure.update_yaxes(title=t("compress.axis_quality"), tickformat=".0%", rangemode="tozero")
    return styled(figure, 380)


def _frame(curve: Curve) -> DataFrame:
    from pandas import DataFrame

    rows = [
        {
            t("compress.strength"): strength_label(place, one.plan),
            t("compress.size_nodes"): one.size.nodes,
            t("compress.size_facts"): one.size.facts,
            t("compress.size_bytes"): _bytes(one.size.bytes),
            t("compress.line_ndcg"): change_of(one.price.ndcg),
            t("compress.line_search"): change_of(one.price.search),
        }
        for place, one in enumerate(curve.points)
    ]
    return DataFrame(rows)


def _hover(place: int, one: Point) -> str:
    return t(
        "compress.hover",
        what=strength_label(place, one.plan),
        facts=number(one.size.facts),
        bytes=_bytes(one.size.bytes),
    )


def _sizes(here: Point, whole: Point) -> str:
    cells = (
        ("nodes", number(here.size.nodes), number(whole.size.nodes)),
        ("facts", number(here.size.facts), number(whole.size.facts)),
        ("bytes", _bytes(here.size.bytes), _bytes(whole.size.bytes)),
    )
    return "".join(
        _cell(t(f"compress.size_{name}"), value, t("compress.figure_of", n=of)) for name, value, of in cells
    )


def _quality(name: str, here: Point) -> str:
    quality: Quality | None = getattr(here.price, name)
    label = t(f"compress.quality_{name}")
    if quality is None:
        return _cell(label, number(None), t("compress.not_measured"))
    change = {part: _signed(getattr(quality.change, part)) for part in ("mean", "low", "high")}
    told = t("compress.change", change=change["mean"], low=change["low"], high=change["high"])
    return _cell(label, number(quality.value.mean, 3), told)


def _cell(label: str, value: str, note: str) -> str:
    return f"<div><span>{escape(label)}</span><strong>{escape(value)}</strong><small>{escape(note)}</small></div>"


def _steps(here: Point) -> None:
    from pandas import DataFrame

    rows = [
        {
            t("compress.column_operator"): t(f"compress.operator_{name}"),
            t("compress.column_taken"): taken,
            t("compress.column_put"): put,
            t("compress.column_lossless"): t("compress.inferable" if name in LOSSLESS else "compress.lost"),
        }
        for name, taken, put in here.steps
    ]
    table(DataFrame(rows), "compress-steps")


@lru_cache(maxsize=4)
def _lost(graph: Graph, plan: Plan) -> tuple[str, ...]:
    """The values with most facts that no product has any more."""
    left = view(graph, plan).net.nodes
    gone = (i for i in graph.nodes if i not in left and not i.startswith(PRODUCT) and graph.degree(i))
    return tuple(nsmallest(EXAMPLES, gone, key=lambda i: (-graph.degree(i), i)))


def _chips(graph: Graph, values: Sequence[str]) -> str:
    """A chip for each value, in the colour of the relation that leads to it."""
    first = (graph.facts_at(value)[0] for value in values)
    return "".join(chip(fact.relation, graph.label(value)) for fact, value in zip(first, values, strict=True))


def _signed(value: float) -> str:
    text = number(value, 3)
    return f"+{text}" if value > 0.0005 else text


def _bytes(count: int) -> str:
    return f"{number(count / 1e6, 2)} MB" if count >= 1e6 else f"{number(count / 1e3, 0)} kB"
