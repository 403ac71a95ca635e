"""The stage "survey": lay out the whole graph and find its structure, for the Map page.

Parameters: ``anew`` (false) drops the places of earlier maps. The result counts nodes, facts and communities.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import GraphError
from core.graph.atlas.surveyed import made
from core.graph.store import GraphStore
from core.jobs import Context


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Survey the graph at the head of the log; raises GraphError where it is empty."""
    context.progress(0, 0, "fold")
    graph = GraphStore(context.workspace).graph()
    if not graph.facts:
        raise GraphError("The graph is empty.", where="map", remedy="Build the graph first.")

    def tell(done: int, of: int, part: str) -> None:
        context.check()
        context.progress(done, of, part)

    found = made(context.workspace, graph, tell, anew=bool(params.get("anew")))
    return {
        "hash": found.hash,
        "nodes": len(found.atlas.ids),
        "facts": len(found.subject),
        "communities": len(found.atlas.at),
    }
