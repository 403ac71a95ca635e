"""What the pages on several sources share: figures kept as long as the graph is the same, names of sources, undoing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.catalogue.sources import Source
from core.catalogue.store import Catalogue
from core.domain import Fact
from core.graph.contributions import Contributions, contributions
from core.graph.intents import SharedIntent, shared_intents
from core.graph.log import Log
from core.graph.model import Graph, Policy
from core.graph.schema_match import Alignable, proposals
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from core.ui.schema_save import actor
from core.ui.shell import guarded
from core.ui.text import listed, t

_HASHED: dict[Any, Callable[[Any], Any]] = {
    Graph: lambda graph: (graph.hash, graph.seq),
    Workspace: lambda workspace: str(workspace.folder),
}


def names_of(sources: Mapping[str, Source], ids: tuple[str, ...]) -> str:
    """The names of some sources in one line."""
    return listed(source_name(sources, one) for one in ids) or t("fusion.no_source")


def source_name(sources: Mapping[str, Source], source_id: str) -> str:
    """The name of a source; a word for none."""
    if not source_id:
        return t("fusion.no_source")
    return sources[source_id].name if source_id in sources else source_id


def sources_of(workspace: Workspace) -> dict[str, Source]:
    """All sources by id, oldest first."""
    return {source.id: source for source in Catalogue(workspace).sources()}


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=_HASHED)
def shares(graph: Graph) -> Contributions:
    """What each source adds."""
    return contributions(graph)


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=_HASHED)
def intents(graph: Graph) -> list[SharedIntent]:
    """What joins categories and sources."""
    return shared_intents(graph)


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs=_HASHED)
def pairs(graph: Graph, in_language: str, with_vectors: bool) -> list[Alignable]:
    """Relations that may be one, with values by their names in that language; raises ModelUnavailable where vectors are
    asked for and their model is not there."""
    return proposals(graph, _encoder().encode if with_vectors else None)


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs=_HASHED)
def settled(workspace: Workspace, graph: Graph, policy: Policy) -> dict[tuple[str, str], tuple[Fact, ...]]:
    """The facts that would stand by a policy, of each contradiction."""
    return GraphStore(workspace).contradictions(policy)


@st.cache_resource(max_entries=1, show_spinner=False)
def _encoder() -> Any:
    from core.llm.sentences import SentenceEncoder

    return SentenceEncoder()


def undo(workspace: Workspace, seq: int, told: str) -> None:
    """Take an entry of the log back and say so; for callbacks."""
    with guarded():
        Log(workspace).undo([seq], actor())
        st.toast(told, icon=":material/undo:")
