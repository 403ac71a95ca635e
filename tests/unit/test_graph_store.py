"""The log is written once, and the graph of a workspace follows it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.domain import EntryKind, LogEntry, Standing
from core.errors import GraphError
from core.extract.normal_rules import Rule
from core.graph.log import Log
from core.graph.model import OnConflict, Policy
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from tests.graph_world import (
    SHOP,
    document,
    drop_documents,
    fill,
    put_documents,
    put_products,
    read,
    readings,
)


def objects(workspace: Workspace, product: str, relation: str) -> set[str]:
    store = GraphStore(workspace)
    return {fact.object for fact in store.product_facts(product) if fact.relation == relation}


def test_said_twice_is_written_once(workspace: Workspace) -> None:
    made = fill(workspace)
    log = Log(workspace)
    head = log.head()
    accepted = log.accept([made[0].id])
    before = GraphStore(workspace).graph()
    assert len(accepted) == 1
    assert log.append(made, [LogEntry(EntryKind.ACCEPTED, made[0].id)]) == []
    assert log.accept([made[0].id]) == []
    assert log.head() == head + 1
    assert GraphStore(workspace).graph().hash == before.hash


def test_two_spellings_share_a_node_and_keep_both_as_aliases(workspace: Workspace) -> None:
    fill(workspace)
    graph = GraphStore(workspace).graph()
    steel = graph.nodes["material:stainless steel"]
    assert steel.type == "Material"
    assert set(steel.aliases) >= {"stainless steel", "Stainless Steel"}
    assert graph.nodes["product:k2"].label == "Hario Buono Kettle"
    assert graph.ledger.extracted == len(readings())


def test_a_mention_means_the_one_product_of_that_title_or_else_a_type(workspace: Workspace) -> None:
    fill(workspace)
    fits = objects(workspace, "f1", "isAccessoryOrSparePartFor")
    assert fits == {"product:k2", "producttype:moka pot"}
    put_products(workspace, {**SHOP, "k3": ("Hario Buono Kettle", "Hario", "Another one.")})
    fits = objects(workspace, "f1", "isAccessoryOrSparePartFor")
    assert fits == {"producttype:hario buono kettle", "producttype:moka pot"}


def test_changed_and_returning_words_need_no_second_reading(workspace: Workspace) -> None:
    fill(workspace)
    log, store = Log(workspace), GraphStore(workspace)
    before = store.graph()
    drop_documents(workspace, "k1")
    assert log.reconcile() == (4, 0)
    assert store.product_facts("k1") == []
    assert log.reconcile() == (0, 0)
    put_documents(workspace, [document("k1", SHOP["k1"][2])])
    assert log.reconcile() == (0, 4)
    assert store.graph().hash == before.hash


def test_a_fact_brought_back_by_hand_stays_when_the_catalogue_is_compared_again(workspace: Workspace) -> None:
    fill(workspace)
    log, store = Log(workspace), GraphStore(workspace)
    before = store.graph().hash
    drop_documents(workspace, "k1")
    log.reconcile()
    without = store.graph().hash
    undone = log.undo([e.seq for e in log.entries() if e.kind is EntryKind.RETRACTED])
    assert log.reconcile() == (0, 0)
    assert store.graph().hash == before
    log.undo(undone)
    log.reconcile()
    assert store.graph().hash == without


def test_late_words_of_a_document_that_changed_are_not_asserted(workspace: Workspace) -> None:
    put_products(workspace)
    late = read(document("k1", SHOP["k1"][2]), "material", "stainless steel")
    put_documents(workspace, [document("k1", "A glass kettle.")])
    assert Log(workspace).append([late]) == []
    assert not GraphStore(workspace).graph().facts


def test_an_assertion_without_a_document_is_refused(workspace: Workspace) -> None:
    put_products(workspace)
    with pytest.raises(GraphError, match="no document"):
        Log(workspace).append([read(document("nobody", "made of glass"), "material", "glass")])
    assert Log(workspace).head() == 0


def test_agreement_lifts_two_weak_readings_into_a_fact(workspace: Workspace) -> None:
    put_products(workspace)
    text = document("k1", SHOP["k1"][2])
    log, store = Log(workspace), GraphStore(workspace)
    weak = read(text, "style", "pour-over", "tagger", 0.4)
    log.append([weak], [LogEntry(EntryKind.QUARANTINED, weak.id, {"reason": "low_confidence"})])
    assert store.graph().reasons == {weak.id: "low_confidence"}
    again = replace(weak, id="second-reading-by-the-same", end=weak.end)
    log.append([again])
    second = read(text, "style", "pour-over", "llm", 0.4)
    log.append([again, second])
    assert not store.graph().facts, (
        "readers of one text confirm each other only by as much as they were weighed"
    )
    agreed = [LogEntry(EntryKind.WEIGHED, one.id, {"confidence": 0.7}) for one in (weak, second)]
    assert len(log.append([], [*agreed, *agreed])) == 2, "what holds already is not written again"
    (fact,) = store.graph().facts.values()
    assert fact.confidence == pytest.approx(0.7)
    assert store.graph().ledger.merged == 2
    assert store.graph().weighed == {weak.id: 0.7, second.id: 0.7}


def test_two_texts_lift_a_weak_value_into_a_fact(workspace: Workspace) -> None:
    put_products(workspace)
    text, title = document("k1", SHOP["k1"][2]), document("k1", "Dripper for pour-over", "title")
    put_documents(workspace, [text, title])
    Log(workspace).append([read(one, "style", "pour-over", "tagger", 0.4) for one in (text, title)])
    (fact,) = GraphStore(workspace).graph().facts.values()
    assert fact.confidence == pytest.approx(1 - 0.6 * 0.6)


def test_kept_apart_with_its_reason_and_accepted_by_a_reviewer(workspace: Workspace) -> None:
    put_products(workspace)
    text = document("k1", SHOP["k1"][2])
    log, store = Log(workspace), GraphStore(workspace)
    log.schema("s1", ["material", "capacity"])
    outside = read(text, "usedIn", "home")
    odd = read(text, "capacity", "kettle")
    log.append([outside, odd])
    assert store.graph().reasons == {outside.id: "outside_schema", odd.id: "type_mismatch"}
    assert store.graph().ledger.quarantined == 2
    log.accept([outside.id])
    assert objects(workspace, "k1", "usedIn") == {"place:home"}


def test_a_correction_stands_in_for_the_original_until_undone(workspace: Workspace) -> None:
    made = fill(workspace)
    log, store = Log(workspace), GraphStore(workspace)
    before = store.graph()
    text = document("k1", SHOP["k1"][2])
    seqs = log.correct(made[2].id, read(text, "usedFor", "coffee", "reviewer", 1.0))
    assert objects(workspace, "k1", "usedFor") == {"use:coffee"}
    assert store.graph().standing[made[2].id] is Standing.REJECTED
    log.undo(seqs)
    assert store.graph().hash == before.hash
    assert store.graph(at=seqs[-1]).hash != before.hash


def test_a_merge_loses_nothing_and_is_taken_back(workspace: Workspace) -> None:
    fill(workspace)
    log, store = Log(workspace), GraphStore(workspace)
    before = store.graph()
    assert "material:不锈钢" in before.nodes or "material:stainless steel" in before.nodes
    seqs = log.merge("material:paper", "material:stainless steel")
    graph = store.graph()
    assert "material:paper" not in graph.nodes
    assert graph.resolve("material:paper") == "material:stainless steel"
    assert "Paper" in graph.nodes["material:stainless steel"].aliases
    assert graph.ledger.extracted == before.ledger.extracted
    log.split("material:paper")
    assert store.graph().hash == before.hash
    log.undo([log.head()])
    assert store.graph().hash == graph.hash
    log.undo(seqs)
    assert store.graph().hash == before.hash
    with pytest.raises(GraphError):
        log.merge("product:k1", "material:paper")


def test_contradictions_are_kept_or_settled_by_the_policy(workspace: Workspace) -> None:
    put_products(workspace)
    text = document("k2", SHOP["k2"][2] + " Holds 1.0 l. Again: 1.2 litre.")
    put_documents(workspace, [text])
    Log(workspace).append(
        [
            read(text, "capacity", "1.2 l"),
            read(text, "capacity", "1.0 l", confidence=0.95),
            read(text, "capacity", "1.2 litre", "llm"),
        ]
    )
    kept = GraphStore(workspace).graph()
    assert [len(ids) for ids in kept.conflicts.values()] == [2]
    majority = GraphStore(workspace, Policy(on_conflict=OnConflict.MAJORITY)).graph()
    (fact,) = majority.facts.values()
    assert len(fact.supports) == 2
    assert list(majority.reasons.values()) == ["contested"]


def test_a_version_is_a_position_in_the_log(workspace: Workspace) -> None:
    put_products(workspace)
    log, store = Log(workspace), GraphStore(workspace)
    hashes = [store.graph().hash]
    for assertion in readings():
        log.append([assertion])
        hashes.append(store.graph().hash)
    assert [store.graph(at=seq).hash for seq in range(log.head() + 1)] == hashes
    assert len(set(hashes)) == len(hashes)
    with pytest.raises(GraphError, match="no version 99"):
        store.graph(at=99)


def test_evidence_shows_the_very_words(workspace: Workspace) -> None:
    fill(workspace)
    store = GraphStore(workspace)
    (fact,) = [f for f in store.product_facts("c1") if f.relation == "audience"]
    (found,) = store.evidence(fact.id)
    assert found.document.text[found.assertion.start : found.assertion.end] == "上班族"
    assert found.standing is Standing.COMMITTED
    with pytest.raises(GraphError, match="not in the graph"):
        store.evidence("nothing")


def test_writers_at_the_same_time_write_each_assertion_once(workspace: Workspace) -> None:
    put_products(workspace)
    made = readings()
    threads = [threading.Thread(target=lambda: [Log(workspace).append([a]) for a in made]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = list(Log(workspace).entries())
    assert [e.seq for e in entries] == list(range(1, len(made) + 1))
    assert {e.target for e in entries} == {a.id for a in made}


def test_an_append_is_part_of_the_callers_transaction(workspace: Workspace) -> None:
    put_products(workspace)

    def killed_half_way() -> None:
        with workspace.db.write() as writer:
            Log(workspace).append(readings(), (), writer)
            raise RuntimeError("the job was killed here")

    with pytest.raises(RuntimeError):
        killed_half_way()
    assert Log(workspace).head() == 0
    assert not GraphStore(workspace).graph().facts


def test_a_schemas_rules_name_the_values_and_undoing_them_gives_the_old_hash_back(
    workspace: Workspace,
) -> None:
    made = fill(workspace)
    log, store = Log(workspace), GraphStore(workspace)
    before = store.graph()
    relations = {reading.relation for reading in made}
    plain = log.schema("plain", relations)
    rule = Rule.of("text", "", {"categories": {"Metal": ["steel"]}})
    said = [log.schema(v, relations, rules={"material": rule}) for v in {a.schema_version for a in made}]
    graph = store.graph()
    assert "material:metal" in graph.nodes
    steel = next(fact for fact in graph.facts.values() if fact.object == "material:metal")
    (first, *_) = store.evidence(steel.id)
    assert first.value is not None
    assert (first.value.label, first.value.rule) == ("Metal", "category")
    assert "steel" in first.assertion.object.casefold()
    log.undo([seq for seqs in [*said, plain] for seq in seqs])
    assert store.graph().hash == before.hash
