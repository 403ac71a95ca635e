"""What a press on the Resolve page does, and what is said of it."""

from __future__ import annotations

import streamlit as st

from core.graph.matches import ACTOR, Candidate, Matches, Status
from core.graph.model import product_node
from core.stages.resolve_plan import agreeing
from core.storage.workspaces import Workspace
from core.ui import told
from core.ui.review_state import read_state
from core.ui.session import cached_catalogue, cached_graph
from core.ui.shell import set_params
from core.ui.text import number, t

_LAST = "resolve_last"


def reviewer() -> str:
    """Who decides: the name given on the Review page."""
    return read_state().me or "reviewer"


def accept(workspace: Workspace, one: str, other: str) -> None:
    """Merge a pair; for callbacks."""
    candidate = _still(workspace, one, other, Status.OPEN)
    if candidate:
        Matches(workspace).accept([candidate], cached_graph(workspace), reviewer(), ages(workspace))
        st.session_state[_LAST] = (one, other)
        tell(t("resolve.said_accepted", n=number(1)))


def accept_all(workspace: Workspace, least: float) -> None:
    """Merge every open pair from a probability on that can be merged beside the others; for callbacks."""
    chosen = together(workspace, least)
    Matches(workspace).accept(chosen, cached_graph(workspace), reviewer(), ages(workspace))
    st.session_state.pop("resolve_confirm", None)
    tell(t("resolve.said_accepted", n=number(len(chosen))))


def together(workspace: Workspace, least: float) -> list[Candidate]:
    """What a bulk press would merge."""
    matches = Matches(workspace)
    sources = {
        product_node(product.id): product.source_id
        for product in cached_catalogue(workspace).products.values()
    }
    return agreeing(
        matches.read(Status.OPEN), matches.read(Status.APART), cached_graph(workspace), sources, least
    )


def ages(workspace: Workspace) -> dict[str, float]:
    """When the source of each product came in: the oldest product gives its name to the others."""
    from core.catalogue.store import Catalogue

    imported = {source.id: source.imported_at for source in Catalogue(workspace).sources()}
    products = cached_catalogue(workspace).products.values()
    return {product_node(product.id): imported.get(product.source_id, 0.0) for product in products}


def keep_apart(workspace: Workspace, one: str, other: str) -> None:
    """Say that a pair is two things; for callbacks."""
    candidate = _still(workspace, one, other, Status.OPEN)
    if candidate:
        Matches(workspace).keep_apart([candidate], reviewer())
        st.session_state[_LAST] = (one, other)
        tell(t("resolve.said_apart"))


def take_back(workspace: Workspace, one: str, other: str) -> None:
    """Undo: what a person decided is open again, what was merged by itself is kept apart; for callbacks."""
    candidate = Matches(workspace).get(one, other)
    if candidate is None or candidate.status is Status.OPEN:
        tell(t("resolve.said_nothing"))
        return
    if candidate.status is Status.MERGED and candidate.actor == ACTOR:
        Matches(workspace).keep_apart([candidate], reviewer())
        tell(t("resolve.said_split"))
    else:
        Matches(workspace).reopen(candidate, reviewer())
        tell(t("resolve.said_undone"))
    if st.session_state.get(_LAST) == (one, other):
        del st.session_state[_LAST]


def last() -> tuple[str, str] | None:
    """The pair that was decided last in this visit and can be taken back with a key."""
    found: tuple[str, str] | None = st.session_state.get(_LAST)
    return found


def tell(text: str) -> None:
    """Keep a sentence for the line above the list."""
    told.tell("resolve", text)


def more(rows: int) -> None:
    """Make the list longer; for callbacks."""
    set_params(rows=rows)


def _still(workspace: Workspace, one: str, other: str, status: Status) -> Candidate | None:
    candidate = Matches(workspace).get(one, other)
    if candidate is None or candidate.status is not status:
        tell(t("resolve.said_nothing"))
        return None
    return candidate
