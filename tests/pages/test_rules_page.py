"""The Rules page without a browser: writing a rule, its facts and their evidence, prior knowledge."""

from __future__ import annotations

from functools import partial

from core.graph.prior import import_statements
from core.graph.rules import add_rule
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from tests.graph_world import fill
from tests.page_world import open_page, press, said

opened = partial(open_page, "rules")
RULE = "if material is stainless steel and used for is any then suited to is families"


def test_a_rule_is_previewed_recorded_and_withdrawn(workspace: Workspace) -> None:
    fill(workspace)
    before = GraphStore(workspace).graph().hash
    test = opened(workspace, rule=RULE)
    assert "It would bring **2** facts about **2** products" in said(test)
    assert GraphStore(workspace).graph().hash == before
    press(test, "Record rule")
    assert "In force (1)" in said(test)
    press(test, "2 facts")
    press(test, "Withdraw")
    assert GraphStore(workspace).graph().hash == before


def test_what_is_no_rule_is_told_with_the_remedy(workspace: Workspace) -> None:
    fill(workspace)
    text = said(opened(workspace, rule="if material is steel"))
    assert "There is no “then”." in text
    assert "Say once what follows" in text


def test_a_derived_fact_opens_to_the_rule_and_the_words_of_its_premises(workspace: Workspace) -> None:
    fill(workspace)
    add_rule(workspace, RULE)
    graph = GraphStore(workspace).graph()
    fact = next(f for f in graph.facts.values() if f.derivations and f.subject == "product:k1")
    text = said(open_page("graph", workspace, node="product:k1", sel=f"fact:{fact.id}"))
    assert "It follows by a rule" in text
    assert "stainless steel</mark>" in text
    assert "pour-over coffee</mark>" in text


def test_rows_that_cannot_be_used_are_listed_with_their_lines(workspace: Workspace) -> None:
    fill(workspace)
    import_statements(workspace, b"subject,relation,object\nsteel,is a,metal\nwood,is a,\n", "k.csv")
    test = opened(workspace, view="prior")
    assert "k.csv" in said(test)
    (frame,) = test.dataframe
    assert list(frame.value["Line"]) == [3]
    assert list(frame.value["Reason"]) == ["object: no object"]
