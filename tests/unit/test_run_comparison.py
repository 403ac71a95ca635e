"""Runs beside each other: only what differs is told, and only what sat the same test is tested."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import RunError
from core.recommend import runs as store
from core.recommend.cases import RunCases, read_cases, write_cases
from core.recommend.comparison import command_line, contests, differing, exam, plain, recipe
from core.recommend.config import PRESETS, config_of
from core.recommend.measure import Measured
from core.recommend.runs import Run
from core.storage.workspaces import Workspace

CASES = 200


def run(name: str, preset: str = "quick", **changed: Any) -> Run:
    config = config_of(PRESETS[preset].model_dump(mode="json") | changed).model_dump(mode="json")
    return Run(name, name, "done", config, "data", "graph", 0, {}, "", 0.0, 1.0, False, "")


def cases(gain: float, seed: int) -> RunCases:
    random = np.random.default_rng(seed)
    base = np.random.default_rng(9).random(CASES) * 0.5
    values = base + gain + random.normal(0, 0.05, CASES)
    return RunCases(np.arange(CASES, dtype=np.int32), Measured({"ndcg@10": values}, {}, 0.5))


def test_a_gain_is_proven_and_noise_is_not_after_holm() -> None:
    kept = {"a": cases(0.1, 1), "b": cases(0.0, 2), "c": cases(0.0, 3)}
    found = contests([run("a"), run("b"), run("c")], kept)
    assert {(c.one, c.other): c.finding for c in found} == {
        ("a", "b"): "one",
        ("a", "c"): "one",
        ("b", "c"): "open",
    }
    assert all(c.p <= c.p_holm <= 1 and c.n == CASES for c in found)
    (turned,) = contests([run("b"), run("a")], kept)
    assert turned.finding == "other"
    assert turned.difference.mean == pytest.approx(-found[0].difference.mean)


def test_runs_that_sat_another_test_or_kept_nothing_are_not_tested() -> None:
    kept = {"a": cases(0.1, 1), "b": cases(0.0, 2)}
    assert not contests([run("a"), replace(run("b"), data_hash="other")], kept)
    assert not contests([run("a"), run("b", test_share=0.2)], kept)
    assert not contests([run("a"), run("old")], kept)
    out = {"split": "leave_one_out"}
    assert exam(run("a", **out)) == exam(run("b", **out, test_share=0.2)), "shares are of the temporal split"


def test_only_what_differs_is_told() -> None:
    assert differing([run("a"), run("b")]) == {}
    told = differing([run("a"), run("b", seed=3, graph="none")])
    assert told == {"graph": ["real", "none"], "seed": [0, 3]}
    older = run("older")
    bare = {name: value for name, value in older.config.items() if name != "certificate"}
    assert "certificate" in differing([run("a"), replace(older, config=bare)])


def test_a_run_names_its_recipe_and_the_command_makes_it_again() -> None:
    made = run("it's mine", "best", dropout=0.4, purchases_only=True, seed=5)
    assert recipe(made) == ("best", {"purchases_only": True, "dropout": 0.4, "seed": 5})
    words = shlex.split(command_line(made, Path("shop/ws")))
    assert words[-2:] == ["--name", "it's mine"]
    settings = dict(word.split("=") for word in words[words.index("--set") + 1 : -2])
    again = config_of(PRESETS["best"].model_dump(mode="json") | settings)
    assert again.model_dump(mode="json") == dict(made.config)


def test_cases_come_back_as_they_were_and_damage_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.npz"
    assert read_cases(path) is None
    write_cases(path, cases(0.1, 1))
    back = read_cases(path)
    assert back is not None
    assert np.array_equal(back.values(), cases(0.1, 1).values())
    path.write_bytes(b"no archive")
    with pytest.raises(RunError, match="cannot be read"):
        read_cases(path)


def test_the_export_is_json_with_all_that_was_compared(workspace: Workspace) -> None:
    pair = [run("a"), run("b", seed=1)]
    told = plain(workspace, pair, contests(pair, {"a": cases(0.1, 1), "b": cases(0.0, 2)}))
    assert [one["name"] for one in told["runs"]] == ["a", "b"]
    assert told["contests"][0]["finding"] == "one"
    assert told["differing"] == {"seed": [0, 1]}


def test_names_and_notes_are_kept_and_an_empty_name_is_refused(workspace: Workspace) -> None:
    store.start(workspace, "r", name="first", config={}, seed=0, job_id="j")
    store.rename(workspace, "r", "  Summer  ")
    store.annotate(workspace, "r", "good for gifts")
    kept = store.get_run(workspace, "r")
    assert (kept.name, kept.note) == ("Summer", "good for gifts")
    for bad in ("  ", "x" * 200):
        with pytest.raises(RunError):
            store.rename(workspace, "r", bad)
    with pytest.raises(RunError):
        store.annotate(workspace, "nobody", "x")
