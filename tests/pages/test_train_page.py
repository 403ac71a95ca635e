"""The Train page: from an empty workspace to a run with a verdict, its form held to the typed configuration."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from core.errors import Cancelled
from core.form import entries
from core.jobs import Context, Jobs, Status, run_inline
from core.recommend import runs
from core.recommend.baselines import GRID
from core.recommend.config import PRESETS, TrainConfig
from core.settings import settings
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests.page_world import at_home, kept_home, open_page, words
from tests.recommend_world import fill, small_config

opened = partial(open_page, "train")
KINDS = ("selectbox", "number_input", "toggle", "text_input")


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "trained" has one finished run."""
    home = tmp_path_factory.mktemp("trained")
    with kept_home(home, "Trained") as made:
        fill(made)
        config = small_config(epochs=2).model_dump(mode="json")
        run_inline(made, "train", REGISTRY, {"config": config, "name": "first"})
    return home


@pytest.fixture
def trained(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return at_home(trained_home, "trained", monkeypatch)


def test_without_events_the_page_says_what_is_missing_and_leads_there(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "which shopper took which product when" in words(test)
    assert [button.label for button in test.button if button.proto.type == "primary"]
    assert not [button for button in test.button if button.key == "train_start"]


def test_the_audit_stands_before_the_start(workspace: Workspace) -> None:
    fill(workspace)
    shown = words(opened(workspace))
    assert "90 shoppers × 48 products" in shown
    assert "Training sees nothing of the test." in shown
    assert "GB of memory" in shown


def test_the_form_has_every_field_within_its_range_and_becomes_the_job(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, preset="quick")
    keys = {str(widget.key) for kind in KINDS for widget in getattr(test, kind)}
    assert {f"train_quick_{name}" for name in TrainConfig.model_fields} <= keys
    epochs = test.number_input(key="train_quick_epochs")
    entry = next(entry for entry in entries(TrainConfig) if entry.name == "epochs")
    assert (epochs.min, epochs.max) == (entry.least, entry.most)
    epochs.set_value(2)
    test.selectbox(key="train_quick_graph").set_value("shuffled")
    test.run()
    test.button(key="train_start").click().run()
    assert not test.exception
    (job,) = Jobs(workspace).list("train")
    expected = PRESETS["quick"].model_dump(mode="json") | {"epochs": 2, "graph": "shuffled"}
    assert job.params["config"] == expected
    assert test.button(key="train_start").disabled, "one training at a time"
    assert test.button(key=f"job-cancel-{job.id}")


def test_values_that_do_not_go_together_are_named_and_cannot_be_started(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, preset="quick")
    test.number_input(key="train_quick_heads").set_value(3).run()
    assert not test.exception
    assert "must be a multiple of heads" in words(test)
    assert test.button(key="train_start").disabled


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_finished_run_shows_its_verdict_its_figures_and_who_serves(
    trained: Workspace, language: str
) -> None:
    test = opened(trained, language)
    shown = words(test)
    (run,) = runs.list_runs(trained)
    assert "train.verdict" not in shown
    assert ("serves recommendations" if language == "en" else "正在线上推荐") in shown
    assert run.data_hash[:8] in shown
    frames = [frame.value for frame in test.dataframe]
    figures = next(frame for frame in frames if "HR@10" in frame.columns)
    assert len(figures) == len(GRID) + 1
    assert figures["NDCG@10"].between(0, 1).all()
    assert figures["NDCG@10"].is_monotonic_decreasing


def test_a_cancelled_run_can_be_taken_up_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(workspace)

    def cancel(self: Context) -> None:
        raise Cancelled("Asked to stop.")

    with monkeypatch.context() as patch:
        patch.setattr(Context, "check", cancel)
        with pytest.raises(Cancelled):
            run_inline(workspace, "train", REGISTRY, {"config": small_config().model_dump(mode="json")})
    (run,) = runs.list_runs(workspace)
    test = opened(workspace)
    assert "cancelled" in words(test)
    test.button(key=f"job-retry-{run.job_id}").click().run()
    assert not test.exception
    assert Jobs(workspace).get(run.job_id).status is Status.QUEUED


def test_a_link_opens_the_run_it_names(trained: Workspace) -> None:
    with_error = opened(trained, run="no-such-run")
    (run,) = runs.list_runs(trained)
    assert run.name in words(with_error)
    assert run.name in words(opened(trained, run=run.id))


def test_the_command_line_says_what_differs_from_a_preset(workspace: Workspace) -> None:
    fill(workspace)
    test = opened(workspace, preset="quick")
    test.number_input(key="train_quick_epochs").set_value(3).run()
    (command,) = [code.value for code in test.code]
    assert command.endswith("--preset quick --set epochs=3")
    assert str(workspace.folder) in command


def test_a_checkpoint_is_forked_with_other_settings_and_what_shapes_the_network_stays(
    trained: Workspace,
) -> None:
    (run,) = runs.list_runs(trained)
    test = opened(trained)
    shown = words(test)
    assert "--logdir" in shown
    assert str(trained.sub("runs") / run.id / "tensorboard") in shown
    test.button(key=f"fork_best_{run.id}").click().run()
    assert not test.exception
    assert f"Goes on from “{run.name}”" in words(test)
    form = f"train_{run.id}"
    assert test.number_input(key=f"{form}_width").disabled
    assert test.selectbox(key=f"{form}_split").disabled
    rate = test.number_input(key=f"{form}_learning_rate")
    assert not rate.disabled
    rate.set_value(0.0005).run()
    (command,) = [code.value for code in test.code if "core train" in code.value]
    assert command.endswith(f"--fork {run.id} --checkpoint best --set learning_rate=0.0005")
    test.button(key="train_start").click().run()
    assert not test.exception
    job = Jobs(trained).list("train")[0]
    assert job.params["fork"] == {"run": run.id, "checkpoint": "best"}
    assert job.params["config"] == dict(run.config) | {"learning_rate": 0.0005}
    Jobs(trained).cancel(job.id)


def test_a_tracker_that_is_not_installed_is_named_before_the_start(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace)
    monkeypatch.setenv("SHELFGRAPH_TRACKER", "trackio")
    settings.cache_clear()
    test = opened(workspace)
    assert "pip install trackio" in words(test)
    assert test.button(key="train_start").disabled
