"""The Search page: from a form to a job, from trials to a training, in both languages, and the command for it."""

from __future__ import annotations

import json
import shlex
import shutil
from functools import partial
from pathlib import Path

import pytest

from core.__main__ import main
from core.jobs import Jobs
from core.recommend.baselines import GRID
from core.recommend.search.kept import folder_of, list_searches, read_search
from core.recommend.search.plan import SearchPlan
from core.storage.workspaces import Workspace
from tests.page_world import at_home, kept_home, open_page, words
from tests.recommend_world import fill, small_config

opened = partial(open_page, "search")


@pytest.fixture(scope="module")
def searched_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "searched" has a search made by the command."""
    home = tmp_path_factory.mktemp("searched")
    with kept_home(home, "Searched") as made:
        fill(made)
        start = small_config(epochs=1).model_dump(mode="json")
        kept = (
            "text",
            "id_dim",
            "text_dim",
            "graph_dim",
            "width",
            "epochs",
            "patience",
            "residual_folds",
            "threads",
        )
        set_words = [f"{name}={start[name]}" for name in kept]
        arguments = [
            "tune",
            "--workspace",
            str(made.folder),
            "--set",
            *set_words,
            "--trials",
            "2",
            "--name",
            "first",
        ]
        assert main([*arguments, "--vary", "dropout=0.1:0.5", "graph_loss=transe,rotate"]) == 0
    return home


@pytest.fixture
def searched(searched_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return at_home(searched_home, "searched", monkeypatch)


def test_without_events_the_page_leads_to_the_catalogue(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "which shopper took which product when" in words(test)
    assert [button for button in test.button if button.proto.type == "primary"]


def test_the_form_becomes_the_job(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace)
    test.multiselect(key="search_fields").set_value(["dropout", "graph_loss"]).run()
    test.number_input(key="search_most_dropout").set_value(0.4)
    test.slider(key="search_trials").set_value(7)
    test.toggle(key="search_baselines").set_value(False).run()
    test.button(key="search_start").click().run()
    assert not test.exception
    (job,) = Jobs(workspace).list("tune")
    plan = SearchPlan.model_validate(job.params)
    assert (plan.trials, plan.baselines) == (7, False)
    assert plan.fields["dropout"] == [0.0, 0.4]
    assert test.button(key="search_start").disabled


def test_a_range_that_is_none_is_named_and_cannot_be_started(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace)
    test.number_input(key="search_most_dropout").set_value(5.0).run()
    assert not test.exception
    assert "beyond what the setting may be" in words(test)
    assert test.button(key="search_start").disabled


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_finished_search_shows_its_trials_and_baselines(searched: Workspace, language: str) -> None:
    test = opened(searched, language)
    shown = words(test)
    assert ("The best of 2 trials" if language == "en" else "2 组试验中最好的") in shown
    assert "search." not in shown.replace("search.yaml", "")
    trials = [frame.value for frame in test.dataframe if len(frame.value) == 2]
    baselines = [frame.value for frame in test.dataframe if len(frame.value) == len(GRID)]
    assert len(trials) == len(baselines) == 1
    assert len(test.get("plotly_chart")) == 2, "importance is not known after two trials"


def test_a_running_search_shows_the_trials_so_far(searched: Workspace) -> None:
    (first,) = list_searches(searched)
    job = Jobs(searched).record("tune", {"trials": 5})
    shutil.copytree(folder_of(searched, first), folder_of(searched, job))
    try:
        test = opened(searched, search=job)
        assert len(test.get("plotly_chart")) == 2
        assert test.button(key=f"job-cancel-{job}")
        assert test.button(key="search_start").disabled
        assert not test.dataframe
    finally:
        Jobs(searched).cancel(job)
        shutil.rmtree(folder_of(searched, job))


def test_the_commands_say_what_the_search_did_and_the_best_can_be_trained(
    searched: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    test = opened(searched)
    again, training = (shlex.split(str(code.value)) for code in test.code)
    assert again[:4] == ["python", "-m", "core", "tune"]
    assert "dropout=0.1:0.5" in again
    (first,) = list_searches(searched)
    kept = read_search(searched, first)
    assert kept.best is not None
    test.button(key=f"search_train_{first}").click().run()
    (job,) = Jobs(searched).list("train")
    assert job.params["search"] == first
    assert job.params["config"] == kept.config(kept.best).model_dump(mode="json")
    Jobs(searched).cancel(job.id)
    assert main([*training[3:], "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["search"]["trials"] == 2
    assert told["tuning"]["ease"]["params"] == kept.baselines["ease"].params
