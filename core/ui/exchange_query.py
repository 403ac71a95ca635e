"""The view "Query" of the Exchange page: a pattern or SPARQL, its answer as a table whose rows open their nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

import pandas as pd
import streamlit as st

from core.graph.model import Graph
from core.graph.pattern_match import match
from core.graph.sparql import NAMESPACES, ask
from core.shorten import shorten
from core.ui import navigation
from core.ui.graph_state import in_language
from core.ui.labels import literal
from core.ui.shell import guarded, param, set_params
from core.ui.tables import export_button, table
from core.ui.text import language, number, relation_label, t

WAYS = ("pattern", "sparql")


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as it is drawn: texts, and for each row the nodes it names with their labels."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    nodes: tuple[tuple[tuple[str, str], ...], ...]
    more: bool
    truth: bool | None = None


def draw(graph: Graph) -> None:
    """Draw the box, and the answer to the query of the link."""
    asked = param("how") or ""
    how = asked if asked in WAYS else WAYS[0]
    text = param("q") or ""
    _box(graph, how, text)
    if text:
        with guarded():
            _answer(_ask(graph, how, text, language()))


def _box(graph: Graph, how: str, text: str) -> None:
    _keep("exchange-how", how)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.segmented_control(
            t("exchange.how"),
            WAYS,
            key="exchange-how",
            format_func=lambda name: t(f"exchange.how_{name}"),
            label_visibility="collapsed",
            on_change=lambda: set_params(how=st.session_state["exchange-how"] or how, q=None),
        )
        with st.popover(t("exchange.help"), icon=":material/help:", type="tertiary"):
            _help(how)
    box = f"exchange-text-{how}"
    if text and st.session_state.get("exchange-drawn") != (how, text):
        st.session_state[box] = text
        st.session_state["exchange-drawn"] = (how, text)
    with st.form("exchange-form", border=False):
        st.text_area(
            t("exchange.query"),
            key=box,
            height=96 if how == "pattern" else 168,
            placeholder=t(f"exchange.placeholder_{how}"),
            label_visibility="collapsed",
        )
        if st.form_submit_button(t("exchange.run"), type="primary", icon=":material/play_arrow:"):
            set_params(how=how, q=st.session_state[box].strip())
            st.rerun()
    with st.container(key="exchange-examples", gap=None):
        st.caption(t("exchange.try"))
        for number_, example in enumerate(examples(graph, how)):
            st.button(
                f":small[{literal(' '.join(example.split()))}]",
                key=f"exchange-example-{how}-{number_}",
                type="tertiary",
                on_click=lambda chosen=example: set_params(how=how, q=chosen),
            )


def _keep(key: str, value: str) -> None:
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _help(how: str) -> None:
    parts = [f"<p>{escape(t(f'exchange.help_{how}_{k}'))}</p>" for k in (1, 2, 3)]
    if how == "sparql":
        names = " ".join(f"<code>{escape(prefix)}:</code>" for prefix in NAMESPACES)
        parts.append(f'<p class="sg-exchange-prefixes">{names}</p>')
    st.html(f'<div class="sg-exchange-help">{"".join(parts)}</div>')


def _answer(shown: Shown) -> None:
    if shown.truth is not None:
        st.html(
            f'<p class="sg-exchange-truth">{escape(t("exchange.true" if shown.truth else "exchange.false"))}</p>'
        )
        return
    if not shown.columns:
        st.html(
            f'<p class="sg-exchange-truth">{escape(t("exchange.true" if shown.rows else "exchange.false"))}</p>'
        )
        return
    said = t("exchange.rows_more" if shown.more else "exchange.rows", n=number(len(shown.rows)))
    frame = _frame(shown)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(said if shown.rows else t("exchange.rows_none"), width="content")
        if shown.rows:
            export_button(frame, "answer", key="exchange-csv")
    if not shown.rows:
        return
    chosen = table(frame, "exchange-rows", selection=True)
    if not chosen:
        st.caption(t("exchange.pick_row"))
        return
    with st.container(key="exchange-open", horizontal=True):
        for node, label in shown.nodes[chosen[0]]:
            navigation.link("graph", literal(shorten(label, 48)), icon="hub", node=node, sel=node)
        if not shown.nodes[chosen[0]]:
            st.caption(t("exchange.no_nodes"))


def _frame(shown: Shown) -> pd.DataFrame:
    """The rows as a table; a column of figures holds numbers, so that it sorts as such."""
    frame = pd.DataFrame(list(shown.rows), columns=list(shown.columns))
    for name in frame.columns:
        figures = pd.to_numeric(frame[name], errors="coerce")
        if len(frame) and figures.notna().all():
            frame[name] = figures
    return frame


@st.cache_data(max_entries=32, show_spinner=False, hash_funcs={Graph: lambda graph: graph.hash})
def _ask(graph: Graph, how: str, text: str, spoken: str) -> Shown:
    named = in_language(graph, spoken)
    if how == "sparql":
        found = ask(graph, text)
        return Shown(
            tuple(f"?{name}" for name in found.columns),
            tuple(tuple(named.label(c.node) if c.node else c.text for c in row) for row in found.rows),
            tuple(
                tuple({c.node: named.label(c.node) for c in row if c.node in graph.nodes}.items())
                for row in found.rows
            ),
            found.more,
            found.truth,
        )
    answer = match(graph, text)
    shown = tuple(
        tuple(
            relation_label(value) if name in answer.relations else named.label(value)
            for name, value in zip(answer.columns, row, strict=True)
        )
        for row in answer.rows
    )
    nodes = tuple(
        tuple({value: named.label(value) for value in row if value in graph.nodes}.items())
        for row in answer.rows
    )
    return Shown(tuple(f"?{name}" for name in answer.columns), shown, nodes, answer.more)


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs={Graph: lambda graph: graph.hash})
def examples(graph: Graph, how: str) -> list[str]:
    """Queries that this graph has answers to: two relations that many products have, and a value of the first."""
    relations = Counter(f.relation for f in graph.facts.values() if graph.nodes[f.object].type != "Product")
    first = next(
        (r for r in ("material", "color", "brand") if relations[r] > 1), relations.most_common(1)[0][0]
    )
    value = Counter(f.object for f in graph.facts.values() if f.relation == first).most_common(1)[0][0]
    label = graph.label(value).replace("\\", "\\\\").replace('"', '\\"')
    holders = {f.subject for f in graph.facts.values() if f.object == value and f.relation == first}
    beside = Counter(f.relation for f in graph.facts.values() if f.subject in holders and f.relation != first)
    second = next((r for r in ("usedFor", "feature") if beside[r]), next(iter(beside), first))
    if how == "pattern":
        return [
            f'?product {first} "{label}" ; ?product {second} ?value',
            f'?one {second} ?shared ; ?other {second} ?shared ; ?one {first} "{label}"',
            f'?product {first} "{label}" ; not ?product {second} ?any',
        ]
    return [
        "SELECT ?relation (COUNT(?fact) AS ?facts) (AVG(?sure) AS ?confidence)\n"
        "WHERE { ?fact sg:statedRelation ?relation ; sg:factConfidence ?sure }\n"
        "GROUP BY ?relation ORDER BY DESC(?facts)",
        f"SELECT ?product ?value\nWHERE {{ ?fact rdf:subject ?product ; rdf:object ?value ;\n"
        f'  sg:statedRelation "{second}" ; sg:factConfidence ?sure . FILTER(?sure < 0.8) }}',
        "ASK { ?product a schema:Product . FILTER NOT EXISTS { ?product schema:brand ?brand } }",
    ]
