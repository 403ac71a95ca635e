"""Alignments, rules and policies on a workspace: what they do to the graph, and that they can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from core.domain import Document, DocumentKind, EntryKind, LogEntry
from core.errors import GraphError
from core.graph.alignments import Alignments, alignment
from core.graph.log import Log
from core.graph.logic import compares
from core.graph.model import OnConflict, Policy
from core.graph.policies import choose_policy, policy_of
from core.graph.reading import read_assertions
from core.graph.review import queue
from core.graph.store import GraphStore
from core.storage import tables
from core.storage.workspaces import Workspace, Workspaces
from tests.graph_world import fill, put_documents, read


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspaces(tmp_path).create("shop")
    fill(made)
    return made


def test_aligned_claims_count_under_the_target_and_undoing_restores_the_hash(workspace: Workspace) -> None:
    text = Document.of("k1/attr:Werkstoff", "k1", "attr:Werkstoff", DocumentKind.CELL, "Stainless Steel")
    put_documents(workspace, [text])
    log, store = Log(workspace), GraphStore(workspace)
    log.append([read(text, "Werkstoff", "Stainless Steel", "columns")])
    before = store.graph()
    assert "werkstoff:stainless steel" in before.nodes
    (seq,) = log.append((), [alignment("Werkstoff", "material", actor="ann")])
    aligned = store.graph()
    assert "werkstoff:stainless steel" not in aligned.nodes
    (fact,) = (f for f in store.product_facts("k1") if f.relation == "material")
    assert len(fact.supports) == 2
    assert [e.assertion.relation for e in store.evidence(fact.id)].count("Werkstoff") == 1
    assert aligned.ledger.extracted == before.ledger.extracted
    assert log.append((), [alignment("Werkstoff", "material", actor="bob")]) == []
    log.undo([seq])
    assert store.graph().hash == before.hash


def test_an_alignment_of_one_source_leaves_the_others_alone() -> None:
    found = Alignments(
        e.data for e in [alignment("type", "productType", source="a"), alignment("productType", "category")]
    )
    assert found.relation("type", "a") == "category"
    assert found.relation("type", "b") == "type"


def test_a_derived_fact_goes_when_its_premise_goes(workspace: Workspace) -> None:
    data = {
        "text": "if material is stainless steel and capacity > 1 l then suitedTo is families",
        "if": [
            {"relation": "material", "values": ["stainless steel"]},
            {"relation": "capacity", "comparison": ">", "bound": "1 l"},
        ],
        "then": {"relation": "suitedTo", "value": "families"},
    }
    log, store = Log(workspace), GraphStore(workspace)
    before = store.graph()
    log.append((), [LogEntry(EntryKind.RULE, "rule:x", data)])
    (fact,) = (f for f in store.graph().facts.values() if f.derivations)
    assert (fact.subject, fact.object) == ("product:k2", "suitability:family")
    (way,) = fact.derivations
    assert {store.graph().facts[i].relation for i in way.premises} == {"material", "capacity"}
    assert store.graph().ledger == before.ledger
    with workspace.db.read() as reader:
        stored = {one.id: one for one in read_assertions(reader)}
    shown = {i for one in queue(store.graph(), stored, {}) for i in one.ids}
    assert shown == set(stored), "a reviewer sees what was read, and not what follows from it"
    premise = next(f for f in store.graph().facts.values() if f.id in way.premises)
    rejected = log.reject(premise.supports)
    assert fact.id not in store.graph().facts
    log.undo(rejected)
    assert fact.id in store.graph().facts
    log.append((), [LogEntry(EntryKind.RULE, "rule:x")])
    assert store.graph().hash == before.hash


def test_amounts_compare_across_units_and_only_with_their_like() -> None:
    assert compares("1500 ml", ">", "1 l", "capacity")
    assert not compares("1 l", ">", "1000 ml", "capacity")
    assert compares("1 l", ">=", "1000 ml", "capacity")
    assert not compares("1 kg", ">", "1 l", "capacity")
    assert not compares("large", ">", "1 l", "capacity")
    assert compares("12", "<", "13", "shelfPosition")


def test_the_policy_is_kept_with_the_workspace(workspace: Workspace) -> None:
    assert policy_of(workspace) == Policy()
    choose_policy(workspace, OnConflict.PRIORITY, ["b", "a", "b"])
    assert policy_of(workspace).sources == ("b", "a")
    choose_policy(workspace, OnConflict.RECENCY)
    assert GraphStore(workspace).policy.sources == ("s",)
    with pytest.raises(GraphError):
        choose_policy(workspace, OnConflict.PRIORITY)


@pytest.mark.parametrize(
    ("order", "wins"), [(("s", "t"), "capacity:900 ml"), (("t", "s"), "capacity:1000 ml")]
)
def test_the_source_that_comes_first_wins(workspace: Workspace, order: tuple[str, ...], wins: str) -> None:
    text = Document.of("k1/attr:volume", "k1", "attr:volume", DocumentKind.CELL, "1 l")
    put_documents(workspace, [text])
    with workspace.db.write() as writer:
        d = tables.documents
        writer.execute(update(d).where(d.c.id == text.id).values(source_id="t"))
    Log(workspace).append([read(text, "capacity", "1 l", "columns")])
    assert len(GraphStore(workspace).graph().conflicts) == 1
    store = GraphStore(workspace, Policy(on_conflict=OnConflict.PRIORITY, sources=order))
    assert [f.object for f in store.product_facts("k1") if f.relation == "capacity"] == [wins]
    (fact,) = (f for f in store.product_facts("k1") if f.relation == "capacity")
    assert fact.sources == order[:1]
