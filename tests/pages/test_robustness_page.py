"""The Robustness page: from nothing to attack, over a started job, to a matrix with figures in both languages."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from core.__main__ import main
from core.jobs import Jobs, run_inline
from core.recommend import runs
from core.robust.kept import kept as kept_of
from core.robust.spotting import SURE
from core.stages import REGISTRY
from core.stages import robustness as stage
from core.storage.decisions import FACT, decisions, standing
from core.storage.workspaces import Workspace
from tests.page_world import at_home, kept_home, open_page, words
from tests.recommend_world import fill, small_config
from tests.robust_world import read

opened = partial(open_page, "robustness")


@pytest.fixture(autouse=True)
def quick_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "read_by_tagger", read)


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace "trained" has a plain run and one trained against perturbations."""
    home = tmp_path_factory.mktemp("robust")
    with kept_home(home, "Trained") as made:
        fill(made)
        for name, kind in (("plain", "none"), ("hard", "fgsm")):
            config = small_config(epochs=2, adversarial=kind).model_dump(mode="json")
            run_inline(made, "train", REGISTRY, {"config": config, "name": name})
    return home


@pytest.fixture
def trained(trained_home: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    return at_home(trained_home, "trained", monkeypatch)


def test_without_a_run_the_page_leads_to_training(workspace: Workspace) -> None:
    test = opened(workspace)
    assert "before others do it" in words(test)
    assert [button for button in test.button if button.proto.type == "primary"]


def test_settings_become_the_job(trained: Workspace) -> None:
    plain = next(run for run in runs.list_runs(trained) if run.name == "plain")
    test = opened(trained, run=plain.id)
    test.slider(key="robustness_targets").set_value(1).run()
    test.button(key="robustness_start").click().run()
    assert not test.exception
    (job,) = Jobs(trained).list("robustness")
    assert job.params["targets"] == 1
    assert job.params["run"] == plain.id
    assert test.button(key="robustness_start").disabled
    Jobs(trained).cancel(job.id)


def test_an_examination_is_kept_shown_in_both_languages_and_given_by_the_command(
    trained: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = next(run for run in runs.list_runs(trained) if run.name == "plain")
    run_inline(trained, "robustness", REGISTRY, {"run": plain.id, "targets": 1, "rounds": 1})
    kept = kept_of(trained, plain.id)
    assert kept is not None
    assert kept["hardened"]["name"] == "hard"
    assert kept["unchanged"]
    sent = standing(decisions(trained), FACT)
    told = kept["detection"]["suspect_facts"]
    assert all(row["fact"] for row in told)
    assert set(sent) == {row["fact"] for row in told if row["score"] >= SURE}
    for language, said in (("en", "Prompt injection"), ("zh", "提示注入")):
        test = opened(trained, language, run=plain.id)
        shown = words(test)
        assert said in shown
        assert "robustness." not in shown
        assert "sg-robust" in shown
        assert test.button(key="robustness_leave_out").disabled
        assert len(test.dataframe) == 2
    arguments = ["score", "robustness", "--workspace", str(trained.folder), "--run", plain.id, "--json"]
    assert main([*arguments, "--targets", "1", "--rounds", "1"]) == 0
    told = json.loads(capsys.readouterr().out)
    same = ("clean", "rows", "curves", "checks", "targets")
    assert {name: told[name] for name in same} == {name: kept[name] for name in same}
