"""A small map beside a node: where it lies in the whole graph, and the way there."""

from __future__ import annotations

import streamlit as st

from core.graph.atlas.survey import Survey
from core.graph.atlas.surveyed import kept
from core.graph.model import Graph
from core.graph.picture import corner_svg
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui import theme
from core.ui.labels import literal
from core.ui.map_names import community_name, tones
from core.ui.navigation import link
from core.ui.text import t


def corner(workspace: Workspace, graph: Graph, node: str) -> None:
    """Draw the small map, where there is one of this version and the node is on it; nothing otherwise."""
    survey = kept(workspace, graph.hash)
    place = survey.index.get(node) if survey else None
    if survey is None or place is None:
        return
    community = int(survey.atlas.of[place])
    with st.container(key="graph-corner", border=True, gap=None):
        st.image(_drawn(survey, place, theme.dark()), width="stretch")
        link(
            "map",
            f"{t('graph.on_map')} :small[:gray[{literal(shorten(community_name(graph, survey, community), 34))}]]",
            icon="bubble_chart",
            width="stretch",
            c=community,
            sel=node,
        )


def _drawn(survey: Survey, place: int, dark: bool) -> str:
    return corner_svg(survey, tones(survey), place, "#e2e8ef" if dark else "#1b2430")
