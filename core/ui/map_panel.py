"""The side panel of the Map page: the communities, one of them, or a node, with the facts that speak for each claim."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nsmallest
from html import escape

import numpy as np
import streamlit as st

from core.graph.atlas.survey import Survey
from core.graph.export import node_family
from core.graph.model import Graph
from core.graph.query import Hit
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui.charts import BASELINE, FAMILY_COLORS
from core.ui.labels import literal
from core.ui.map_names import community_name, part_name, product_mask, summary, tones, trait_note
from core.ui.map_naming import ask_model, told_name
from core.ui.map_state import MapState, change, open_community
from core.ui.navigation import link
from core.ui.text import number, relation_label, t, type_label

CENTRAL = 8
FACTS = 12


def panel(workspace: Workspace, survey: Survey, graph: Graph, state: MapState, hits: Sequence[Hit]) -> None:
    """Draw what was found, the node that is selected, the community that is opened, or all communities."""
    if state.query:
        _found(graph, state, hits)
    elif graph.resolve(state.selected) in graph.nodes:
        _node(survey, graph, graph.resolve(state.selected))
    elif 0 <= state.community < len(survey.atlas.at):
        _community(workspace, survey, graph, state.community)
    else:
        _communities(workspace, survey, graph)


def _communities(workspace: Workspace, survey: Survey, graph: Graph) -> None:
    st.html(f'<h3 class="sg-h3">{escape(t("map.communities"))}</h3>')
    colours = tones(survey)
    products = np.bincount(survey.atlas.of[product_mask(survey)], minlength=len(colours))
    with st.container(key="map-communities", gap=None, height=586, border=False):
        for c in sorted(range(len(colours)), key=lambda c: (-products[c], c)):
            with st.container(key=f"map-row-{c}", gap=None):
                st.html(f"<style>.st-key-map-row-{c}{{--sg-family:{colours[c]}}}</style>")
                title = told_name(workspace, survey, c) or community_name(graph, survey, c)
                st.button(
                    f"{literal(shorten(title, 40))} :small[:gray[{t('map.size_short', n=number(int(products[c])))}]]",
                    key=f"map-open-{c}",
                    type="tertiary",
                    on_click=open_community,
                    args=(c,),
                    width="stretch",
                )


def _community(workspace: Workspace, survey: Survey, graph: Graph, c: int) -> None:
    st.button(
        t("map.all_communities"),
        icon=":material/arrow_back:",
        type="tertiary",
        on_click=open_community,
        args=(-1,),
    )
    title = told_name(workspace, survey, c) or community_name(graph, survey, c)
    st.html(
        f'<div class="sg-node"><span class="sg-node-type" style="--sg-family:{tones(survey)[c]}">'
        f"{escape(t('map.community'))}</span><h2>{escape(title)}</h2></div>"
        f'<p class="sg-map-told">{escape(summary(graph, survey, c))}</p>'
    )
    if survey.traits[c]:
        st.html(f'<h3 class="sg-h3">{escape(t("map.why"))}</h3>')
        with st.container(key="map-traits", gap=None):
            for trait in survey.traits[c]:
                link(
                    "graph",
                    f"{literal(shorten(graph.label(trait.node), 26))} :small[:gray[{literal(trait_note(trait))}]]",
                    help=t("map.trait_help", n=number(trait.count), lift=number(trait.lift, 1)),
                    width="stretch",
                    node=trait.node,
                    sel=f"fact:{trait.facts[0]}",
                    back=trait.node,
                )
        ask_model(workspace, survey, graph, c)
    _parts(survey, graph, c)
    st.html(f'<h3 class="sg-h3">{escape(t("map.central"))}</h3>')
    with st.container(key="map-central", gap=None):
        for k in survey.members(c)[:CENTRAL]:
            _pick(survey, graph, int(k))


def _parts(survey: Survey, graph: Graph, c: int) -> None:
    parts = [k for k, of in enumerate(survey.atlas.part_of) if of == c]
    names = [name for k in parts if (name := part_name(graph, survey, k))]
    if len(names) > 1:
        st.html(
            f'<h3 class="sg-h3">{escape(t("map.parts"))}</h3><div class="sg-chips">'
            + "".join(
                f'<span class="sg-chip" style="--sg-family:{tones(survey)[c]}">{escape(name)}</span>'
                for name in names
            )
            + "</div>"
        )


def _pick(survey: Survey, graph: Graph, k: int) -> None:
    node = survey.atlas.ids[k]
    if node not in graph.nodes:
        return
    note = f"{type_label(graph.nodes[node].type)} · {t('graph.n_facts', n=number(int(survey.degree[k])))}"
    st.button(
        f"{literal(shorten(graph.label(node), 44))} :small[:gray[{literal(note)}]]",
        key=f"map-pick-{k}",
        type="tertiary",
        on_click=change,
        kwargs={"selected": node},
        width="stretch",
    )


def _node(survey: Survey, graph: Graph, node_id: str) -> None:
    node = graph.nodes[node_id]
    st.button(
        t("map.back"), icon=":material/arrow_back:", type="tertiary", on_click=change, kwargs={"selected": ""}
    )
    group = node_family(node.type)
    colour = BASELINE if group is None else FAMILY_COLORS[group]
    st.html(
        f'<div class="sg-node"><span class="sg-node-type" style="--sg-family:{colour}">'
        f"{escape(type_label(node.type))}</span><h2>{escape(node.label)}</h2></div>"
    )
    link("graph", t("map.look_around"), icon="hub", node=node_id)
    place = survey.index.get(node_id)
    if place is None:
        st.caption(t("map.not_on_map"))
    else:
        c = int(survey.atlas.of[place])
        st.button(
            literal(shorten(community_name(graph, survey, c), 50)),
            icon=":material/bubble_chart:",
            type="tertiary",
            on_click=open_community,
            args=(c,),
            key="map-node-community",
        )
    facts = nsmallest(FACTS, graph.unordered_facts_at(node_id), key=lambda f: (-f.confidence, f.id))
    with st.container(key="map-facts", gap=None):
        for fact in facts:
            other = fact.object if fact.subject == node_id else fact.subject
            link(
                "graph",
                f"{literal(shorten(graph.label(other), 28))} :small[:gray[{literal(relation_label(fact.relation))}]]",
                width="stretch",
                node=node_id,
                sel=f"fact:{fact.id}",
                back=node_id,
            )
    if (more := graph.degree(node_id) - len(facts)) > 0:
        st.caption(t("graph.facts_more", n=number(more)))


def _found(graph: Graph, state: MapState, hits: Sequence[Hit]) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        told = t(
            "graph.search_found" if hits else "graph.search_none",
            n=number(len(hits)),
            text=literal(state.query[:60]),
        )
        st.caption(told)
        st.button(t("graph.clear"), type="tertiary", on_click=change, kwargs={"query": ""})
    with st.container(key="map-found", gap=None, height=560, border=False):
        for hit in hits[:60]:
            note = f"{type_label(hit.type)} · {t('graph.n_facts', n=number(hit.degree))}"
            if hit.fact_id:
                note = f"{relation_label(hit.relation)} · {shorten(hit.object_label, 40)}"
            st.button(
                f"{literal(shorten(hit.label, 60))} :small[:gray[{literal(note)}]]",
                key=f"map-hit-{hit.fact_id or hit.node_id}",
                type="tertiary",
                on_click=change,
                kwargs={"selected": hit.node_id, "query": "", "community": -1},
                width="stretch",
            )
