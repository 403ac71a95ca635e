"""A prediction becomes a proposal with evidence; reviewers decide, and what they said is not asked again."""

from __future__ import annotations

import pytest

from core.catalogue.item_writer import FORMS
from core.catalogue.store import Catalogue
from core.catalogue.synonyms import PRODUCTS
from core.domain import Assertion, DocumentKind, Standing
from core.extract.schema import default
from core.graph.embedding.predict import Prediction
from core.graph.log import Log
from core.graph.model import Graph
from core.graph.proposals import EXTRACTOR, Proposed, propose, said, support_of, wanted
from core.graph.reading import read_assertions
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from tests.graph_world import SHOP, put_products, readings

STEEL = Prediction("product:k2", "material", "material:stainless steel", 0.4, ("product:k1",))
HOME = Prediction("product:k2", "usedIn", "place:home", 0.3, ("product:k1",))


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    """The small shop, of which nobody has read what the second kettle is made of."""
    put_products(workspace)
    Log(workspace).append([a for a in readings() if (a.subject, a.relation) != ("k2", "material")])
    return workspace


def graph(workspace: Workspace) -> Graph:
    return GraphStore(workspace).graph()


def proposals(workspace: Workspace) -> dict[str, Assertion]:
    with workspace.db.read() as reader:
        return {a.relation: a for a in read_assertions(reader) if a.extractor == EXTRACTOR}


def put(workspace: Workspace, *predictions: Prediction, replace: bool = False) -> Proposed:
    return propose(workspace, graph(workspace), predictions, default(), replace=replace)


def test_words_of_the_text_are_the_evidence_and_elsewhere_the_prediction_itself(shop: Workspace) -> None:
    facts = dict(graph(shop).facts)
    assert put(shop, STEEL, HOME) == Proposed(new=2, grounded=1)
    made = proposals(shop)
    assert (made["material"].document_id, made["material"].object) == ("k2/description", "Stainless Steel")
    now = graph(shop)
    assert now.facts == facts, "nothing becomes a fact by being predicted"
    (evidence,) = GraphStore(shop).evidence_of([made["usedIn"].id])
    assert (evidence.standing, evidence.reason) == (Standing.QUARANTINED, "predicted")
    assert evidence.document.kind is DocumentKind.PREDICTION
    assert support_of(shop, made["usedIn"].id) == ("Fellow Stagg Kettle",)
    assert support_of(shop, "unknown") == ()
    assert evidence.document.text == "Used in: home"
    assert evidence.document.text[made["usedIn"].start : made["usedIn"].end] == "home"


def test_no_reader_is_handed_a_prediction(shop: Workspace) -> None:
    before = Catalogue(shop).documents()
    put(shop, HOME)
    assert Catalogue(shop).documents() == before


def test_accepting_makes_a_fact_and_undoing_takes_it_back(shop: Workspace) -> None:
    put(shop, HOME)
    waiting = graph(shop).hash
    seqs = Log(shop).accept([proposals(shop)["usedIn"].id])
    (fact,) = [f for f in graph(shop).facts_at("place:home") if f.subject == "product:k2"]
    assert fact.confidence == 1.0
    Log(shop).undo(seqs)
    assert graph(shop).hash == waiting


def test_what_was_rejected_or_read_already_is_not_predicted_again(shop: Workspace) -> None:
    put(shop, HOME, STEEL)
    now = graph(shop)
    assert wanted(now, said(shop, now))(HOME.subject, HOME.relation, HOME.object), "nobody has decided yet"
    Log(shop).reject([proposals(shop)["usedIn"].id])
    now = graph(shop)
    may = wanted(now, said(shop, now))
    assert not may(HOME.subject, HOME.relation, HOME.object)
    assert may(STEEL.subject, STEEL.relation, STEEL.object)
    assert not may("product:k1", "isAccessoryOrSparePartFor", "product:k2")


def test_saying_it_again_changes_the_probability_alone_and_silence_withdraws(shop: Workspace) -> None:
    put(shop, HOME, STEEL)
    assert put(shop, Prediction("product:k2", "usedIn", "place:home", 0.6, ()), replace=True) == Proposed(
        waiting=1, withdrawn=1
    )
    now, made = graph(shop), proposals(shop)
    assert now.weighed[made["usedIn"].id] == 0.6
    assert made["material"].id not in now.standing


def test_a_prediction_leaves_with_its_product(shop: Workspace) -> None:
    put(shop, HOME)
    Log(shop).accept([proposals(shop)["usedIn"].id])
    with shop.db.write() as writer:
        FORMS[PRODUCTS].retire(writer, list(SHOP), gone=True)
    Log(shop).reconcile()
    assert not graph(shop).facts
