"""The Compression page: the curve is measured by a job, a point of it is looked at, kept and let go."""

from __future__ import annotations

import json
from functools import partial

import pytest

from core.graph.store import GraphStore
from core.jobs import Jobs, run_inline
from core.stages import REGISTRY
from core.stages.compress import STRENGTHS, curve, exported, saved_views, view
from core.storage.workspaces import Workspace
from tests.page_world import open_page, words
from tests.quality_world import fill_shelves

opened = partial(open_page, "compress")


def test_the_curve_is_measured_by_a_job(workspace: Workspace) -> None:
    fill_shelves(workspace)
    test = opened(workspace)
    assert "has not been measured" in words(test)
    test.button(key="compress-price").click().run()
    assert [job.stage for job in Jobs(workspace).list()] == ["compress"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_point_tells_what_goes_and_that_it_comes_back(workspace: Workspace, language: str) -> None:
    fill_shelves(workspace)
    run_inline(workspace, "compress", REGISTRY, {})
    test = opened(workspace, language, k="3")
    told = words(test)
    assert "compress." not in told
    assert ("gives the graph back exactly" if language == "en" else "与原图谱完全一致") in told
    assert ("too few events" if language == "en" else "行为记录太少") in told
    table = test.dataframe[-1].value
    assert table.iloc[0].tolist()[1] > table.iloc[0].tolist()[2], "more facts go than come"
    test.selectbox(key="compress-strength").select_index(0).run()
    assert test.query_params["k"] == ["0"] or test.query_params["k"] == "0"
    assert ("Nothing goes" if language == "en" else "什么也不少") in words(test)


def test_a_graph_is_kept_under_a_name_exported_and_let_go(workspace: Workspace) -> None:
    fill_shelves(workspace)
    run_inline(workspace, "compress", REGISTRY, {})
    test = opened(workspace, k="4")
    test.text_input[0].set_value("../../etc")
    next(button for button in test.button if button.label == "Keep under this name").click().run()
    assert "no name for a compressed graph" in words(test)
    test.text_input[0].set_value("my small one")
    next(button for button in test.button if button.label == "Keep under this name").click().run()
    (kept,) = saved_views(workspace)
    assert (kept.name, kept.plan) == ("my small one", STRENGTHS[4])
    again = opened(workspace)
    again.button(key="compress-forget-0").click().run()
    assert not saved_views(workspace)


def test_what_is_exported_is_what_the_curve_says(workspace: Workspace) -> None:
    fill_shelves(workspace)
    run_inline(workspace, "compress", REGISTRY, {"plan": {"bundle_products": 2}})
    known, graph = curve(workspace), GraphStore(workspace).graph()
    assert known is not None
    assert len(known.points) == len(STRENGTHS) + 1
    for place, plan in ((0, STRENGTHS[0]), (len(STRENGTHS), known.points[-1].plan)):
        raw = json.loads(exported(graph, plan))
        size = known.points[place].size
        assert (len(raw["nodes"]), len(raw["links"])) == (size.nodes, size.facts)
        assert len(view(graph, plan).net.facts) == size.facts
    assert known.points[0].price.search.value.mean > known.points[-2].price.search.value.mean
