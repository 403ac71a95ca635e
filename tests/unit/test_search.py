"""The search: a space from the configuration, trials that can be taken up again, baselines with the same budget."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import Cancelled, ConfigError, RunError
from core.form import entries
from core.jobs import Jobs, run_inline
from core.jobs.context import Context
from core.recommend import runs
from core.recommend.baselines import GRID
from core.recommend.config import TrainConfig, config_of
from core.recommend.search.baselines import space_of, tune_baseline, tune_on_grid
from core.recommend.search.bench import Bench
from core.recommend.search.kept import read_search, tuned_baselines
from core.recommend.search.plan import (
    TRIALS,
    SearchPlan,
    Trial,
    append_trial,
    best_of,
    mend_trials,
    read_trials,
)
from core.recommend.search.space import SECTIONS, USUAL, searchable, space
from core.recommend.search.study import Report, importances, search
from core.stages import REGISTRY
from core.stages import tune as stage
from core.storage.workspaces import Workspace
from tests.recommend_world import cut, facts, fill, products, small_config

AXES = space({"learning_rate": [], "dropout": [], "graph_loss": ["transe", "rotate"]})
START = TrainConfig().model_dump(mode="json")
PLAN: dict[str, Any] = {
    "config": small_config(epochs=1).model_dump(mode="json"),
    "fields": {"learning_rate": [0.001, 0.01], "graph_loss": ["transe", "none"]},
    "trials": 3,
}


def hill(params: Mapping[str, Any], report: Report) -> None:
    """Best at a learning rate of 0.003 and no dropout; the graph loss does not matter."""
    value = 1.0 - abs(np.log10(params["learning_rate"]) - np.log10(0.003)) - 0.2 * params["dropout"]
    for epoch in range(5):
        report(epoch, value * (epoch + 1) / 5)


def test_the_space_stays_within_the_limits_of_the_configuration() -> None:
    limits = {entry.name: entry for entry in entries(TrainConfig)}
    for one in searchable():
        assert one.section not in SECTIONS
        own = limits[one.name]
        for value in one.plain() if one.kind != "choice" else one.options:
            if own.kind in ("whole", "real"):
                assert (own.least or 0) <= float(value) <= (own.most or 1e9)
    assert {one.name for one in space({key: [] for key in USUAL})} == set(USUAL)
    rate = next(one for one in searchable() if one.name == "learning_rate")
    assert rate.log
    # Whatever is drawn of these goes together.
    for width in (16, 192):
        for heads in next(one for one in searchable() if one.name == "heads").options:
            config_of({"width": width, "heads": heads})


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"split": []},
        {"nonsense": []},
        {"dropout": [0.5, 0.1]},
        {"dropout": [0.0, 3.0]},
        {"dropout": [0.1]},
        {"dropout": ["a", "b"]},
        {"graph_loss": ["transe"]},
        {"graph_loss": ["transe", "nothing"]},
    ],
)
def test_a_space_that_is_none_is_refused_by_name(asked: dict[str, list[Any]]) -> None:
    with pytest.raises(ConfigError) as caught:
        space(asked)
    assert caught.value.where in {"fields", *asked}


def test_a_search_starts_with_what_stands_climbs_and_prunes() -> None:
    found = search(hill, AXES, START, 40, seed=1)
    assert found[0].params == {"learning_rate": 0.001, "dropout": 0.3, "graph_loss": "transe"}
    assert {trial.state for trial in found} == {"done", "pruned"}
    best = best_of(found)
    assert best is not None
    assert best.value is not None
    assert best.value > 0.9 > (found[0].value or 0.0)
    shares = importances(found, AXES)
    assert shares["learning_rate"] > 0.5
    assert sum(shares.values()) == pytest.approx(1.0)
    assert importances(found[:3], AXES) == {}


def test_an_interrupted_search_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    whole = search(hill, AXES, START, 12, seed=3)
    search(hill, AXES, START, 5, seed=3, on_trial=lambda trial: append_trial(tmp_path, trial))
    with (tmp_path / TRIALS).open("a") as file:
        file.write('{"number": 5, "st')  # the process died while it wrote
    kept = mend_trials(tmp_path)
    assert len(kept) == 5
    # The random start depends on how many trials there are to be, so both are asked for twelve.
    again = search(hill, AXES, START, 12, seed=3, known=search(hill, AXES, START, 12, seed=3)[:5])
    assert [trial.params for trial in again] == [trial.params for trial in whole]
    assert read_trials(tmp_path) == kept


def test_a_trial_that_fails_is_told_and_the_search_goes_on_but_not_after_a_cancel() -> None:
    def picky(params: Mapping[str, Any], report: Report) -> None:
        if params["graph_loss"] == "rotate":
            raise RunError("Not that one.")
        report(0, 0.5)

    found = search(picky, AXES, START, 10, seed=0)
    failed = [trial for trial in found if trial.state == "failed"]
    assert failed
    assert all("Not that one" in trial.reason for trial in failed)

    def cancelled(params: Mapping[str, Any], report: Report) -> None:
        raise Cancelled("Asked to stop.")

    with pytest.raises(Cancelled):
        search(cancelled, AXES, START, 3)


def test_the_time_limit_ends_the_search_after_the_trial_that_passes_it() -> None:
    known = [
        Trial(0, "done", {"learning_rate": 0.001, "dropout": 0.3, "graph_loss": "transe"}, 0.5, [0.5], 61.0)
    ]
    assert search(hill, AXES, START, 9, seconds=60.0, known=known) == known


def test_each_baselines_space_holds_its_grid_and_as_many_trials_find_as_good_a_point() -> None:
    for name, (_, grid) in GRID.items():
        for one in space_of(name):
            assert all(one.holds(value) for value in grid[one.name])
    found = tune_baseline("itemknn", cut().train, cut().valid, None, 6)
    grid_alone = tune_on_grid("itemknn", cut().train, cut().valid, None)
    assert found.trials == len(found.curve) == grid_alone.trials + 6
    assert found.valid == max(found.curve) >= grid_alone.valid
    assert tune_baseline("itemknn", cut().train, cut().valid, None, 6).params == found.params


def test_a_search_cannot_look_at_the_test() -> None:
    bench = Bench(cut(), products(), facts(), small_config())
    assert len(bench.split.test) == 0
    assert bench.split.known is bench.split.train
    assert bench.split.train.time.max() < cut().cuts[0]  # type: ignore[index]


def test_a_search_is_kept_taken_up_again_and_its_best_is_trained_with_its_baselines(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(workspace)
    told = [0]

    def cancel(self: Context) -> None:
        if self.load_checkpoint() is None and told[0] >= 2:
            raise Cancelled("Asked to stop.")

    def count(folder: Path, trial: Trial) -> None:
        append_trial(folder, trial)
        told[0] += 1

    with monkeypatch.context() as patch:
        patch.setattr(Context, "check", cancel)
        patch.setattr(stage, "append_trial", count)
        with pytest.raises(Cancelled):
            run_inline(workspace, "tune", REGISTRY, PLAN)
    (job,) = Jobs(workspace).list("tune")
    half = read_search(workspace, job.id)
    assert len(half.trials) == 2
    assert not half.finished
    assert all(one.trials > 3 for one in half.baselines.values())

    class Again:
        """A second attempt of the same job."""

        def __init__(self) -> None:
            self.workspace, self.job_id = workspace, job.id

        def __getattr__(self, name: str) -> Any:
            return lambda *_args, **_fields: None

    result = stage.run(Again(), PLAN)  # type: ignore[arg-type]
    kept = read_search(workspace, job.id)
    assert kept.finished
    assert kept.trials[:2] == half.trials
    assert len(kept.trials) == 3
    assert result["best"]["valid_ndcg@10"] == max(trial.value or 0 for trial in kept.trials)
    assert kept.best is not None

    config = kept.config(kept.best)
    assert not config.certificate
    params = {"config": config.model_dump(mode="json"), "search": job.id}
    metrics = run_inline(workspace, "train", REGISTRY, params)
    assert metrics["search"] == {"id": job.id, "trials": 3, "baseline_trials": 7, "same_budget": True}
    assert metrics["tuning"]["itemknn"]["params"] == kept.baselines["itemknn"].params
    run = runs.list_runs(workspace)[0]
    assert tuned_baselines(workspace, job.id, config, run.data_hash) is not None
    assert tuned_baselines(workspace, job.id, config, "other data") is None
    other = config.model_copy(update={"test_share": 0.2})
    assert tuned_baselines(workspace, job.id, other, run.data_hash) is None


def test_a_plan_out_of_range_is_refused_before_anything_is_read(workspace: Workspace) -> None:
    for values, where in (({"trials": 0}, "trials"), ({"fields": {"seed": []}}, "seed")):
        with pytest.raises(ConfigError) as caught:
            run_inline(workspace, "tune", REGISTRY, {**PLAN, **values})
        assert caught.value.where == where
    assert SearchPlan(config=TrainConfig(certificate=True)).config.certificate is False
