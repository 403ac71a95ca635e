"""The Quality page: a check is started and its findings lead somewhere; predictions go to Review."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from core.graph.log import Log
from core.graph.store import GraphStore
from core.jobs import Jobs, run_inline
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.page_world import at_home, kept_home, open_page, words
from tests.quality_world import fill_shelves

opened = partial(open_page, "quality")


@pytest.fixture(scope="module")
def checked_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "checked" has a report and predictions."""
    home = tmp_path_factory.mktemp("checked")
    with kept_home(home, "Checked") as made:
        fill_shelves(made)
        run_inline(made, "check", REGISTRY, {"embedding": False, "most_contradictions": 0.0})
        run_inline(made, "predict", REGISTRY, {"steps": 40, "dim": 16, "least_probability": 0.0})
    return home


@pytest.fixture
def checked(checked_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    made = at_home(checked_home, "checked", monkeypatch)
    yield made
    made.close()


def test_a_check_is_started_with_the_settings_of_the_form(workspace: Workspace) -> None:
    fill_shelves(workspace)
    test = opened(workspace)
    assert "nobody has checked yet" in words(test)
    test.number_input(key="quality_most_errors").set_value(0.2).run()
    test.button(key="quality-check").click().run()
    assert not test.exception
    (job,) = Jobs(workspace).list("check")
    assert job.params["most_errors"] == 0.2
    assert test.button(key=f"job-cancel-{job.id}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_gate_and_its_findings_are_told(checked: Workspace, language: str) -> None:
    told = words(opened(checked, language))
    assert ("Not passed" if language == "en" else "未通过") in told
    assert told.count('class="sg-gate-rule sg-gate-rule-broken"') == 1
    said = "1 of 31 products have several values of “brand”"
    assert (said if language == "en" else "31 件商品中有 1 件的“品牌”") in told
    assert "quality." not in told


def test_findings_are_narrowed_by_kind_and_the_link_keeps_it(checked: Workspace) -> None:
    test = opened(checked)
    kind = next(pills for pills in test.pills if pills.key == "quality-kind")
    assert [label.rpartition(" ")[0] for label in kind.options] == ["Too many values", "Contradiction", "Gap"]
    told = words(opened(checked, kind="contradiction"))
    assert "several values of" in told
    assert "share a product with another" not in told


def test_predictions_say_what_they_are_worth_and_are_proposed(checked: Workspace) -> None:
    test = opened(checked, view="predictions")
    told = words(test)
    assert "facts that were hidden" in told
    frame = next(one.value for one in test.dataframe if "Because of" in one.value.columns)
    assert set(frame["Standing"]) == {"not proposed"}
    assert frame["Probability"].is_monotonic_decreasing
    assert test.button(key="quality-propose").disabled, "nothing is picked"
    from core.stages.predict import kept_predictions, put_forward

    kept = kept_predictions(checked)
    assert kept is not None
    put_forward(checked, GraphStore(checked).graph(), kept.predictions[:1])
    (waiting,) = [i for i, reason in GraphStore(checked).graph().reasons.items() if reason == "predicted"]
    Log(checked).reject([waiting])
    again = opened(checked, view="predictions")
    frame = next(one.value for one in again.dataframe if "Because of" in one.value.columns)
    assert frame["Standing"].tolist()[:2] == ["rejected", "not proposed"]


def test_completeness_is_a_picture_and_a_check_without_an_embedding_doubts_nothing(
    checked: Workspace,
) -> None:
    assert opened(checked, view="completeness").get("plotly_chart")
    assert "did not look for suspicious facts" in words(opened(checked, view="suspicious"))
