"""The stage "train": a run in the table, its files beside it, honest about how it ended."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import Cancelled, ConfigError, DataError, RunError, SettingsError
from core.jobs import run_inline
from core.jobs.context import Context
from core.recommend import feedback, runs
from core.recommend.artefact import load, read_curves
from core.recommend.fork import saved
from core.settings import settings
from core.stages import REGISTRY
from core.stages import train as stage
from core.storage.tables import feedback as feedback_table
from core.storage.workspaces import Workspace
from tests.recommend_world import fill, products, small_config

FILES = {
    "config.json",
    "metrics.json",
    "cases.npz",
    "curves.jsonl",
    "ids.json",
    "facts.jsonl",
    "weights.safetensors",
    "data.safetensors",
    "checkpoint.pt",
    "tensorboard",
}
CONFIG = {"config": small_config(epochs=2).model_dump(mode="json"), "name": "first"}


def train(workspace: Workspace, **params: Any) -> dict[str, Any]:
    return dict(run_inline(workspace, "train", REGISTRY, {**CONFIG, **params}))


def test_a_run_is_kept_with_all_that_decides_it_and_serves(workspace: Workspace) -> None:
    fill(workspace)
    result = train(workspace)
    run = runs.get_run(workspace, result["run"])
    assert (run.status, run.name, run.serving, run.seed) == ("done", "first", True, 0)
    assert run.data_hash
    assert run.graph_hash
    assert run.config["epochs"] == 2
    assert len(read_curves(workspace.sub("runs") / run.id)) == result["epochs"]
    files = {path.name for path in (workspace.sub("runs") / run.id).iterdir()}
    assert files == FILES
    model = load(workspace)
    assert model.run_id == run.id
    assert model.product_ids == tuple(product.id for product in products())
    second = train(workspace, name="second")
    assert not second["serving"]
    runs.promote(workspace, second["run"])
    assert load(workspace).run_id == second["run"]
    assert {one.id: one.serving for one in runs.list_runs(workspace)} == {run.id: False, second["run"]: True}
    with pytest.raises(RunError):
        runs.remove(workspace, second["run"])
    runs.remove(workspace, run.id)
    assert [one.id for one in runs.list_runs(workspace)] == [second["run"]]
    assert not (workspace.folder / "runs" / run.id).exists()


def test_a_fork_starts_where_its_parent_stood_and_keeps_to_its_test(workspace: Workspace) -> None:
    fill(workspace)
    parent = train(workspace)["run"]
    folder = workspace.sub("runs")
    best = next(one for one in saved(workspace, parent) if one.which == "best")
    assert best.valid == max(line["valid"] for line in read_curves(folder / parent))

    still = small_config(epochs=1, learning_rate=1e-9).model_dump(mode="json")
    fork = {"run": parent, "checkpoint": "best"}
    child = train(workspace, config=still, fork=fork)
    assert child["fork"] == fork
    (line,) = read_curves(folder / child["run"])
    assert line["valid"] == pytest.approx(best.valid, abs=1e-6)
    assert runs.get_run(workspace, child["run"]).config["learning_rate"] == 1e-9
    with pytest.raises(RunError):
        run_inline(workspace, "certify", REGISTRY, {"run": child["run"]})
    again = train(workspace, config=still, fork=fork)
    assert again["models"] == child["models"]

    for name, value in {"width": 32, "test_share": 0.2}.items():
        with pytest.raises(ConfigError) as caught:
            train(workspace, config=still | {name: value}, fork=fork)
        assert caught.value.where == name
    with pytest.raises(RunError):
        train(workspace, config=still, fork=fork | {"checkpoint": "middle"})
    runs.remove(workspace, child["run"])
    assert saved(workspace, child["run"]) == []


def test_the_curves_of_a_run_are_in_its_tensorboard_files(workspace: Workspace) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fill(workspace)
    run = train(workspace)["run"]
    folder = workspace.sub("runs") / run
    read = EventAccumulator(str(folder / "tensorboard")).Reload()
    told = [event.value for event in read.Scalars("validation/ndcg@10")]
    assert told == pytest.approx([line["valid"] for line in read_curves(folder)], rel=1e-5)
    assert {"loss/ranking", "step/learning_rate", "step/gradient_norm"} <= set(read.Tags()["scalars"])


def test_another_tracker_is_told_the_same_and_a_missing_package_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace)
    told: dict[str, Any] = {"log": []}
    fake = ModuleType("trackio")
    fake.__spec__ = ModuleSpec("trackio", None)
    fake.__dict__.update(
        init=lambda **values: told.update(init=values),
        log=lambda values, step: told["log"].append((step, values)),
        finish=lambda: told.update(finished=True),
    )
    monkeypatch.setitem(sys.modules, "trackio", fake)
    monkeypatch.setenv("SHELFGRAPH_TRACKER", "trackio")
    settings.cache_clear()
    run = train(workspace)["run"]
    assert told["init"]["project"] == "shelfgraph"
    assert told["init"]["config"]["epochs"] == 2
    curves = read_curves(workspace.sub("runs") / run)
    assert [values["loss/total"] for _, values in told["log"][:-1]] == [line["loss"] for line in curves]
    assert told["finished"]

    monkeypatch.setenv("SHELFGRAPH_TRACKER", "wandb")
    settings.cache_clear()
    with pytest.raises(SettingsError) as caught:
        train(workspace)
    assert "pip install wandb" in caught.value.remedy
    assert len(runs.list_runs(workspace)) == 1, "nothing is started"
    settings.cache_clear()


def test_the_debiased_figures_stand_beside_the_others_where_they_are_asked_for(workspace: Workspace) -> None:
    fill(workspace)
    config = small_config(epochs=1, debias="evaluation").model_dump(mode="json")
    found = train(workspace, config=config)
    assert set(found["debiased"]) == set(found["models"])
    assert all(0 <= one["snips"] <= 1 for one in found["debiased"].values())


def test_a_cancelled_run_says_so_and_does_not_serve(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace)

    def cancel(self: Context) -> None:
        raise Cancelled("Asked to stop.")

    monkeypatch.setattr(Context, "check", cancel)
    with pytest.raises(Cancelled):
        train(workspace)
    assert [run.status for run in runs.list_runs(workspace)] == ["cancelled"]
    with pytest.raises(RunError):
        load(workspace)


def test_a_workspace_without_events_fails_with_a_remedy(workspace: Workspace) -> None:
    with pytest.raises(DataError) as caught:
        train(workspace)
    assert "Catalogue" in caught.value.remedy
    assert [run.status for run in runs.list_runs(workspace)] == ["failed"]


def test_a_killed_job_goes_on_from_its_last_epoch_as_the_same_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace)
    straight = train(workspace)
    told: list[int] = []

    class Killed(BaseException):
        pass

    def died(self: Context, data: dict[str, Any], connection: Any = None) -> None:
        original(self, data, connection)
        if data.get("epoch") == 1 and not told:
            told.append(1)
            raise Killed

    original = Context.save_checkpoint
    monkeypatch.setattr(Context, "save_checkpoint", died)
    from core.jobs import Jobs, JobView

    with pytest.raises(Killed):
        train(workspace)
    job: JobView = Jobs(workspace).list("train")[0]
    half = runs.get_run(workspace, runs.list_runs(workspace)[0].id)
    assert half.status == "running"

    seen: list[str] = []
    folder = workspace.sub("jobs") / job.id

    class Again:
        """A second attempt of the same job."""

        def __init__(self) -> None:
            self.workspace, self.job_id, self.folder, self.attempt = workspace, job.id, folder, 2

        def emit(self, kind: str, **data: Any) -> None:
            seen.append(kind if kind != "epoch" else f"epoch {data['epoch']}")

        def progress(self, done: float, total: float, message: str = "") -> None: ...

        def check(self) -> None: ...

        def load_checkpoint(self) -> dict[str, Any]:
            return {"run": half.id, "epoch": 1}

        def save_checkpoint(self, data: dict[str, Any], connection: Any = None) -> None: ...

    result = stage.run(Again(), CONFIG)  # type: ignore[arg-type]
    assert result["run"] == half.id
    assert [kind for kind in seen if kind.startswith("epoch")] == ["epoch 1"]
    assert result["models"] == straight["models"]


def test_bad_values_are_refused_before_a_run_is_entered(workspace: Workspace) -> None:
    fill(workspace)
    with pytest.raises(ConfigError) as caught:
        train(workspace, config={"epochs": -3})
    assert caught.value.where == "epochs"
    assert runs.list_runs(workspace) == []


def test_a_thumb_is_kept_once_and_can_be_taken_back(workspace: Workspace) -> None:
    feedback.record(workspace, "r", "s", "p", 1)
    feedback.record(workspace, "r", "s", "p", -1)
    assert feedback.verdicts(workspace, "r", "s") == {"p": -1}
    feedback.record(workspace, "r", "s", "p", 0)
    with workspace.db.read() as connection:
        assert connection.execute(select(feedback_table)).all() == []
    assert feedback.made_up(["a", "b"]) != feedback.made_up(["ab"])
