"""The Map page without a page: ``structure`` of the graph, and the ``diff`` of two versions."""

from __future__ import annotations

import argparse
from dataclasses import asdict

import numpy as np

from core.cli.common import Commands, add, add_workspace, open_workspace
from core.cli.main import Result
from core.graph.atlas.surveyed import kept, made
from core.graph.diff import by_source, diff
from core.graph.store import GraphStore
from core.graph.structure.traits import telling
from core.graph.support import sources_of

CENTRAL = 10


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    add_workspace(
        add(commands, "structure", _structure, "communities, central nodes and patterns of the graph")
    )
    compare = add(commands, "diff", _diff, "what came, went and changed between two versions")
    add_workspace(compare)
    compare.add_argument(
        "--old", type=int, default=0, help="position of the log; the empty graph unless given"
    )
    compare.add_argument("--new", type=int, help="position of the log; its end unless given")


def _structure(arguments: argparse.Namespace) -> Result:
    workspace = open_workspace(arguments.workspace)
    graph = GraphStore(workspace).graph()
    survey = kept(workspace, graph.hash) or made(workspace, graph)
    central = np.argsort(-survey.centrality.pagerank, kind="stable")[:CENTRAL]
    return {
        "hash": graph.hash,
        "modularity": survey.atlas.modularity,
        "communities": [
            {
                "nodes": int((survey.atlas.of == c).sum()),
                "traits": [
                    {"relation": t.relation, "value": graph.label(t.node), "share": t.share, "facts": t.facts}
                    for t in telling(survey.traits[c], 3)
                ],
            }
            for c in range(len(survey.atlas.at))
        ],
        "central": [
            {"node": survey.atlas.ids[k], "pagerank": float(survey.centrality.pagerank[k])} for k in central
        ],
        "patterns": {kind.value: count for kind, count in survey.motifs.counts.items()},
    }


def _diff(arguments: argparse.Namespace) -> Result:
    workspace = open_workspace(arguments.workspace)
    store = GraphStore(workspace)
    found = diff(store.graph(arguments.old), store.graph(arguments.new))
    sources = by_source(found, sources_of(workspace, found.assertion_ids()))
    return {
        "old": found.old_seq,
        "new": found.new_seq,
        "facts": {"added": len(found.added), "gone": len(found.gone), "changed": len(found.changed)},
        "nodes": {
            "added": len(found.nodes_added),
            "gone": len(found.nodes_gone),
            "changed": len(found.nodes_changed),
        },
        "contradicted": len(found.contradicted),
        "settled": len(found.settled),
        "sources": {source: asdict(counts) for source, counts in sources.items()},
    }
