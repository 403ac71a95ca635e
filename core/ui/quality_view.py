"""The report of a check on screen: the gate, the findings with the place to mend each, completeness, doubted facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from core.graph.model import Graph
from core.graph.quality import Finding, Kind, Page, Report, Rule, Severity, Share
from core.shorten import shorten
from core.stages.check import KeptReport
from core.ui import navigation
from core.ui.charts import POSITIVE, show, styled
from core.ui.shell import param, set_params
from core.ui.tables import export_button, table
from core.ui.text import duration, listed, number, percent, relation_label, t

if TYPE_CHECKING:
    from pandas import DataFrame
    from plotly.graph_objects import Figure

ROWS = 12
_LOW = "#77828e"
"""Grey that white figures stand out from, on the light page and on the dark one."""
EXAMPLES = 3
CATEGORIES, RELATIONS = 30, 24
"""The picture of completeness has no more rows and columns; the table has all."""


def gate(kept: KeptReport, *, stale: bool) -> None:
    """Draw the conditions of the gate, and what was checked."""
    cards = "".join(_rule(rule) for rule in kept.report.rules)
    scope = kept.report.scope
    told = t(
        f"quality.scope_{scope.how}",
        subjects=number(scope.subjects),
        of=number(scope.of),
        facts=number(scope.facts),
        shapes=number(scope.shapes),
        seconds=duration(scope.seconds),
    )
    moved = f" <em>{escape(t('quality.stale'))}</em>" if stale else ""
    st.html(f'<div class="sg-gate">{cards}</div><p class="sg-scope">{escape(told)}{moved}</p>')


def findings(report: Report, graph: Graph) -> None:
    """Draw the findings, narrowed to a kind of the link, each with its examples and its link."""
    listed_ones = [finding for finding in report.findings if finding.kind is not Kind.SUSPICIOUS]
    if not listed_ones:
        st.markdown(t("quality.nothing"))
        return
    counts = Counter(finding.kind for finding in listed_ones)
    kinds = [kind for kind in Kind if counts[kind]]
    asked = param("kind")
    chosen = st.pills(
        t("quality.view_findings"),
        kinds,
        default=next((kind for kind in kinds if kind.value == asked), None),
        format_func=lambda kind: f"{t(f'quality.kind_{kind.value}')} {counts[kind]}",
        key="quality-kind",
        label_visibility="collapsed",
    )
    set_params(kind=chosen.value if chosen else None)
    _lines([finding for finding in listed_ones if chosen in (None, finding.kind)], graph)


def suspicious(report: Report, graph: Graph) -> None:
    """Draw the facts that an embedding does not expect, the strangest first."""
    if not report.doubted:
        st.markdown(t("quality.suspicious_off"))
        return
    st.caption(t("quality.suspicious_about", n=number(report.doubted)))
    found = report.of_kind(Kind.SUSPICIOUS)
    if not found:
        st.markdown(t("quality.suspicious_none"))
    _lines(found, graph)


def completeness(report: Report) -> None:
    """Draw which share of a category's products has each attribute, as a picture; its figures are on the squares."""
    st.caption(t("quality.completeness_about"))
    show(_heatmap(report), "quality-completeness")
    categories = len({share.category for share in report.completeness})
    if categories > CATEGORIES:
        st.caption(t("quality.completeness_part", n=number(CATEGORIES), of=number(categories)))
    with st.expander(t("quality.as_table"), icon=":material/table:"):
        table(_frame(report), "quality-completeness-table")
        export_button(_frame(report), "completeness")


def _rule(rule: Rule) -> str:
    limit = t("quality.rule_least" if rule.floor else "quality.rule_most", limit=percent(rule.limit))
    # The scale ends at twice the limit, so that the mark stands in the middle; that of a floor is all of it.
    scale = 1.0 if rule.floor else max(2 * rule.limit, rule.value, 0.001)
    broken = "" if rule.passed else " sg-gate-rule-broken"
    return (
        f'<div class="sg-gate-rule{broken}"><span>{escape(t(f"quality.rule_{rule.name}"))}</span>'
        f"<strong>{percent(rule.value)}</strong><small>{escape(limit)}</small>"
        f'<div class="sg-gate-rule-bar"><i style="width:{100 * rule.value / scale:.1f}%"></i>'
        f'<b style="left:{100 * rule.limit / scale:.1f}%"></b></div></div>'
    )


def _lines(found: Sequence[Finding], graph: Graph) -> None:
    shown = int(st.session_state.get("quality-rows", ROWS))
    for place, finding in enumerate(found[:shown]):
        with st.container(key=f"quality-finding-{place}", horizontal=True):
            st.html(_line(finding, graph))
            _mend(finding, graph)
    if len(found) > shown:
        st.button(
            t("quality.more", n=number(min(ROWS, len(found) - shown))),
            type="tertiary",
            icon=":material/expand_more:",
            key="quality-more",
            on_click=_more,
        )


def _more() -> None:
    st.session_state["quality-rows"] = int(st.session_state.get("quality-rows", ROWS)) + ROWS


