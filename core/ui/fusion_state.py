"""What the pages on several sources share: figures kept as long as the graph is the same, names of sources,
and what was pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.catalogue.sources import Source
from core.catalogue.store import Catalogue
from core.domain import Fact, LogEntry
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

_PRESSED = "fusion_pressed"
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


def record(entry: LogEntry) -> None:
    """Remember to write an entry; for callbacks, as what is counted under another name takes seconds in a big graph."""
    st.session_state[_PRESSED] = (entry, t("fusion.recorded"), ":material/check:")


def take_back(seq: int) -> None:
    """Remember to undo an entry of the log; for callbacks."""
    st.session_state[_PRESSED] = (seq, t("fusion.undone"), ":material/undo:")


def follow(workspace: Workspace) -> None:
    """Do what was pressed, and bring the graph up to date, while the page says so."""
    pressed = st.session_state.pop(_PRESSED, None)
    if pressed is None:
        return
    what, told, icon = pressed
    with guarded(), st.spinner(t("fusion.following")):
        if isinstance(what, LogEntry):
            Log(workspace).append((), [what])
        else:
            Log(workspace).undo([what], actor())
        GraphStore(workspace).graph()
        st.toast(told, icon=icon)
