"""What a search is asked to do, and what it keeps of each trial."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from core.recommend.config import PRESETS, TrainConfig
from core.recommend.search.space import USUAL, Dimension, Value, space
from core.storage.whole import write_text

PLAN, TRIALS, BASELINES, FOUND = "plan.json", "trials.jsonl", "baselines.json", "found.json"
DONE, PRUNED, FAILED = "done", "pruned", "failed"


def _usual() -> Iterator[tuple[str, list[Value]]]:
    return ((name, []) for name in USUAL)


class SearchPlan(BaseModel):
    """``config`` is where the search starts and what stays as it is; ``fields`` maps a searched setting to its options
    or the ends of its range, empty for the usual ones. It stops after ``trials``, or when ``minutes`` (0 for no limit)
    are over. ``baselines`` gives each baseline as many trials after its grid."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=120)
    config: TrainConfig = PRESETS["quick"]
    fields: dict[str, list[Value]] = Field(default_factory=lambda: dict(_usual()))
    trials: int = Field(default=20, ge=1, le=1_000)
    minutes: float = Field(default=30.0, ge=0.0, le=10_080.0)
    prune: bool = True
    baselines: bool = True
    seed: int = Field(default=0, ge=0, le=2**31 - 1)

    @field_validator("config", mode="after")
    @classmethod
    def _alone(cls, config: TrainConfig) -> TrainConfig:
        return config.model_copy(update={"certificate": False})

    def dimensions(self) -> tuple[Dimension, ...]:
        """What is searched; raises ConfigError where that cannot be."""
        return space(self.fields)


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: ``curve`` is validation NDCG@10 by epoch, ``value`` the best of it (None where there is none);
    ``state`` is "done", "pruned" (stopped for being below the median) or "failed", with the ``reason``."""

    number: int
    state: str
    params: Mapping[str, Value]
    value: float | None
    curve: Sequence[float] = ()
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A baseline: its best parameters, their validation NDCG@10, and by how many trials they were found."""

    params: dict[str, float]
    valid: float
    trials: int
    seconds: float
    curve: Sequence[float] = field(default_factory=tuple)


def append_trial(folder: Path, trial: Trial) -> None:
    """Write a trial behind the others, in one line."""
    with (folder / TRIALS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(trial)) + "\n")


def read_trials(folder: Path) -> list[Trial]:
    """The trials so far, in their order; a line that was cut off by a crash is left out."""
    path = folder / TRIALS
    if not path.is_file():
        return []
    lines = path.read_text("utf-8").split("\n")
    return [Trial(**json.loads(line)) for line in lines[:-1] if line]


def mend_trials(folder: Path) -> list[Trial]:
    """The trials so far; half a line at the end is taken away, so that the next begins a line of its own."""
    trials = read_trials(folder)
    text = "".join(json.dumps(asdict(trial)) + "\n" for trial in trials)
    write_text(folder / TRIALS, text)
    return trials


def read_json(path: Path) -> dict[str, Any] | None:
    """A file of the search; None before it is written."""
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else None


def best_of(trials: Sequence[Trial]) -> Trial | None:
    """The best trial that ran to its end; of equals the first."""
    done = [trial for trial in trials if trial.state == DONE and trial.value is not None]
    return max(done, key=lambda trial: (trial.value or 0.0, -trial.number), default=None)
