"""The structure of the graph as tables whose rows open it: communities, what is central, patterns that recur."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from core.graph.atlas.survey import Survey
from core.graph.model import Graph
from core.graph.structure.motifs import Motif, MotifKind
from core.graph.structure.network import Floats
from core.ui.map_names import community_name, product_mask, trait_note
from core.ui.map_state import PARTS, MapState, change, open_community
from core.ui.shell import go
from core.ui.tables import export_button, table
from core.ui.text import listed, number, t, type_label

LISTED = 1_000
HEIGHT = 560


def structure(survey: Survey, graph: Graph, state: MapState) -> None:
    """Draw the choice of table and the table."""
    st.session_state["map_part"] = state.part
    st.segmented_control(
        t("map.part"),
        PARTS,
        format_func=lambda part: t(f"map.part_{part}"),
        key="map_part",
        on_change=lambda: change(part=st.session_state["map_part"]),
        label_visibility="collapsed",
        required=True,
    )
    if state.part == "central":
        _central(survey, graph)
    elif state.part == "motifs":
        _motifs(survey, graph)
    else:
        _communities(survey, graph)


def community_rows(survey: Survey, graph: Graph) -> pd.DataFrame:
    """One row a community: its name, its size, how much of its weight stays inside, what is telling of it."""
    count = len(survey.atlas.at)
    products = np.bincount(survey.atlas.of[product_mask(survey)], minlength=count)
    sizes = np.bincount(survey.atlas.of, minlength=count)
    return pd.DataFrame(
        {
            t("map.col_community"): [community_name(graph, survey, c) for c in range(count)],
            t("map.col_products"): products,
            t("map.col_values"): sizes - products,
            t("map.col_inside"): _inside(survey) * 100,
            t("map.col_traits"): [
                listed(f"{graph.label(tr.node)} ({trait_note(tr)})" for tr in survey.traits[c][:4])
                for c in range(count)
            ],
        }
    )


def _inside(survey: Survey) -> Floats:
    """(C,) the share of the facts at each community's nodes that stay within it."""
    of, count = survey.atlas.of, len(survey.atlas.at)
    a, b = of[survey.subject], of[survey.object]
    inside = np.bincount(a[a == b], minlength=count)
    touching = np.bincount(a, minlength=count) + np.bincount(b[a != b], minlength=count)
    return np.asarray(inside / np.maximum(touching, 1))


def _communities(survey: Survey, graph: Graph) -> None:
    st.caption(
        t(
            "map.communities_why",
            n=number(len(survey.atlas.at)),
            modularity=number(survey.atlas.modularity, 2),
        )
    )
    frame = community_rows(survey, graph)
    columns = {
        t("map.col_inside"): st.column_config.NumberColumn(format="%.0f%%", help=t("map.col_inside_help")),
        t("map.col_traits"): st.column_config.TextColumn(width="large"),
    }
    chosen = table(frame, "structure_communities", columns=columns, height=HEIGHT, selection=True)
    export_button(frame, "communities")
    if chosen:
        open_community(chosen[0])
        st.rerun()


def _central(survey: Survey, graph: Graph) -> None:
    central = survey.centrality
    why = t("map.central_sampled", n=number(central.pivots)) if central.pivots else t("map.central_exact")
    st.caption(f"{t('map.central_why')} {why}")
    order = np.lexsort((np.arange(len(central.pagerank)), -central.pagerank))[:LISTED]
    ids = [survey.atlas.ids[k] for k in order]
    frame = pd.DataFrame(
        {
            t("map.col_node"): [graph.label(node) for node in ids],
            t("map.col_type"): [type_label(graph.nodes[n].type) if n in graph.nodes else "" for n in ids],
            t("map.col_community"): [community_name(graph, survey, int(c)) for c in survey.atlas.of[order]],
            t("map.col_facts"): central.degree[order],
            t("map.col_pagerank"): central.pagerank[order] * 100,
            t("map.col_betweenness"): central.betweenness[order] * 100,
        }
    )
    columns = {
        t("map.col_pagerank"): st.column_config.NumberColumn(format="%.3f%%", help=t("map.pagerank_help")),
        t("map.col_betweenness"): st.column_config.NumberColumn(
            format="%.2f%%", help=t("map.betweenness_help")
        ),
    }
    chosen = table(frame, "structure_central", columns=columns, height=HEIGHT, selection=True)
    export_button(frame, "central")
    if chosen:
        go("graph", node=ids[chosen[0]])


def _motifs(survey: Survey, graph: Graph) -> None:
    found = survey.motifs
    st.caption(
        t(
            "map.motifs_why",
            stars=number(found.counts[MotifKind.STAR]),
            twins=number(found.counts[MotifKind.TWINS]),
            squares=number(found.squares),
            triangles=number(found.counts[MotifKind.TRIANGLE]),
            widest=number(found.widest),
        )
    )
    kinds = list(MotifKind)
    kind = st.pills(
        t("map.col_motif"),
        kinds,
        default=MotifKind.TWINS,
        format_func=lambda one: t(f"map.motif_{one.value}"),
        key="map_motif",
        label_visibility="collapsed",
        required=True,
    )
    cases = [case for case in found.cases if case.kind is kind]
    st.caption(t(f"map.motif_{kind.value}_why"))
    shown = ["col_value"] if kind is MotifKind.STAR else ["col_first", "col_second"]
    frame = pd.DataFrame(
        {t(f"map.{name}"): [graph.label(case.nodes[k]) for case in cases] for k, name in enumerate(shown)}
        | {t(f"map.col_size_{kind.value}"): [case.size for case in cases]}
    )
    columns = {t(f"map.col_size_{kind.value}"): st.column_config.NumberColumn(width="small")}
    chosen = table(
        frame, f"structure_motifs_{kind.value}", columns=columns, height=HEIGHT - 80, selection=True
    )
    export_button(frame, f"motifs-{kind.value}")
    if chosen:
        _open(cases[chosen[0]])


def _open(case: Motif) -> None:
    """Open a case on the Graph page: a star around its middle, a pair as the paths between the two."""
    if case.kind is MotifKind.STAR:
        go("graph", node=case.nodes[0], r=1)
    else:
        go("graph", node=case.nodes[0], to=case.nodes[1])
