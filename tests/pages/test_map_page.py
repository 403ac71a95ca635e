"""The Map page without a browser: its views, what is in the link, its tables, its versions."""

from __future__ import annotations

from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from core.graph.atlas.surveyed import latest
from core.graph.log import Log
from core.storage.workspaces import Workspace
from tests.graph_world import fill
from tests.page_world import linked, open_page, said

opened = partial(open_page, "map")


def press(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click().run()
    assert not test.exception, test.exception
    return test


def test_an_empty_graph_leads_to_build(workspace: Workspace) -> None:
    assert "There is no map without a graph" in said(opened(workspace))


def test_a_small_graph_is_mapped_at_once_and_only_once(workspace: Workspace) -> None:
    fill(workspace)
    text = said(opened(workspace))
    assert "<strong>13</strong> facts" in text
    survey = latest(workspace)
    assert survey is not None
    opened(workspace)
    assert latest(workspace) is survey


def test_a_community_and_a_node_live_in_the_link(workspace: Workspace) -> None:
    fill(workspace)
    test = press(opened(workspace), "map-open-0")
    assert linked(test, "c") == "0"
    assert "All communities" in said(test)
    pick = next(b.key for b in test.button if (b.key or "").startswith("map-pick-"))
    press(test, str(pick))
    assert linked(test, "sel")
    assert "All communities" not in said(test)


def test_a_search_is_found_anywhere_on_the_map(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, q="kettle")
    hits = [b for b in test.button if (b.key or "").startswith("map-hit-")]
    assert len(hits) >= 2
    hits[0].click().run()
    assert linked(test, "q") is None
    assert (linked(test, "sel") or "").startswith("product:")


def test_the_picture_has_a_table(workspace: Workspace) -> None:
    fill(workspace)
    survey_size = len(opened(workspace, **{"as": "table"}).dataframe[0].value)
    survey = latest(workspace)
    assert survey is not None
    assert survey_size == len(survey.atlas.at)
    members = opened(workspace, **{"as": "table", "c": "0"}).dataframe[0].value
    assert len(members) == len(survey.members(0))


@pytest.mark.parametrize("part", ["communities", "central", "motifs"])
def test_structure_is_told_in_tables(workspace: Workspace, part: str) -> None:
    fill(workspace)
    test = opened(workspace, view="structure", part=part)
    assert len(test.dataframe) == 1


def test_two_versions_are_told_apart(workspace: Workspace) -> None:
    made = fill(workspace)
    Log(workspace).reject([made[0].id])
    test = opened(workspace, view="versions", a="13", b="14")
    assert "<b>1</b> facts gone" in said(test)
    gone = test.dataframe[1].value
    assert gone["Value"].tolist() == ["stainless steel"]
    assert test.dataframe[0].value["Source"].tolist() == ["shop.csv"]
    same = opened(workspace, view="versions", a="14", b="14")
    assert "The two versions say the same." in said(same)


@pytest.mark.parametrize(
    "params",
    [
        {"c": "999", "sel": "product:gone", "by": "nonsense", "at": "-5", "view": "x"},
        {"view": "versions", "a": "999999", "b": "2"},
        {"view": "structure", "part": "<script>", "c": "9" * 40},
    ],
)
def test_a_link_with_nonsense_in_it_opens_all_the_same(workspace: Workspace, params: dict[str, str]) -> None:
    fill(workspace)
    assert "<strong>13</strong> facts" in said(opened(workspace, **params))


def test_it_speaks_chinese(workspace: Workspace) -> None:
    fill(workspace)
    assert "社群" in said(opened(workspace, "zh"))
