"""Runs beside each other: what differs in how they were made, and whether what differs in the outcome is real."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from core.recommend.cases import FILE, RunCases, read_cases
from core.recommend.config import PRESETS, SplitKind, TrainConfig
from core.recommend.runs import Run
from core.recommend.significance import Interval, bootstrap, holm, wilcoxon
from core.recommend.verdict import ALPHA, FEWEST_CASES
from core.storage.workspaces import Workspace

_NOT_COMPARED = frozenset({"seed"})


@dataclass(frozen=True, slots=True)
class Contest:
    """Run ``one`` minus run ``other`` on NDCG@10, paired over ``n`` test shoppers; p after Wilcoxon, and after Holm."""

    one: str
    other: str
    difference: Interval
    p: float
    p_holm: float
    n: int

    @property
    def finding(self) -> str:
        """Which is proven to be better: "one" or "other"; "open" where neither is, "few" with too few shoppers."""
        if self.n < FEWEST_CASES:
            return "few"
        if self.p_holm >= ALPHA or self.difference.low <= 0 <= self.difference.high:
            return "open"
        return "one" if self.difference.low > 0 else "other"


def kept_cases(workspace: Workspace, runs: Sequence[Run]) -> dict[str, RunCases]:
    """What each run did for each test shopper, by run id; runs that kept nothing are left out."""
    found = {run.id: read_cases(workspace.sub("runs") / run.id / FILE) for run in runs}
    return {name: cases for name, cases in found.items() if cases is not None}


def exam(run: Run) -> tuple[Any, ...]:
    """Equal for runs that sat the same test: the same data, split the same way."""
    config = full_config(run)
    shared = config["split"] != SplitKind.LEAVE_ONE_OUT
    shares = (config["valid_share"], config["test_share"]) if shared else ()
    return (run.data_hash, config["split"], config["purchases_only"], *shares)


def contests(runs: Sequence[Run], cases: Mapping[str, RunCases], seed: int = 0) -> list[Contest]:
    """Every pair of runs that sat the same test and kept its cases; p values are corrected for the number of pairs."""
    pairs = [
        (one, other)
        for one, other in combinations(runs, 2)
        if one.id in cases and other.id in cases and exam(one) == exam(other)
        and np.array_equal(cases[one.id].shopper, cases[other.id].shopper)
    ]  # fmt: skip
    gaps = {(one.id, other.id): cases[one.id].values() - cases[other.id].values() for one, other in pairs}
    raw = {"/".join(pair): wilcoxon(gap) for pair, gap in gaps.items()}
    corrected = holm(raw)
    return [
        Contest(*pair, bootstrap(gap, seed), raw["/".join(pair)], corrected["/".join(pair)], len(gap))
        for pair, gap in gaps.items()
    ]


def full_config(run: Run) -> dict[str, Any]:
    """The run's configuration; a setting that came after the run has its default."""
    return TrainConfig().model_dump(mode="json") | dict(run.config)


def differing(runs: Sequence[Run]) -> dict[str, list[Any]]:
    """Settings that are not the same in all runs: name → the value of each run, in their order."""
    configs = [full_config(run) for run in runs]
    values = {name: [config.get(name) for config in configs] for name in configs[0]} if configs else {}
    return {name: row for name, row in values.items() if any(value != row[0] for value in row)}


def recipe(run: Run) -> tuple[str, dict[str, Any]]:
    """The preset that is nearest to the run's configuration, and the settings that differ from it."""
    return nearest_preset(full_config(run))


def nearest_preset(config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The preset that is nearest to a configuration, and the settings that differ from it."""
    changed = {name: _changed(config, preset.model_dump(mode="json")) for name, preset in PRESETS.items()}
    nearest = min(changed, key=lambda name: len(changed[name].keys() - _NOT_COMPARED))
    return nearest, changed[nearest]


def command_line(run: Run, folder: Path) -> str:
    """The command that trains this run again in the workspace of that folder."""
    fork = run.metrics.get("fork")
    return command(full_config(run), folder, run.name, (fork["run"], fork["checkpoint"]) if fork else None)


def command(
    config: Mapping[str, Any],
    folder: Path,
    name: str = "",
    fork: tuple[str, str] | None = None,
    parent: Mapping[str, Any] | None = None,
) -> str:
    """The command that trains with this configuration in the workspace of that folder.

    A ``fork`` is (run id, checkpoint); with the ``parent``'s configuration only what differs from it is said.
    """
    words = ["python", "-m", "core", "train", "--workspace", str(folder)]
    if fork:
        words += ["--fork", fork[0], "--checkpoint", fork[1]]
    if parent is not None:
        changed = _changed(config, parent)
    else:
        preset, changed = nearest_preset(config)
        words += ["--preset", preset]
    if changed:
        words += ["--set", *(f"{key}={word(value)}" for key, value in changed.items())]
    return shlex.join([*words, *(["--name", name] if name else [])])


def _changed(config: Mapping[str, Any], start: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key in start and start[key] != value}


def plain(workspace: Workspace, runs: Sequence[Run], found: Sequence[Contest]) -> dict[str, Any]:
    """The comparison as JSON: each run's configuration, hashes and figures, and the contests."""
    return {
        "runs": [
            {
                "id": run.id,
                "name": run.name,
                "note": run.note,
                "serving": run.serving,
                "data_hash": run.data_hash,
                "graph_hash": run.graph_hash,
                "config": full_config(run),
                "command": command_line(run, workspace.folder),
                "metrics": dict(run.metrics),
            }
            for run in runs
        ],
        "differing": differing(runs),
        "contests": [
            {
                "one": contest.one,
                "other": contest.other,
                "difference": contest.difference.mean,
                "low": contest.difference.low,
                "high": contest.difference.high,
                "p": contest.p,
                "p_holm": contest.p_holm,
                "n": contest.n,
                "finding": contest.finding,
            }
            for contest in found
        ],
    }


def word(value: Any) -> str:
    """A value as ``--set`` takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
