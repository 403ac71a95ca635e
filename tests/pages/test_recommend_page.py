"""The Recommend page: a shopper or a made-up one, the list with its facts, the baseline beside it, thumbs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import run_inline
from core.recommend import feedback
from core.recommend.artefact import load
from core.recommend.source import history
from core.settings import settings
from core.stages import REGISTRY
from core.storage.workspaces import Workspace, Workspaces
from tests.page_world import open_page
from tests.recommend_world import fill, small_config

opened = partial(open_page, "recommend")


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "served" has a run that serves."""
    home = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHELFGRAPH_HOME", str(home))
        settings.cache_clear()
        made = Workspaces(settings().workspaces).create("Served", "served")
        fill(made)
        config = small_config(epochs=2).model_dump(mode="json")
        run_inline(made, "train", REGISTRY, {"config": config, "name": "first"})
        made.close()
    settings.cache_clear()
    return home


@pytest.fixture
def served(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("SHELFGRAPH_HOME", str(trained_home))
    settings.cache_clear()
    return Workspaces(settings().workspaces).open("served")


def words(test: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in test.get("html"))


def state(test: AppTest, name: str) -> str | None:
    value = test.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def test_without_a_run_the_page_leads_to_training(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "needs a trained recommender" in words(test)
    assert len(test.button) == 1


def test_a_link_shows_that_shopper_what_the_model_would(served: Workspace) -> None:
    test = opened(served, user="s07")
    taken = [product for product, _time in history(served, "s07")]
    expected = load(served).recommend(taken, 10)
    shown = [
        str(button.key).removeprefix("why_") for button in test.button if str(button.key).startswith("why_")
    ]
    assert shown == [line.product_id for line in expected]
    assert not set(shown) & set(taken)
    assert f"s07, {len(taken)} products" in words(test)


def test_a_made_up_shopper_is_in_the_link(served: Workspace) -> None:
    test = opened(served, history="p00,p04")
    expected = load(served).recommend(["p00", "p04"], 10)
    assert test.button(key=f"why_{expected[0].product_id}")
    test.multiselect(key="recommend_history").set_value(["p00", "p04", "p08"]).run()
    assert not test.exception
    assert state(test, "history") == "p00,p04,p08"
    assert state(test, "user") is None


def test_a_shopper_nothing_is_known_of_gets_the_average_shoppers_list(served: Workspace) -> None:
    test = opened(served, history="-")
    assert "Nothing is known of this shopper" in words(test)
    expected = load(served).recommend([], 10)
    assert test.button(key=f"why_{expected[0].product_id}")


def test_the_baselines_list_stands_beside_with_the_moves(served: Workspace) -> None:
    test = opened(served, user="s07", k="5")
    taken = [product for product, _time in history(served, "s07")]
    model = load(served)
    frame = test.dataframe[0].value
    assert len(frame) == 5
    places = {line.product_id: line.rank for line in model.baseline(taken, 48)}
    assert list(frame.iloc[:, 3]) == [places[line.product_id] for line in model.recommend(taken, 5)]


def test_a_thumb_is_recorded_for_this_run_and_shopper(served: Workspace) -> None:
    test = opened(served, user="s08")
    model = load(served)
    first = next(button for button in test.button if str(button.key).startswith("why_"))
    product = str(first.key).removeprefix("why_")
    test.feedback(key=f"thumb_{model.run_id}_s08_{product}").set_value(1).run()
    assert feedback.verdicts(served, model.run_id, "s08") == {product: 1}


def test_the_page_speaks_chinese(served: Workspace) -> None:
    shown = words(opened(served, "zh", user="s07"))
    assert "历史" in shown
    assert "recommend." not in shown


def test_hostile_text_in_the_link_is_only_text(served: Workspace) -> None:
    test = opened(served, user="<script>alert(1)</script>", history="<img src=x>,p00", k="9999")
    assert "alert(1)" not in words(test)
    assert "<img" not in words(test)
