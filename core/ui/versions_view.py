"""Two versions of the graph side by side: what came, what went, what changed, and through which source."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from core.domain import Fact
from core.graph.atlas.survey import Survey
from core.graph.diff import GraphDiff, by_source, diff
from core.graph.diff_picture import side_svg, sides
from core.graph.model import Graph
from core.graph.store import GraphStore
from core.graph.support import Stop, sources_of, stops
from core.storage.workspaces import Workspace
from core.ui import theme
from core.ui.charts import NEGATIVE, POSITIVE
from core.ui.map_names import source_names
from core.ui.map_state import MapState, change
from core.ui.progress import stage_label
from core.ui.session import log_head
from core.ui.shell import go
from core.ui.tables import export_button, table
from core.ui.text import ago, number, percent, relation_label, t

COLOURS = {"gone": NEGATIVE, "added": POSITIVE, "changed": "#7b6bd6"}
LISTED = 2_000


def versions(workspace: Workspace, survey: Survey, graph: Graph, state: MapState) -> None:
    """Draw the choice of two versions, their difference on the map, by source, and fact by fact."""
    head = log_head(workspace)
    known = _stops(str(workspace.folder), head, workspace)
    seqs = sorted({0, head, *(stop.seq for stop in known), *_asked(state, head)})
    new = min(state.new, head) if state.new >= 0 else head
    old = min(state.old, head) if state.old >= 0 else max((s for s in seqs if s < new), default=0)
    _choose(known, seqs, old, new, head)
    with st.spinner(t("map.comparing")):
        before, after = GraphStore(workspace).graph(old), GraphStore(workspace).graph(new)
        difference = _difference(before, after)
    _figures(difference)
    if not difference:
        st.caption(t("map.diff_none"))
        return
    _side_by_side(survey, before, after, difference, old, new)
    _by_source(workspace, difference)
    _facts(before, after, graph, difference)


def _asked(state: MapState, head: int) -> list[int]:
    return [seq for seq in (state.old, state.new) if 0 <= seq <= head]


def _choose(known: Sequence[Stop], seqs: Sequence[int], old: int, new: int, head: int) -> None:
    named = {stop.seq: stop for stop in known}

    def label(seq: int) -> str:
        if seq == 0:
            return t("map.version_none")
        stop = named.get(seq)
        told = t("map.version", seq=number(seq))
        if stop:
            who = stage_label(stop.stage) if stop.stage else stop.actor
            told = f"{told} · {who} · {ago(stop.time)}"
        return f"{told} ({t('map.version_now')})" if seq == head else told

    left, right = st.columns(2)
    for place, name, chosen in ((left, "old", old), (right, "new", new)):
        with place:
            key = f"map_{name}"
            st.session_state[key] = chosen
            st.selectbox(
                t(f"map.version_{name}"),
                list(seqs)[::-1],
                format_func=label,
                key=key,
                on_change=lambda name=name, key=key: change(**{name: st.session_state[key]}),
            )


@st.cache_data(max_entries=8, show_spinner=False)
def _stops(folder: str, head: int, _workspace: Workspace) -> list[Stop]:
    return stops(_workspace)


@st.cache_resource(
    max_entries=4, show_spinner=False, hash_funcs={Graph: lambda graph: (graph.hash, graph.seq)}
)
def _difference(old: Graph, new: Graph) -> GraphDiff:
    return diff(old, new)


def _figures(d: GraphDiff) -> None:
    figures = [
        ("added", len(d.added), "facts_added"),
        ("gone", len(d.gone), "facts_gone"),
        ("changed", len(d.changed), "facts_changed"),
        ("added", len(d.nodes_added), "nodes_added"),
        ("gone", len(d.nodes_gone), "nodes_gone"),
        ("gone", len(d.contradicted), "contradicted"),
        ("added", len(d.settled), "settled"),
    ]
    st.html(
        '<div class="sg-diff">'
        + "".join(
            f'<span style="--sg-family:{COLOURS[kind]}"><b>{number(count)}</b> {escape(t(f"map.{name}"))}</span>'
            for kind, count, name in figures
        )
        + "</div>"
    )


def _side_by_side(
    survey: Survey, before: Graph, after: Graph, difference: GraphDiff, old: int, new: int
) -> None:
    left, right = st.columns(2)
    for place, side, seq, graph in zip(
        (left, right),
        sides(survey, before, after, difference, COLOURS),
        (old, new),
        (before, after),
        strict=True,
    ):
        with place:
            said = t(
                "map.side", seq=number(seq), nodes=number(len(graph.nodes)), facts=number(len(graph.facts))
            )
            ink = "#e2e8ef" if theme.dark() else "#1b2430"
            with st.container(border=True, key=f"map-side-{seq}"):
                st.image(side_svg(survey, side, said, ink), caption=said, width="stretch")


def _by_source(workspace: Workspace, difference: GraphDiff) -> None:
    counts = by_source(difference, sources_of(workspace, difference.assertion_ids()))
    names = source_names(workspace)
    st.html(f'<h2 class="sg-h2">{escape(t("map.by_source_title"))}</h2>')
    frame = pd.DataFrame(
        {
            t("map.col_source"): [names.get(source, source) or t("map.no_source") for source in counts],
            t("map.facts_added"): [c.added for c in counts.values()],
            t("map.facts_gone"): [c.gone for c in counts.values()],
            t("map.facts_changed"): [c.changed for c in counts.values()],
        }
    )
    table(frame, "diff_sources")


def _facts(before: Graph, after: Graph, graph: Graph, d: GraphDiff) -> None:
    st.html(f'<h2 class="sg-h2">{escape(t("map.by_fact_title"))}</h2>')
    kinds = [name for name, found in (("added", d.added), ("gone", d.gone), ("changed", d.changed)) if found]
    if not kinds:
        return
    kind = st.pills(
        t("map.by_fact_title"),
        kinds,
        default=kinds[0],
        format_func=lambda one: t(f"map.facts_{one}"),
        key="map_diff_kind",
        label_visibility="collapsed",
        required=True,
    )
    rows: list[tuple[Fact, float]] = {
        "added": [(f, f.confidence) for f in d.added[:LISTED]],
        "gone": [(f, f.confidence) for f in d.gone[:LISTED]],
        "changed": [(c.after, c.before.confidence) for c in d.changed[:LISTED]],
    }[kind]
    named = after if kind != "gone" else before

    def label(node: str) -> str:
        return graph.label(node) if node in graph.nodes else named.label(node)

    frame = pd.DataFrame(
        {
            t("graph.col_subject"): [label(f.subject) for f, _ in rows],
            t("graph.col_relation"): [relation_label(f.relation) for f, _ in rows],
            t("graph.col_object"): [label(f.object) for f, _ in rows],
            t("graph.col_confidence"): [
                percent(f.confidence) if kind != "changed" else f"{percent(was)} → {percent(f.confidence)}"
                for f, was in rows
            ],
            t("graph.col_supports"): [len(f.supports) for f, _ in rows],
        }
    )
    chosen = table(frame, f"diff_facts_{kind}", selection=True)
    export_button(frame, f"diff-{kind}")
    if chosen:
        fact = rows[chosen[0]][0]
        known = fact.id in graph.facts
        go("graph", node=fact.subject, sel=f"fact:{fact.id}" if known else fact.subject)
