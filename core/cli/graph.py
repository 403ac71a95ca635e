"""The graph without a page: ``graph stats|hash|ledger|check`` and ``search``; see ``exchange`` for its files."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict

from core.cli import exchange, fusion
from core.cli.common import Commands, add, add_workspace, open_workspace
from core.cli.main import Result
from core.cli.quality import register_check
from core.graph.model import Graph
from core.graph.store import GraphStore
from core.ontology import family


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    graph = commands.add_parser("graph", help="look at the graph, or take it along")
    actions = graph.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, run, summary in (
        ("stats", _stats, "count nodes and facts"),
        ("hash", _hash, "print the canonical hash"),
        ("ledger", _ledger, "print where every assertion stands"),
    ):
        add_workspace(add(actions, name, run, summary))
    exchange.register(actions)
    register_check(actions)
    fusion.register(actions)
    search = add(commands, "search", _search, "find nodes, products and facts")
    add_workspace(search)
    search.add_argument("query")
    search.add_argument("--limit", type=int, default=10)


def _graph(arguments: argparse.Namespace) -> Graph:
    return GraphStore(open_workspace(arguments.workspace)).graph()


def _stats(arguments: argparse.Namespace) -> Result:
    graph = _graph(arguments)
    families = Counter(str(family(fact.relation)) for fact in graph.facts.values())
    return {
        "nodes": len(graph.nodes),
        "facts": len(graph.facts),
        "products": sum(node.type == "Product" for node in graph.nodes.values()),
        "conflicts": len(graph.conflicts),
        "families": dict(families.most_common()),
        "types": dict(Counter(node.type for node in graph.nodes.values()).most_common()),
        "version": graph.seq,
        "hash": graph.hash,
    }


def _hash(arguments: argparse.Namespace) -> Result:
    graph = _graph(arguments)
    return {"hash": graph.hash, "version": graph.seq}


def _ledger(arguments: argparse.Namespace) -> Result:
    graph = _graph(arguments)
    reasons = Counter(graph.reasons.values())
    return {
        "extracted": graph.ledger.extracted,
        **asdict(graph.ledger),
        "reasons": dict(reasons.most_common()),
    }


def _search(arguments: argparse.Namespace) -> Result:
    from core.graph.query import search

    graph = _graph(arguments)
    return {"hits": [asdict(hit) for hit in search(graph, arguments.query, limit=arguments.limit)]}
