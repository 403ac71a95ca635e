"""SPARQL over a graph: the answers of a store that holds the exported triples, and nothing but reading in bounds."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import GraphError
from core.graph.exchange.collect import collect
from core.graph.exchange.formats import FORMATS
from core.graph.exchange.rdf_terms import PREFIXES
from core.graph.model import Graph
from core.graph.sparql import Cell, ask
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from tests.exchange_world import every_kind


@pytest.fixture
def graph(workspace: Workspace) -> Graph:
    every_kind(workspace)
    return GraphStore(workspace).graph()


QUERIES = (
    "SELECT ?p ?m WHERE { ?p schema:material ?m }",
    "SELECT ?p WHERE { ?p schema:material ?m . ?m rdfs:label ?l FILTER(CONTAINS(?l, 'steel')) }",
    'SELECT ?n WHERE { ?n schema:alternateName "500ml" }',
    "SELECT ?n ?t WHERE { ?n a ?t . ?n rdfs:label ?l FILTER(STRSTARTS(STR(?n), 'urn:shelfgraph:node:')"
    " && STRSTARTS(STR(?t), 'urn:shelfgraph:ns:type:')) }",
    "SELECT ?s ?o ?c WHERE { ?f rdf:subject ?s ; rdf:object ?o ; sg:factConfidence ?c FILTER(?c > 0.8) }",
    "SELECT ?f WHERE { ?f sg:statedRelation 'material' }",
    "SELECT ?x ?r WHERE { <urn:shelfgraph:node:product%3Ak1> ?r ?x FILTER(?r = schema:material || ?r = rel:capacity) }",
    "SELECT ?x { ?x ?r <urn:shelfgraph:node:material%3A%E4%B8%8D%E9%94%88%E9%92%A2> FILTER(?r = schema:material) }",
    "SELECT ?m (COUNT(?p) AS ?n) WHERE { ?p schema:material ?m } GROUP BY ?m",
    "ASK { ?x rel:usedIn ?y }",
    "ASK { ?x schema:color ?y }",
)


@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_of_the_exported_triples(
    workspace: Workspace, graph: Graph, tmp_path: Path, query: str
) -> None:
    from rdflib import Graph as Triples

    path = tmp_path / "graph.nt"
    FORMATS["ntriples"].write(collect(workspace), path)
    expected = Triples().parse(path, format="nt").query(query, initNs=dict(PREFIXES))
    found = ask(graph, query)
    if expected.type == "ASK":
        assert found.truth == expected.askAnswer
        return
    from core.graph.sparql import _cell

    assert sorted(found.rows) == sorted(tuple(_cell(graph, value) for value in row) for row in expected)
    assert found.rows


def test_rows_name_their_nodes_and_are_limited(graph: Graph) -> None:
    found = ask(graph, "SELECT ?p ?l WHERE { ?p a schema:Product ; rdfs:label ?l } ORDER BY ?l", limit=2)
    assert found.columns == ("p", "l")
    assert found.more
    assert found.rows[0] == (Cell("Fellow Stagg Kettle", "product:k1"), Cell("Fellow Stagg Kettle"))
    made = ask(graph, "CONSTRUCT { ?p sg:same ?q } WHERE { ?p rel:usedFor ?u . ?q rel:usedFor ?u }")
    assert made.columns == ("subject", "predicate", "object")
    assert {row[1] for row in made.rows} == {Cell("sg:same")}


REFUSED = {
    "SELECT ?y WHERE { SERVICE <http://127.0.0.1:9/> { ?a ?b ?y } }": "SERVICE",
    "SELECT ?y WHERE { { SELECT ?y { OPTIONAL { SERVICE ?e { ?a ?b ?y } } } } }": "SERVICE",
    "SELECT ?y FROM <http://127.0.0.1:9/> WHERE { ?a ?b ?y }": "FROM",
    "ASK FROM NAMED <http://127.0.0.1:9/> { GRAPH ?g { ?a ?b ?y } }": "elsewhere",
    "SELECT ?y WHERE { GRAPH <file:///etc/passwd> { ?a ?b ?y } }": "GRAPH",
    "INSERT DATA { <a:a> <a:b> <a:c> }": "not changed",
    "PREFIX a: <a:> DELETE WHERE { ?a ?b ?c }": "not changed",
    "LOAD <http://127.0.0.1:9/>": "not changed",
    "CLEAR ALL": "not changed",
    "DESCRIBE <a:b>": "DESCRIBE",
    "SELECT ?x WHERE { ?x foo:bar ?y }": "foo",
    "SELECT ?x WHERE { ?x": "is no SPARQL",
    "": "ends too early",
    "SELECT " + "(" * 1_500: "cannot be understood",
    "SELECT ?x WHERE { ?x rdfs:label ?l }" + " " * 4_000: "4,000",
    'SELECT ?l WHERE { ?n rdfs:label ?l FILTER regex(?l, "(a+)+$") }': "without end",
    'SELECT ?l WHERE { ?n rdfs:label ?l FILTER regex(?l, ".*.*.*.*x") }': "without end",
    "SELECT ?l WHERE { ?n rdfs:label ?l FILTER regex(?l, ?l) }": "must be a text",
    'SELECT (REPLACE(?l, "(a|a)*b", "") AS ?x) WHERE { ?n rdfs:label ?l }': "without end",
    "SELECT ?d { ?n rdfs:label ?a BIND(CONCAT(?a,?a) AS ?b) BIND(CONCAT(?b,?b) AS ?c) BIND(CONCAT(?c,?c) AS ?d)"
    " BIND(CONCAT(?d,?d) AS ?e) }": "longer and longer",
    "SELECT ?z { BIND(1e300 AS ?a) BIND(99999999999 * 99999999999 AS ?b)"
    + "".join(f" BIND(?b{k} * ?b{k} AS ?b{k + 1})" for k in range(30)).replace("?b0 ", "?b ")
    + "}": "",
}


@pytest.mark.parametrize("query", REFUSED)
def test_what_is_not_reading_this_graph_in_bounds_is_refused(graph: Graph, query: str) -> None:
    if not REFUSED[query]:  # arithmetic without end: an error of its own or an empty answer, but an end
        try:
            ask(graph, query, seconds=5)
        except GraphError:
            return
        return
    with pytest.raises(GraphError) as found:
        ask(graph, query)
    assert REFUSED[query] in found.value.what
    assert found.value.where
    assert found.value.remedy


def test_a_query_that_runs_too_long_is_broken_off(graph: Graph) -> None:
    import threading

    with pytest.raises(GraphError, match=r"longer than 0\.3 seconds"):
        ask(graph, "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?a", seconds=0.3)
    for thread in threading.enumerate():
        if thread.name.startswith("sparql"):
            thread.join(20)
            assert not thread.is_alive()
