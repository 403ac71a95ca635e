"""The view "Shared intents": what joins products of different shelves and shops."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.graph.model import Graph
from core.shorten import shorten
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.fusion_state import intents, names_of, sources_of
from core.ui.tables import export_button, table
from core.ui.text import listed, relation_label, t

SHOWN = 200


def draw(workspace: Workspace, graph: Graph) -> None:
    """Draw the view."""
    st.caption(t("fusion.intents_hint"))
    found, sources = intents(graph)[:SHOWN], sources_of(workspace)
    if not found:
        st.info(t("fusion.intents_none"), icon=":material/link_off:")
        return
    frame = pd.DataFrame(
        {
            "intent": [graph.label(one.node) for one in found],
            "relation": [listed(map(relation_label, one.relations)) for one in found],
            "products": [one.count for one in found],
            "categories": [listed(graph.label(c) for c in one.categories) for one in found],
            "from": [names_of(sources, one.sources) for one in found],
            "specificity": [one.specificity for one in found],
            "examples": [listed(shorten(graph.label(p), 34) for p in one.products[:2]) for one in found],
        }
    )
    widths = {"intent": 150, "relation": 100, "categories": 190, "from": 150, "examples": 330}
    columns: dict[str, object] = {
        name: st.column_config.TextColumn(t(f"fusion.{name}"), width=width) for name, width in widths.items()
    }
    columns["products"] = st.column_config.NumberColumn(t("fusion.products"), width=75)
    columns["specificity"] = st.column_config.NumberColumn(
        t("fusion.specificity"), help=t("fusion.specificity_help"), format="%.1f", width=85
    )
    picked = table(frame, "fusion_intents", columns=columns, selection=True)
    export_button(frame.rename(columns={name: t(f"fusion.{name}") for name in frame}), "intents")
    if not picked:
        st.caption(t("fusion.choose_intent"))
        return
    one = found[picked[0]]
    navigation.link("graph", t("fusion.open_in_graph", name=graph.label(one.node)), icon="hub", node=one.node)
    for product in one.products:
        navigation.link("graph", graph.label(product), icon="inventory_2", node=product, to=one.node)
