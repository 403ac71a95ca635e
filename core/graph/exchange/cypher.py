"""Cypher that puts a graph into Neo4j: a script that loads the CSV files, and statements that push rows in batches.

Every statement merges by id, so running it again changes nothing. Names of labels and types are quoted, values are
parameters or cells; nothing of the graph is ever part of a statement but these quoted names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.graph.exchange.drawn import edges, nodes
from core.graph.exchange.model import Package
from core.graph.exchange.spelling import cypher_name, cypher_text, to_cell

BATCH = 1_000
CONSTRAINT = "CREATE CONSTRAINT shelfgraph_node IF NOT EXISTS FOR (n:Node) REQUIRE n.id IS UNIQUE"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of Cypher with its parameters."""

    text: str
    parameters: Mapping[str, Any]


def statements(package: Package, batch: int = BATCH) -> Iterator[Statement]:
    """What makes a server's graph this one: the constraint, the nodes by type, the facts by relation, and last the
    removal of what an earlier push left that is in the graph no more."""
    mark = package.graph.hash
    yield Statement(CONSTRAINT, {})
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for node in nodes(package):
        by_type[node["type"]].append(
            {"id": node["id"], "name": node["label"], "aliases": node["aliases"].split(" | ")}
        )
    for kind, rows in sorted(by_type.items()):
        text = (
            f"UNWIND $rows AS row MERGE (n:Node {{id: row.id}}) SET n:{cypher_name(kind)}, n.name = row.name,"
            f" n.type = $type, n.aliases = row.aliases, n.graph = $graph"
        )
        for part in _parts(rows, batch):
            yield Statement(text, {"rows": part, "type": kind, "graph": mark})
    by_relation: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for edge in edges(package):
        by_relation[edge["relation"]].append(
            {
                "start": edge["source"],
                "end": edge["target"],
                "id": edge["key"],
                "properties": {n: edge[n] for n in ("family", "confidence", "supports", "quote", "document")},
            }
        )
    for relation, rows in sorted(by_relation.items()):
        text = (
            "UNWIND $rows AS row MATCH (a:Node {id: row.start}) MATCH (b:Node {id: row.end})"
            f" MERGE (a)-[f:{cypher_name(relation)} {{id: row.id}}]->(b) SET f += row.properties, f.graph = $graph"
        )
        for part in _parts(rows, batch):
            yield Statement(text, {"rows": part, "graph": mark})
    yield Statement("MATCH (:Node)-[f]->(:Node) WHERE f.graph <> $graph DELETE f", {"graph": mark})
    yield Statement("MATCH (n:Node) WHERE n.graph <> $graph DETACH DELETE n", {"graph": mark})


def load_script(package: Package) -> str:
    """A script for ``cypher-shell`` that loads ``nodes.csv`` and ``facts.csv`` from the server's import folder."""
    types = sorted({node.type for node in package.graph.nodes.values()})
    relations = sorted({fact.relation for fact in package.graph.facts.values()})
    parts = [_INTRODUCTION, f"{CONSTRAINT};", _NODES]
    for kind in types:
        # The cell has the label as it was armoured, so that is what it is compared with.
        name = cypher_text(to_cell(kind))
        parts.append(f"MATCH (n:Node) WHERE n.type = {name} SET n:{cypher_name(kind)};")
    for relation in relations:
        parts.append(_FACTS.format(name=cypher_text(to_cell(relation)), type=cypher_name(relation)))
    return "\n\n".join(parts) + "\n"


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


_INTRODUCTION = """\
// An empty database takes all files at once, with their types and evidence:
//
//   neo4j-admin database import full neo4j --multiline-fields=true --nodes=nodes.csv --relationships=facts.csv \\
//     --nodes=documents.csv --nodes=assertions.csv --relationships=read_from.csv \\
//     --nodes=sources.csv --nodes=products.csv --nodes=reviews.csv --nodes=log.csv
//
// A server that runs already takes nodes and facts by this script. Put nodes.csv and facts.csv into its import folder
// and run: cypher-shell -f load.cypher
// An apostrophe before =, +, - or @ keeps a spreadsheet from running a cell; it is not part of the value."""

_NODES = """\
LOAD CSV WITH HEADERS FROM 'file:///nodes.csv' AS row
CALL (row) {
  MERGE (n:Node {id: row.`id:ID(Node)`})
  SET n.name = row.name, n.type = row.type, n.aliases = split(row.`aliases:string[]`, ';')
} IN TRANSACTIONS OF 1000 ROWS;"""

_FACTS = """\
LOAD CSV WITH HEADERS FROM 'file:///facts.csv' AS row
WITH row WHERE row.`:TYPE` = {name}
CALL (row) {{
  MATCH (a:Node {{id: row.`:START_ID(Node)`}})
  MATCH (b:Node {{id: row.`:END_ID(Node)`}})
  MERGE (a)-[f:{type} {{id: row.id}}]->(b)
  SET f.confidence = toFloat(row.`confidence:double`), f.family = row.family, f.quote = row.quote,
      f.document = row.document, f.evidence = split(row.`evidence:string[]`, ';')
}} IN TRANSACTIONS OF 1000 ROWS;"""
