"""Prior knowledge: tables and RDF become facts with their words as evidence, and leave no trace when they go."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalogue.store import Catalogue
from core.errors import MappingError, UnreadableFile
from core.graph.log import Log
from core.graph.prior import import_statements
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace, Workspaces
from tests.graph_world import fill

TABLE = """subject,relation,object,type
stainless steel,is a,metal,
metal,broader,matter,material
k1,suited to,families,
Hario Buono Kettle,style,classic,
Kettles,is a,Kitchenware,category
paper,is a,,
nobody,style,modern,product
"""
TURTLE = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ex: <http://example.org/> .
ex:kettle a skos:Concept ; skos:prefLabel "Kettles"@en, "水壶"@zh ; skos:broader ex:KitchenWare .
ex:KitchenWare skos:narrower ex:pan .
ex:kettle skos:broader [ ] .
"""
TRIPLES = """<http://e.org/Oak> <http://www.w3.org/2000/01/rdf-schema#subClassOf> <http://e.org/Wood> .
this is no triple
<http://e.org/Oak> <http://e.org/hardness> "very hard" .
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspaces(tmp_path).create("shop")
    fill(made)
    return made


def test_a_table_speaks_of_products_and_values_and_its_bad_rows_are_kept_apart(workspace: Workspace) -> None:
    store, catalogue = GraphStore(workspace), Catalogue(workspace)
    before, hashed = store.graph(), catalogue.catalogue_hash()
    report = import_statements(workspace, TABLE.encode(), "known.csv")
    assert (report.statements, report.about_products, report.kept_apart) == (5, 2, 2)
    graph = store.graph()
    facts = {(f.subject, f.relation, f.object): f for f in graph.facts.values()}
    chain = facts["material:stainless steel", "broader", "material:metal"]
    assert ("material:metal", "broader", "material:matter") in facts
    assert ("category:kettle", "broader", "category:kitchenware") in facts
    assert ("product:k2", "style", "style:classic") in facts
    assert chain.sources == (report.source_id,)
    (evidence,) = store.evidence(chain.id)
    assert evidence.document.text == "stainless steel · is a · metal"
    assert evidence.document.text[evidence.assertion.start : evidence.assertion.end] == "metal"
    kept = {(row.line, row.reason) for row in catalogue.quarantine(source_id=report.source_id)}
    assert kept == {(7, "missing_object"), (8, "unknown_product")}
    again = import_statements(workspace, TABLE.encode(), "known.csv")
    assert again.unchanged
    assert store.graph().hash == graph.hash
    catalogue.delete_source(report.source_id)
    Log(workspace).reconcile()
    assert store.graph().hash == before.hash
    assert catalogue.catalogue_hash() == hashed
    import_statements(workspace, TABLE.encode(), "known.csv")
    assert store.graph().hash == graph.hash


def test_a_changed_file_changes_what_changed(workspace: Workspace) -> None:
    store = GraphStore(workspace)
    import_statements(workspace, TABLE.encode(), "known.csv")
    head = store.graph().seq
    report = import_statements(workspace, TABLE.replace("classic", "modern").encode(), "known.csv")
    assert (report.statements, report.added, report.gone) == (5, 1, 1)
    assert store.graph().seq == head + 2


def test_skos_and_rdfs_are_read_by_their_labels(workspace: Workspace) -> None:
    report = import_statements(workspace, TURTLE.encode(), "shop.ttl")
    graph = GraphStore(workspace).graph()
    broader = {(f.subject, f.object) for f in graph.facts.values() if f.relation == "broader"}
    assert broader == {
        ("category:kettle", "category:kitchen ware"),
        ("category:pan", "category:kitchen ware"),
    }
    assert graph.label("category:kettle") == "Kettles"
    assert (report.statements, report.kept_apart, report.structural) == (2, 1, 3)


def test_a_broken_line_of_ntriples_costs_itself_only(workspace: Workspace) -> None:
    report = import_statements(workspace, TRIPLES.encode(), "wood.nt")
    assert (report.statements, report.kept_apart) == (2, 1)
    (kept,) = Catalogue(workspace).quarantine(source_id=report.source_id)
    assert (kept.line, kept.reason) == (2, "not_a_triple")


def test_files_that_give_nothing_are_refused_with_the_place(workspace: Workspace) -> None:
    with pytest.raises(MappingError, match="subject"):
        import_statements(workspace, b"a,b\n1,2\n", "odd.csv")
    with pytest.raises(UnreadableFile) as caught:
        import_statements(workspace, b"@prefix x: <http://e.org/> .\nx:a x:b .\n", "bad.ttl")
    assert "line 2" in caught.value.where
    with pytest.raises(UnreadableFile):
        import_statements(workspace, b"\xff\xfe\x00\x01", "bad.nt")
    assert not Catalogue(workspace).quarantine()
