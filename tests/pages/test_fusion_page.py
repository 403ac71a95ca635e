"""The Fusion page without a browser: what each source adds, alignments, contradictions, deleting."""

from __future__ import annotations

from functools import partial

import pytest

from core.graph.model import OnConflict
from core.graph.policies import policy_of
from core.graph.prior import import_statements
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from tests.graph_world import fill_partner
from tests.page_world import open_page, press, said

opened = partial(open_page, "fusion")


@pytest.fixture
def two(workspace: Workspace) -> Workspace:
    """The shop and its partner."""
    fill_partner(workspace)
    return workspace


def test_an_empty_graph_leads_to_build(workspace: Workspace) -> None:
    assert "Nothing to fuse yet" in said(opened(workspace))


def test_each_source_is_told_with_what_only_it_says(two: Workspace) -> None:
    test = opened(two)
    (frame,) = test.dataframe
    row = frame.value.set_index("source").loc["t"]
    assert (row["facts"], row["alone"], row["shared"], row["contradicted"]) == (6, 5, 1, 1)


def test_an_attribute_is_confirmed_counted_and_undone(two: Workspace) -> None:
    before = GraphStore(two).graph().hash
    test = opened(two, view="attributes")
    assert "Werkstoff" in said(test) or "werkstoff" in said(test)
    press(test, "Count as “made of”")
    graph = GraphStore(two).graph()
    assert "Werkstoff" not in {fact.relation for fact in graph.facts.values()}
    assert "counts as" in said(test)
    press(test, "Undo")
    assert GraphStore(two).graph().hash == before


def test_a_pair_that_is_kept_apart_is_not_asked_again(two: Workspace) -> None:
    test = opened(two, view="attributes")
    press(test, "They are two")
    assert not [b for b in test.button if b.label == "They are two"]
    assert "are two attributes" in said(test)


def test_a_policy_is_previewed_then_kept(two: Workspace) -> None:
    test = opened(two, view="contradictions")
    assert "<strong>1</strong> contradictions" in said(test)
    test.radio(key="fusion_policy").set_value(OnConflict.PRIORITY).run()
    assert policy_of(two).on_conflict is OnConflict.KEEP
    test.radio(key="fusion_policy").set_value(OnConflict.CONFIDENCE).run()
    assert "**1** contradictions with **2** values: **1** stay, **1** are kept apart" in said(test)
    press(test, "Use this policy")
    assert policy_of(two).on_conflict is OnConflict.CONFIDENCE
    assert not GraphStore(two).graph().conflicts


def test_deleting_a_source_shows_what_goes_and_restores_the_hash(two: Workspace) -> None:
    before = GraphStore(two).graph().hash
    report = import_statements(two, b"subject,relation,object\nstainless steel,is a,metal\n", "k.csv")
    test = opened(two, source=report.source_id)
    press(test, "See what would go")
    assert "**1** facts would go" in said(test)
    press(test, "Delete with all its facts")
    assert GraphStore(two).graph().hash == before


def test_shared_intents_join_categories_or_sources(two: Workspace) -> None:
    (frame,) = opened(two, view="intents").dataframe
    assert list(frame.value["intent"]) == ["pour over coffee"]
