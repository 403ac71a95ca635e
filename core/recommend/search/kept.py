"""Searches in a workspace: one folder each, ``searches/<job id>``, that a page or a training reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import RunError
from core.recommend.config import TrainConfig, config_of
from core.recommend.search.plan import (
    BASELINES,
    FOUND,
    PLAN,
    SearchPlan,
    Trial,
    Tuned,
    best_of,
    read_json,
    read_trials,
)
from core.storage.workspaces import Workspace

FOLDER = "searches"


@dataclass(frozen=True, eq=False)
class Kept:
    """A search as far as it has come. ``told`` holds name, hashes and time; ``importance`` is {} until it is known."""

    id: str
    plan: SearchPlan
    told: Mapping[str, Any]
    trials: tuple[Trial, ...]
    baselines: Mapping[str, Tuned]
    importance: Mapping[str, float]
    finished: bool

    @property
    def best(self) -> Trial | None:
        """The best trial that ran to its end."""
        return best_of(self.trials)

    def config(self, trial: Trial) -> TrainConfig:
        """The configuration of a trial, as a training takes it."""
        return config_of(self.plan.config.model_dump(mode="json") | dict(trial.params))


def folder_of(workspace: Workspace, search_id: str) -> Path:
    """Where a search is kept."""
    return workspace.sub(FOLDER) / Path(search_id).name


def read_search(workspace: Workspace, search_id: str) -> Kept:
    """A search by id; raises RunError where there is none."""
    folder = folder_of(workspace, search_id)
    told = read_json(folder / PLAN)
    if told is None:
        raise RunError("There is no such search.", where=search_id[:80], remedy="Choose one from the list.")
    found = read_json(folder / FOUND) or {}
    tuned = read_json(folder / BASELINES) or {}
    return Kept(
        folder.name,
        SearchPlan.model_validate(told["plan"]),
        told,
        tuple(read_trials(folder)),
        {name: Tuned(**one) for name, one in tuned.items()},
        found.get("importance", {}),
        bool(found.get("finished")),
    )


def list_searches(workspace: Workspace) -> list[str]:
    """Ids of all searches, newest first."""
    root = workspace.sub(FOLDER)
    return sorted((path.parent.name for path in root.glob(f"*/{PLAN}")), reverse=True)


def budget(workspace: Workspace, search_id: str) -> dict[str, Any]:
    """How many trials the settings of a run were found by, and each of its baselines at least."""
    kept = read_search(workspace, search_id)
    return {
        "id": search_id,
        "trials": len(kept.trials),
        "baseline_trials": min((one.trials for one in kept.baselines.values()), default=0),
        "same_budget": kept.plan.baselines,
    }


def tuned_baselines(
    workspace: Workspace, search_id: str, config: TrainConfig, data_hash: str
) -> dict[str, tuple[dict[str, float], float]] | None:
    """What a search found for the baselines; None where it has not come so far, or for other data, another split or
    other text than these."""
    kept = read_search(workspace, search_id)
    asked = ("split", "valid_share", "test_share", "domain", "text")
    same = all(getattr(kept.plan.config, name) == getattr(config, name) for name in asked)
    if not kept.trials or not same or kept.told["data_hash"] != data_hash:
        return None
    return {name: (dict(one.params), one.valid) for name, one in kept.baselines.items()}
