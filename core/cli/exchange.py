"""The graph in files and questions to it: ``graph export|import|query|push``."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace
from core.cli.main import Result
from core.errors import UnreadableFile
from core.graph.exchange.formats import FORMATS
from core.graph.store import GraphStore

TABLE = "csv"
"""The facts as one table for a spreadsheet: to look at, not to be read in again."""


def register(actions: Commands) -> None:
    """Add the actions of this module to those of ``graph``."""
    export = add(actions, "export", _export, "write the whole graph to a file")
    add_workspace(export)
    export.add_argument("--format", choices=(*FORMATS, TABLE), default="graphml")
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    bring = add(
        actions, "import", _import, "read a file of a graph into the workspace, a new one where there is none"
    )
    add_workspace(bring)
    bring.add_argument("file", type=Path, metavar="PATH")
    query = add(actions, "query", _query, "ask the graph")
    add_workspace(query)
    asked = query.add_mutually_exclusive_group(required=True)
    asked.add_argument("--sparql", metavar="QUERY", help="SELECT, ASK or CONSTRUCT")
    asked.add_argument(
        "--pattern", metavar="PATTERN", help='for example "?p material leather ; ?p usedFor ?u"'
    )
    query.add_argument("--limit", type=int, default=1_000)
    add_workspace(
        add(actions, "push", _push, "bring the Neo4j server of the settings in step with the graph")
    )


def _export(arguments: argparse.Namespace) -> Result:
    workspace = open_workspace(arguments.workspace)
    if arguments.format == TABLE:
        return _table(workspace, arguments.out)
    from core.graph.exchange.files import make

    made = make(workspace, arguments.format)
    shutil.copyfile(made.path, arguments.out)
    return {**asdict(made), "path": str(arguments.out), "loses": list(FORMATS[arguments.format].loses)}


def _table(workspace: Any, out: Path) -> Result:
    from core.graph.export import fact_csv
    from core.graph.query import View

    graph = GraphStore(workspace).graph()
    content = fact_csv(View(tuple(graph.nodes.values()), tuple(graph.facts.values())))
    out.write_bytes(content)
    return {"path": str(out), "bytes": len(content), "facts": len(graph.facts), "graph_hash": graph.hash}


def _import(arguments: argparse.Namespace) -> Result:
    from core.graph.exchange.files import take

    if not arguments.file.is_file():
        raise UnreadableFile("There is no such file.", where=str(arguments.file), remedy="Check the path.")
    done = take(open_workspace(arguments.workspace, create=True), arguments.file, arguments.file.name)
    return {**asdict(done), "same": done.same}


def _query(arguments: argparse.Namespace) -> Result:
    graph = GraphStore(open_workspace(arguments.workspace)).graph()
    if arguments.sparql is not None:
        from core.graph.sparql import ask

        found = ask(graph, arguments.sparql, arguments.limit)
        rows = [
            {name: cell.node or cell.text for name, cell in zip(found.columns, row, strict=True)}
            for row in found.rows
        ]
        truth = {} if found.truth is None else {"truth": found.truth}
        return {"rows": rows, "more": found.more, **truth, "graph_hash": graph.hash}
    from core.graph.pattern_match import match

    answer = match(graph, arguments.pattern, arguments.limit)
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    labels = {value: graph.label(value) for row in answer.rows for value in row if value in graph.nodes}
    return {"rows": rows, "labels": labels, "more": answer.more, "graph_hash": graph.hash}


def _push(arguments: argparse.Namespace) -> Result:
    from core.graph.exchange.collect import collect
    from core.graph.exchange.push import push, server

    package = collect(open_workspace(arguments.workspace))
    return {**asdict(push(package, server())), "graph_hash": package.graph.hash}
