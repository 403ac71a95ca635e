"""The Recommend page: whom for, the list with its facts and moves, what a setting costs, policies, the export."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import Jobs, run_inline
from core.recommend import feedback
from core.recommend.artefact import load
from core.recommend.serve import book
from core.recommend.serve.export import shelf_of
from core.recommend.serve.lists import serve
from core.recommend.serve.policy import AS_RANKED
from core.recommend.source import history
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.page_world import at_home, kept_home, linked, open_page
from tests.recommend_world import fill, small_config

opened = partial(open_page, "recommend")


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "served" has a run that serves."""
    home = tmp_path_factory.mktemp("served")
    with kept_home(home, "Served") as made:
        fill(made)
        config = small_config(epochs=2).model_dump(mode="json")
        run_inline(made, "train", REGISTRY, {"config": config, "name": "first"})
    return home


@pytest.fixture
def served(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return at_home(trained_home, "served", monkeypatch)


def words(test: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in test.get("html"))


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
    assert linked(test, "history") == "p00,p04,p08"
    assert linked(test, "user") is None


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


def shown(test: AppTest) -> list[str]:
    return [str(one.key).removeprefix("why_") for one in test.button if str(one.key).startswith("why_")]


def test_a_slider_changes_the_list_says_why_and_shows_what_it_costs(served: Workspace) -> None:
    test = opened(served, user="s07")
    before = words(test)
    assert "as the model ranks it" not in before, "said of each product only where some were moved"
    assert "NDCG@10" in before
    test.slider(key="rec_0_diversity").set_value(90).run()
    assert not test.exception
    model = load(served)
    taken = [product for product, _time in history(served, "s07")]
    policy = AS_RANKED.with_(diversity=0.9)
    expected, missed = serve(model, shelf_of(served, model), taken, policy, 10)
    assert shown(test) == [line.product_id for line in expected]
    after = words(test)
    assert f"{len(missed)} of the model" in after
    moved = next(move for line in expected for move in line.moves)
    assert f"{abs(moved.places)} diversity" in after
    assert "was " in after


def test_a_policy_is_kept_with_versions_and_is_what_the_export_uses(served: Workspace) -> None:
    test = opened(served, user="s07")
    test.text_input(key="rec_0_policy_name").set_value("Spring")
    test.slider(key="rec_0_diversity").set_value(30).run()
    test.button(key="rec_0_keep").click().run()
    assert not test.exception
    now = book.current(served)
    assert (now.label, now.policy.diversity) == ("Spring v1", 0.3)
    again = opened(served, user="s07")
    assert again.slider(key="rec_0_diversity").value == 30
    again.button(key="recommend_export").click().run()
    (job,) = Jobs(served).list("recommend_all")
    assert job.params == {"run": load(served).run_id, "k": 10}
    book.keep(served, "Plain", AS_RANKED)


def test_a_filter_leaves_only_what_passes_and_too_narrow_a_one_says_so(served: Workspace) -> None:
    test = opened(served, user="s07")
    test.number_input(key="rec_0_price_to").set_value(20.0).run()
    assert not test.exception
    shelf = shelf_of(served, load(served))
    prices = dict(zip(shelf.products, shelf.price.tolist(), strict=True))
    assert shown(test)
    assert all(prices[product] <= 20.0 for product in shown(test))
    assert "up to 20" in words(test)
    test.number_input(key="rec_0_price_to").set_value(0.5).run()
    assert not shown(test)
    assert any("No product passes" in str(one.value) for one in test.info)


def test_a_need_in_words_is_understood_and_answered(served: Workspace) -> None:
    test = opened(served, need="something for camping under 40")
    told = words(test)
    assert "up to 40" in told
    assert "camping" in told
    assert "1. " in told
    empty = opened(served, need="-")
    empty.button(key="need_0").click().run()
    assert not empty.exception
    assert "1. " in words(empty)
    assert linked(empty, "need") == empty.text_input(key="recommend_need").value


def test_a_pasted_product_is_read_and_placed(served: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.test_serving_needs import Words

    monkeypatch.setattr("core.ui.recommend_new.tagger_of", lambda _workspace: Words())
    test = opened(served, **{"as": "product"})
    test.text_input(key="recommend_new_title").set_value("A stove for camping").run()
    assert not test.exception
    told = words(test)
    assert "For whom" in told
    assert '<mark class="sg-mark"' in told
    assert "it would be number" in told


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
