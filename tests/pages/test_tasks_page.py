"""The Predict page: from nothing, over a started job, to an answer with its explanation and figures."""

from __future__ import annotations

from functools import partial

import pytest

from core.jobs import Jobs
from core.recommend.tasks import kept
from core.recommend.tasks.config import Kind
from core.storage.workspaces import Workspace
from tests.page_world import open_page, words
from tests.recommend_world import fill
from tests.task_world import examples_of, outcome_of, small_task

opened = partial(open_page, "tasks")


@pytest.fixture
def trained(workspace: Workspace) -> Workspace:
    """A shop with a kept model of each kind."""
    fill(workspace)
    for number, kind in enumerate(Kind):
        metrics = outcome_of(kind).metrics
        metrics |= {"seconds": 1.0, "sentences": False}
        card = kept.Card(kind.value, kind.value, small_task(kind), "hash", float(number))
        kept.keep(workspace, card, examples_of(kind)[0], outcome_of(kind), None)
    return workspace


def test_from_nothing_to_a_started_job(workspace: Workspace) -> None:
    assert "there are none yet" in words(opened(workspace))
    fill(workspace)
    test = opened(workspace)
    next(button for button in test.button if button.key == "tasks_new").click().run()
    assert not test.exception
    assert "Cross-entropy" in words(test)
    next(button for button in test.button if button.key == "tasks_start").click().run()
    assert not test.exception
    (job,) = Jobs(workspace).list("task")
    assert job.params["config"]["kind"] == "class"


def test_an_answer_stands_beside_its_explanation(trained: Workspace) -> None:
    test = opened(trained, task="need", item="p11", user="s03", need="use:camping")
    shown = words(test)
    for part in (
        "What made this answer",
        "LIME, for comparison",
        "Can this explanation be trusted?",
        "Its facts",
    ):
        assert part in shown
    assert [metric for metric in test.metric if metric.label == "Chance that it meets the need"]


def test_a_typed_product_is_told_and_where_nothing_tells_the_class_that_is_said(trained: Workspace) -> None:
    test = opened(trained, task="class", text="Birk item for the garden", **{"class": "use:travel"})
    assert "nothing to take apart" in words(test)  # in this shop only the hidden words tell a use
    assert next(box for box in test.selectbox if box.label == "Why this class?").value == "use:travel"


@pytest.mark.parametrize(("kind", "lang"), [("class", "en"), ("rating", "zh")])
def test_figures_say_what_was_measured_and_what_was_kept_from_it(
    trained: Workspace, kind: str, lang: str
) -> None:
    shown = words(opened(trained, task=kind, view="quality", lang=lang))
    assert ("What it could not see" if lang == "en" else "模型看不到什么") in shown
    assert "95%" in shown


def test_a_model_can_be_deleted(trained: Workspace) -> None:
    test = opened(trained, task="rating")
    next(button for button in test.button if button.key == "tasks_delete_rating").click().run()
    assert not test.exception
    assert [card.id for card in kept.cards(trained)] == ["need", "class"]
