"""Names of communities by a language model, when somebody asks for one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

from core.graph.atlas.survey import Survey
from core.graph.atlas.surveyed import folder
from core.graph.model import Graph
from core.graph.structure.naming import Naming, ask, keep, kept, signature
from core.llm.base import LanguageModel
from core.storage.workspaces import Workspace
from core.ui.labels import literal
from core.ui.shell import guarded
from core.ui.text import language, listed, relation_label, t


def told_name(workspace: Workspace, survey: Survey, community: int) -> str:
    """The name a model gave the community in the visitor's language; "" where none has."""
    naming = _told(workspace, survey, community)
    return naming.name if naming else ""


def ask_model(workspace: Workspace, survey: Survey, graph: Graph, community: int) -> None:
    """Draw the button that has a model name the community, and what one has said."""
    from core.llm.registry import available

    naming = _told(workspace, survey, community)
    if naming:
        reasons = listed(
            graph.label(survey.traits[community][k].node)
            for k in naming.because
            if k < len(survey.traits[community])
        )
        st.caption(t("map.named_by", model=literal(naming.model), facts=literal(reasons)))
    cards = {card.id: card for card in available() if not card.missing and card.speaks(language())}
    if not cards:
        return
    with st.popover(t("map.name_it"), icon=":material/neurology:"):
        st.caption(t("map.name_it_why"))
        picked = st.selectbox(
            t("map.model"), list(cards), format_func=lambda one: cards[one].name, key="map_model"
        )
        if st.button(t("map.ask"), key="map-ask"):
            with guarded(), st.spinner(t("map.asking")):
                told = [
                    (relation_label(trait.relation), graph.label(trait.node))
                    for trait in survey.traits[community]
                ]
                keep(
                    _file(workspace),
                    signature(survey.traits[community], language()),
                    ask(_model(picked, workspace), told, language()),
                )
                st.rerun()


def _told(workspace: Workspace, survey: Survey, community: int) -> Naming | None:
    file = _file(workspace)
    changed = file.stat().st_mtime_ns if file.exists() else 0
    return _names(file, changed).get(signature(survey.traits[community], language()))


@lru_cache(maxsize=8)
def _names(file: Path, _changed: int) -> dict[str, Naming]:
    return kept(file)


def _file(workspace: Workspace) -> Path:
    return folder(workspace) / "names.json"


def _model(model_id: str, workspace: Workspace) -> LanguageModel:
    from core.llm.cache import CachedModel

    return CachedModel(_loaded(model_id), workspace.db)


@st.cache_resource(max_entries=1, ttl=900, show_spinner=False)
def _loaded(model_id: str) -> LanguageModel:
    from core.llm.registry import load

    return load(model_id)
