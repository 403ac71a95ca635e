"""The Runs page: runs side by side, only what sat the same test is tested, and who serves is changed and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import copytree

import pytest

from core.jobs import Jobs, run_inline
from core.recommend import runs
from core.recommend.cases import FILE
from core.settings import settings
from core.stages import REGISTRY
from core.storage.workspaces import Workspace, Workspaces
from tests.page_world import open_page, words
from tests.recommend_world import fill, fill_graph, small_config

opened = partial(open_page, "runs")


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three runs: two on the same test, the first of them certified, one on another split."""
    home = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHELFGRAPH_HOME", str(home))
        settings.cache_clear()
        made = Workspaces(settings().workspaces).create("Shop", "shop")
        fill(made)
        fill_graph(made)
        for name, values in (
            ("first", {"certificate": True}),
            ("second", {"seed": 1, "graph": "none"}),
            ("other test", {"split": "leave_one_out"}),
        ):
            config = small_config(epochs=1, **values).model_dump(mode="json")
            run_inline(made, "train", REGISTRY, {"config": config, "name": name})
        made.close()
    settings.cache_clear()
    return home


@pytest.fixture
def shop(trained_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A copy that a test may change."""
    copytree(trained_home, tmp_path / "own")
    monkeypatch.setenv("SHELFGRAPH_HOME", str(tmp_path / "own"))
    settings.cache_clear()
    made = Workspaces(settings().workspaces).open("shop")
    yield made
    made.close()


def by_name(workspace: Workspace) -> dict[str, runs.Run]:
    return {run.name: run for run in runs.list_runs(workspace)}


def test_without_runs_the_page_says_what_will_be_here(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "stands beside the others" in words(test)
    assert test.button(key="runs-train")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_all_runs_are_on_the_board_and_the_certificate_is_told(shop: Workspace, language: str) -> None:
    test = opened(shop, language)
    board = test.dataframe[0].value
    assert set(board.iloc[:, 0]) == {"first", "second", "other test"}
    shown = words(test)
    assert "runs." not in shown.replace("runs.css", "")
    assert ("Which relations pay" if language == "en" else "哪些关系有益") in shown
    assert "sg-figures" in shown


def test_two_runs_of_one_test_are_tested_and_those_of_another_are_not(shop: Workspace) -> None:
    known = by_name(shop)
    ids = [known[name].id for name in ("first", "second", "other test")]
    test = opened(shop, vs=",".join(ids))
    frames = [frame.value for frame in test.dataframe]
    contests = next(frame for frame in frames if "p (Holm)" in frame.columns)
    assert list(contests["Pair"]) == ["first − second", "first − other test", "second − other test"]
    assert contests["95% interval"][0] != "–"
    assert list(contests["95% interval"][1:]) == ["–", "–"]
    assert "trained on other data or another split" in words(test)
    settings_shown = next(frame for frame in frames if "Setting" in frame.columns)
    assert {"Split", "Seed", "Graph"} <= set(settings_shown["Setting"])
    assert "Learning rate" not in set(settings_shown["Setting"])


def test_a_run_that_kept_no_cases_says_why(shop: Workspace) -> None:
    known = by_name(shop)
    (shop.sub("runs") / known["second"].id / FILE).unlink()
    test = opened(shop, vs=f"{known['first'].id},{known['second'].id}")
    assert "was not kept when it was trained" in words(test)


def test_another_run_serves_and_that_is_taken_back(shop: Workspace) -> None:
    known = by_name(shop)
    test = opened(shop, run=known["second"].id)
    test.button(key="runs-promote").click().run()
    assert not test.exception
    assert by_name(shop)["second"].serving
    test.button(key="runs-undo").click().run()
    assert not test.exception
    assert by_name(shop)["first"].serving
    assert "runs-undo" not in {button.key for button in test.button}


def test_a_run_is_named_noted_and_deleted_and_the_serving_one_stays(shop: Workspace) -> None:
    known = by_name(shop)
    second = known["second"].id
    test = opened(shop, run=second)
    test.text_input(key=f"name_{second}").set_value("without graph")
    test.text_area(key=f"note_{second}").set_value("a control <b>only</b>")
    test.button(key=f"save_{second}").click().run()
    assert not test.exception
    assert runs.get_run(shop, second).name == "without graph"
    assert "&lt;b&gt;only" in words(test)
    test.button(key=f"delete_{second}").click().run()
    assert not test.exception
    assert set(by_name(shop)) == {"first", "other test"}
    serving = opened(shop, run=known["first"].id)
    assert f"delete_{known['first'].id}" not in {button.key for button in serving.button}
    assert "let another one serve first" in words(serving)


def test_a_run_without_a_certificate_offers_the_job(shop: Workspace) -> None:
    other = by_name(shop)["other test"]
    test = opened(shop, run=other.id)
    test.button(key=f"certify_{other.id}").click().run()
    assert not test.exception
    (job,) = Jobs(shop).list("certify", active=True)
    assert job.params == {"run": other.id}


def test_another_seed_is_tried_and_the_spread_of_seeds_is_told(shop: Workspace) -> None:
    second = by_name(shop)["second"]
    test = opened(shop, run=second.id)
    assert "differ in the seed alone" not in words(test)
    test.button(key=f"seed_{second.id}").click().run()
    (job,) = Jobs(shop).list("train", active=True)
    assert job.params["config"] == dict(second.config) | {"seed": 0}
    assert job.params["name"] == "second · seed 0"
    Jobs(shop).cancel(job.id)
    run_inline(shop, "train", REGISTRY, job.params)
    both = words(opened(shop, run=second.id))
    assert "2 runs that differ in the seed alone" in both
    known = [one.id for one in runs.list_runs(shop) if one.config["graph"] == "none"]
    assert "no matter of settings" in words(opened(shop, vs=",".join(known)))
