"""The policy of a workspace: what happens to values that contradict each other. Kept in ``policy.json`` beside its
database; a workspace without that file keeps all values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from core.errors import GraphError
from core.graph.model import OnConflict, Policy
from core.storage import tables
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

_FILE = "policy.json"


def policy_of(workspace: Workspace) -> Policy:
    """The policy chosen for a workspace; raises GraphError where its file cannot be read.

    With ``RECENCY`` the sources come in the order of their last import, the latest first.
    """
    file = workspace.folder / _FILE
    try:
        told = json.loads(file.read_text("utf-8"))
        chosen = OnConflict(told["on_conflict"])
        order = tuple(str(source) for source in told.get("sources", ()))
    except FileNotFoundError:
        return Policy()
    except (ValueError, TypeError, KeyError) as error:
        raise GraphError(
            f"The policy for contradictions cannot be read ({error}).",
            where=str(file),
            remedy="Choose one anew, or remove the file: then all values are kept.",
        ) from error
    return policy_for(workspace, chosen, order)


def policy_for(workspace: Workspace, on_conflict: OnConflict, sources: Sequence[str] = ()) -> Policy:
    """What choosing ``on_conflict`` means for this workspace now; ``sources`` is the order for ``PRIORITY``."""
    order: Sequence[str] = ()
    if on_conflict is OnConflict.PRIORITY:
        order = tuple(dict.fromkeys(sources))
    elif on_conflict is OnConflict.RECENCY:
        order = _latest_first(workspace)
    return replace(Policy(), on_conflict=on_conflict, sources=tuple(order))


def choose_policy(workspace: Workspace, on_conflict: OnConflict, sources: Sequence[str] = ()) -> Policy:
    """Keep this choice with the workspace. Raises GraphError for a priority that names no source."""
    if on_conflict is OnConflict.PRIORITY and not sources:
        raise GraphError(
            "A priority needs sources to follow.",
            where=workspace.info.name,
            remedy="List the sources, the most trusted first.",
        )
    policy = policy_for(workspace, on_conflict, sources)
    kept = policy.sources if on_conflict is OnConflict.PRIORITY else ()
    write_json(workspace.folder / _FILE, {"on_conflict": on_conflict, "sources": kept})
    return policy


def _latest_first(workspace: Workspace) -> tuple[str, ...]:
    s = tables.sources
    with workspace.db.read() as reader:
        return tuple(reader.scalars(select(s.c.id).order_by(s.c.imported_at.desc(), s.c.id)))