def _line(finding: Finding, graph: Graph) -> str:
    figures = finding.figures or {}
    told = t(
        f"quality.told_{finding.kind.value}",
        count=number(finding.count),
        of=number(figures["of"] if finding.kind is Kind.SUSPICIOUS else finding.of),
        relation=relation_label(finding.relation),
        other=_other(finding, graph),
        rank=number(figures.get("rank", 0.0), 0),
        product=graph.label(finding.subjects[0]) if finding.subjects else "",
    )
    head = t(f"quality.kind_{finding.kind.value}"), t(f"quality.severity_{finding.severity.value}")
    examples = _examples(finding, graph)
    return (
        f'<div class="sg-finding sg-finding-{finding.severity.value}">'
        f'<span class="sg-finding-kind">{escape(" · ".join(head))}</span><p>{escape(told)}</p>'
        + (f"<small>{escape(examples)}</small>" if examples else "")
        + "</div>"
    )


def _other(finding: Finding, graph: Graph) -> str:
    if finding.kind in (Kind.HUB, Kind.SUSPICIOUS):
        return graph.label(finding.other)
    if finding.kind is Kind.NEAR_DUPLICATE:
        return relation_label(finding.other)
    return finding.other or t("quality.no_category")


def _examples(finding: Finding, graph: Graph) -> str:
    """The first values with their products, or the first products."""
    if finding.kind is Kind.SUSPICIOUS:
        return ""
    facts = [graph.facts[i] for i in finding.facts if i in graph.facts][:EXAMPLES]
    if facts:
        return listed(f"{graph.label(f.object)} ({shorten(graph.label(f.subject), 42)})" for f in facts)
    return listed(shorten(graph.label(node), 42) for node in finding.subjects[:EXAMPLES])


def _mend(finding: Finding, graph: Graph) -> None:
    label = t(f"quality.mend_{finding.page.value}")
    fact = next((graph.facts[i] for i in finding.facts if i in graph.facts), None)
    if finding.page is Page.REVIEW and fact is not None:
        navigation.link("review", label, icon="fact_check", at=fact.supports[0], look="fact")
    elif finding.page is Page.GRAPH or fact is not None:
        node = fact.object if fact else finding.other
        navigation.link("graph", t("quality.mend_graph"), icon="hub", node=node)
    elif finding.page is Page.BUILD:
        navigation.link("build", label, icon="auto_awesome_motion")
    else:
        navigation.link("schema", label, icon="schema")


def _heatmap(report: Report) -> Figure:
    from plotly import graph_objects as go

    shares = report.completeness
    sizes = {share.category: share.products for share in shares}
    # Plotly draws the first row at the bottom.
    categories = sorted(sizes, key=lambda name: (sizes[name], name))[-CATEGORIES:]
    totals = Counter[str]()
    for share in shares:
        totals[share.relation] += share.have
    relations = [name for name, _ in totals.most_common()]
    relations += sorted({share.relation for share in shares} - set(relations))
    relations = relations[:RELATIONS]
    at = {(share.category, share.relation): share for share in shares}
    cells = [[at.get((category, relation)) for relation in relations] for category in categories]
    parts = [[cell.have / cell.products if cell and cell.products else None for cell in row] for row in cells]
    figure = go.Figure(
        go.Heatmap(
            x=[relation_label(name) for name in relations],
            y=[f"{name or t('quality.no_category')} · {number(sizes[name])}" for name in categories],
            z=parts,
            text=[["" if part is None else percent(part, 0) for part in row] for row in parts],
            hovertext=[[_hover(cell) if cell else "" for cell in row] for row in cells],
            texttemplate="%{text}",
            hovertemplate="%{hovertext}<extra></extra>",
            hoverongaps=False,
            colorscale=[[0.0, _LOW], [1.0, POSITIVE]],
            textfont={"color": "#ffffff"},
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            showscale=False,
        )
    )
    figure.update_xaxes(side="top", showgrid=False, tickangle=-35)
    figure.update_yaxes(showgrid=False)
    return styled(figure, 130 + 30 * len(categories))


def _frame(report: Report) -> DataFrame:
    from pandas import DataFrame

    rows = [
        {
            t("quality.column_category"): share.category or t("quality.no_category"),
            t("quality.column_relation"): relation_label(share.relation),
            t("quality.column_share"): percent(share.have / share.products if share.products else None, 0),
            t("quality.column_have"): share.have,
            t("quality.column_products"): share.products,
        }
        for share in report.completeness
    ]
    return DataFrame(rows)


def _hover(share: Share) -> str:
    return t(
        "quality.completeness_hover",
        relation=escape(relation_label(share.relation)),
        category=escape(share.category or t("quality.no_category")),
        have=number(share.have),
        products=number(share.products),
    )


def verdict(report: Report) -> tuple[str, int, int]:
    """The gate in a word, and the number of errors and warnings (facts or products concerned)."""
    counts = Counter[Severity]()
    for finding in report.findings:
        counts[finding.severity] += finding.count
    word = t("quality.passed" if report.passed else "quality.failed")
    return word, counts[Severity.ERROR], counts[Severity.WARNING]
