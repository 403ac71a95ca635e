"""The Graph page without a browser: its states, its search, its facts, its links."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from core.graph.store import GraphStore
from core.settings import REPOSITORY
from core.storage.workspaces import Workspace
from tests.graph_world import fill
from tests.page_world import linked, open_page, press, said

opened = partial(open_page, "graph")


def test_an_empty_graph_leads_to_build(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "The graph is still empty" in said(test)
    assert [b.label for b in test.button if "Build" in b.label]


def test_the_state_is_told_in_figures(workspace: Workspace) -> None:
    fill(workspace)
    graph = GraphStore(workspace).graph()
    text = said(opened(workspace))
    assert f"<strong>4</strong> products → <strong>{len(graph.facts)}</strong> facts" in text
    assert graph.hash[:8] in text


def test_a_fact_opens_its_words_and_leads_back(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, node="product:k1")
    (row,) = [b for b in test.button if b.label.startswith("stainless steel")]
    row.click().run()
    assert 'class="sg-mark"' in said(test)
    assert "stainless steel</mark>" in said(test)
    press(test, "Back")
    assert linked(test, "node") == "product:k1"
    assert "Fellow Stagg Kettle" in said(test)


def test_search_finds_nodes_and_facts_and_opens_them(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace)
    test.text_input(key="graph_q").input("stagg steel").run()
    assert linked(test, "q") == "stagg steel"
    (hit,) = [b for b in test.button if b.key and b.key.startswith("graph-hit-")]
    hit.click().run()
    assert linked(test, "node") == "product:k1"
    assert (linked(test, "sel") or "").startswith("fact:")
    assert 'class="sg-mark"' in said(test)


def test_filters_and_hidden_nodes_live_in_the_link(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, node="product:k1", fam="use", conf="50", r="1", hide="use:pour over coffee")
    assert "2 nodes, 1 facts shown" in said(test)
    press(test, "Show everything")
    assert linked(test, "fam") is None
    assert linked(test, "hide") is None
    assert "5 nodes, 4 facts shown" in said(test)


def test_a_path_is_told_fact_by_fact(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, node="product:k1", to="product:k2")
    text = said(test)
    assert "2 steps" in text
    press(test, "Close the path")
    assert linked(test, "to") is None


def test_the_table_has_the_same_facts_as_the_picture(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, node="product:k1", r="1", view="table")
    (frame,) = test.dataframe
    store = GraphStore(workspace)
    facts = store.product_facts("k1")
    assert sorted(frame.value["Value"]) == sorted(store.graph().label(fact.object) for fact in facts)


@pytest.mark.parametrize(
    "params",
    [
        {"node": "product:gone", "sel": "fact:gone", "r": "x", "cap": "9e9", "conf": "-3", "fam": "nonsense"},
        {"node": "<script>", "to": "nobody", "open": "~~", "hide": "product:k1", "pin": "gone"},
    ],
)
def test_a_link_with_nonsense_in_it_opens_all_the_same(workspace: Workspace, params: dict[str, str]) -> None:
    fill(workspace)
    assert "facts shown" in said(opened(workspace, **params))


def test_both_languages_have_the_same_texts() -> None:
    folder = Path(REPOSITORY) / "assets" / "i18n"
    keys = [
        {
            line.split(":")[0]
            for line in (folder / lang / "graph.yaml").read_text("utf-8").splitlines()
            if line
        }
        for lang in ("en", "zh")
    ]
    assert keys[0] == keys[1]


def test_values_are_called_by_their_name_in_the_language(workspace: Workspace) -> None:
    fill(workspace)
    assert "不锈钢" in said(opened(workspace, "zh", node="product:k1", r="1"))
    english = said(opened(workspace, "en", node="product:k1", r="1"))
    assert "不锈钢" not in english
    assert "stainless steel" in english


def test_it_speaks_chinese(workspace: Workspace) -> None:
    fill(workspace)
    assert "条待审" in said(opened(workspace, "zh"))
