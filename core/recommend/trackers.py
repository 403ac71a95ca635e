"""Where the curves of a run go besides its page: TensorBoard files always, trackio or Weights & Biases by setting."""

from __future__ import annotations

import importlib
import json
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from core.errors import SettingsError
from core.settings import settings

FOLDER = "tensorboard"
TAGS = {
    "loss": "loss/total",
    "rank_loss": "loss/ranking",
    "graph_loss": "loss/graph",
    "contrastive_loss": "loss/contrastive",
    "adversarial_loss": "loss/attacked",
    "valid": "validation/ndcg@10",
    "low": "validation/ndcg@10_low",
    "high": "validation/ndcg@10_high",
    "attacked": "validation/ndcg@10_attacked",
    "lr": "step/learning_rate",
    "grad_norm": "step/gradient_norm",
    "batch": "step/shoppers",
    "samples_per_s": "machine/examples_per_second",
    "memory_mb": "machine/memory_mib",
}
"""Field of an epoch → its name in every tracker."""


class Tracker(Protocol):
    """Takes figures by name and epoch."""

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        """Record the figures of an epoch (0 for the first)."""

    def close(self) -> None:
        """Write what is left."""


class TensorBoard:
    """Event files in a run's folder; figures of a lost epoch are superseded when it is trained again."""

    def __init__(self, folder: Path, config: Mapping[str, Any], first: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=first or None)
        if first == 0:
            told = "```json\n" + json.dumps(dict(config), indent=1) + "\n```"
            self._writer.add_text("configuration", told, 0)

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        """Write and flush, so that an open TensorBoard shows it."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()


class Remote:
    """trackio or wandb, which share these three calls; where they send to is decided by their own variables."""

    def __init__(self, package: str, run_id: str, name: str, config: Mapping[str, Any]) -> None:
        self._package: Any = importlib.import_module(package)
        own = {"id": run_id} if package == "wandb" else {}
        self._package.init(
            project=settings().tracker_project,
            name=f"{name} {run_id}",
            config=dict(config),
            resume="allow",
            **own,
        )

    def log(self, epoch: int, values: Mapping[str, float]) -> None:
        """Hand them over."""
        self._package.log(dict(values), step=epoch)

    def close(self) -> None:
        """End the run there."""
        self._package.finish()


def check_tracker() -> str:
    """The package that the settings name, "" for none; raises SettingsError where it is not installed."""
    package = settings().tracker
    if package and find_spec(package) is None:
        raise SettingsError(
            f"The package {package} is not installed.",
            where="SHELFGRAPH_TRACKER",
            remedy=f"Run pip install {package}, or leave the setting empty.",
        )
    return package


@contextmanager
def tracked(
    folder: Path, run_id: str, name: str, config: Mapping[str, Any], first: int
) -> Iterator[list[Tracker]]:
    """The trackers of a run that goes on with epoch ``first``; closed with the block. ``folder`` is the run's."""
    package = check_tracker()
    trackers: list[Tracker] = [TensorBoard(folder / FOLDER, config, first)]
    try:
        if package:
            trackers.append(Remote(package, run_id, name, config))
        yield trackers
    finally:
        for tracker in trackers:
            tracker.close()


def figures(epoch: Mapping[str, Any]) -> dict[str, float]:
    """What is logged of an epoch, by the names of TAGS."""
    return {tag: float(epoch[field]) for field, tag in TAGS.items() if field in epoch}


def open_command(folder: Path) -> str:
    """The command that opens the logs of a run, or of all runs beside it, in a browser."""
    return shlex.join(["python", "-m", "tensorboard.main", "--logdir", str(folder / FOLDER)])
