"""The map to take along: as SVG made here, as PNG from the browser's canvas, as tables."""

from __future__ import annotations

import streamlit as st

from core.graph.atlas.survey import Survey
from core.graph.model import Graph
from core.graph.picture import map_svg
from core.storage.workspaces import Workspace
from core.ui import theme
from core.ui.map_names import community_lines, node_tones, tones
from core.ui.map_state import MapState
from core.ui.structure_view import community_rows
from core.ui.tables import to_csv
from core.ui.text import t


def export(workspace: Workspace, survey: Survey, graph: Graph, state: MapState) -> None:
    """Draw the button; files are made when asked for."""
    name = f"map-{workspace.info.id}"
    dark = theme.dark()

    def svg() -> bytes:
        lines = [community_lines(graph, survey, c) for c in range(len(survey.atlas.at))]
        title = f"{workspace.info.name} · {t('common.product')}"
        return map_svg(survey, tones(survey), node_tones(survey, state.by, dark), lines, title, dark).encode()

    with st.popover(t("graph.export"), icon=":material/download:"):
        st.caption(t("map.export_note"))
        for kind, mime, icon, data in (
            ("svg", "image/svg+xml", ":material/polyline:", svg),
            ("csv", "text/csv", ":material/table:", lambda: to_csv(community_rows(survey, graph))),
        ):
            st.download_button(
                t(f"map.export_{kind}"),
                data,
                f"{name}.{kind}",
                mime,
                icon=icon,
                on_click="ignore",
                type="tertiary",
                key=f"map_export_{kind}",
            )
