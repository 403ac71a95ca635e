"""The Explain page: every panel on a served run, the reference in the link, the "what if" panel."""

from __future__ import annotations

from functools import partial
from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalogue.store import Catalogue
from core.explain.report import recent_part
from core.jobs import run_inline
from core.recommend.artefact import load
from core.recommend.source import history
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.page_world import at_home, kept_home, open_page, words
from tests.recommend_world import fill, fill_graph, small_config

opened = partial(open_page, "explain")


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "served" has a graph and a run that serves."""
    home = tmp_path_factory.mktemp("explained")
    with kept_home(home, "Served") as made:
        fill(made)
        fill_graph(made)
        config = small_config(epochs=2).model_dump(mode="json")
        run_inline(made, "train", REGISTRY, {"config": config, "name": "first"})
    return home


@pytest.fixture
def served(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return at_home(trained_home, "served", monkeypatch)


def first_of(served: Workspace, shopper: str) -> str:
    taken = [product for product, _time in history(served, shopper)]
    return load(served).recommend(taken, 1)[0].product_id


def part(test: AppTest, kind: str, name: str) -> object:
    return next(one for one in test.get(kind) if str(one.key).startswith(f"explain_whatif_{name}"))


def test_every_panel_is_there_and_says_what_it_is_compared_with(served: Workspace) -> None:
    test = opened(served, user="s07")
    shown = words(test)
    assert "is suggested mostly because" in shown
    assert "Compared with the average" in shown
    for title in ("What if …", "What works together", "What separates the first 10", "The smallest change"):
        assert title in shown
    assert "explain." not in shown


def test_the_reference_is_in_the_link(served: Workspace) -> None:
    assert "Compared with nothing" in words(opened(served, user="s07", reference="empty"))
    assert "its features stand in" in words(opened(served, user="s07", reference="p05"))


def test_a_part_of_the_history_opens_its_own_products(served: Workspace) -> None:
    test = opened(served, user="s07")
    taken = [product for product, _time in history(served, "s07")]
    titles = {product.id: product.title for product in Catalogue(served).products()}
    pills = next(one for one in test.get("button_group") if str(one.key).startswith("explain_group_"))
    pills.set_value("history.recent").run()
    bars = next(str(one.proto.body) for one in test.get("html") if "sg-bars" in str(one.proto.body))
    recent = recent_part(taken)
    assert all((escape(titles[product]) in bars) == (product in recent) for product in taken)


def test_what_is_switched_off_moves_the_list(served: Workspace) -> None:
    test = opened(served, user="s07", item=first_of(served, "s07"))
    place = next(one for one in test.metric if one.label == "Place")
    assert place.value == "1"
    part(test, "button_group", "history").set_value([]).run()  # type: ignore[attr-defined]
    assert not test.exception
    score = next(one for one in test.metric if one.label.startswith("Place"))
    assert score.delta


def test_an_edited_text_is_read_again(served: Workspace) -> None:
    product = first_of(served, "s07")
    test = opened(served, user="s07", item=product)
    area = part(test, "text_area", "description")
    area.set_value("Made of steel, for camping and for travel.").run()  # type: ignore[attr-defined]
    assert not test.exception
    shown = words(test)
    assert "Newly stated" in shown
    test.button(key="explain_whatif_reset").click().run()
    assert "Edit a word" in words(test)


def test_the_page_speaks_chinese(served: Workspace) -> None:
    shown = words(opened(served, "zh", user="s07"))
    assert "如果……" in shown
    assert "explain." not in shown


def test_past_products_of_one_name_are_all_switched_on(
    served: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.ui.serving.Serving.title", lambda self, product: "Tape, standard width")
    test = opened(served, user="s07", item=first_of(served, "s07"))
    pills = part(test, "button_group", "history")
    assert len(pills.value) == len(set(pills.options))  # type: ignore[attr-defined]
    assert next(one for one in test.metric if one.label == "Place").value == "1"
