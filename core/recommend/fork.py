"""Forks: a new run that starts from a checkpoint of another, with other settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from core.errors import ConfigError, RunError
from core.form import entries
from core.recommend.artefact import read_curves
from core.recommend.config import TrainConfig
from core.recommend.runs import Run
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from torch import Tensor

Which = Literal["best", "last"]
FILE = "checkpoint.pt"
WEIGHTS = "weights.safetensors"
FIXED = (
    *(entry.name for entry in entries(TrainConfig) if entry.section == "data"),
    *(
        "text",
        "encoder",
        "graph",
        "reviews_in_graph",
        "behaviour_in_graph",
        "id_dim",
        "text_dim",
        "graph_dim",
    ),
    *("layers", "heads", "width", "history_length"),
)
"""Settings that a fork keeps: those that give the weights their shape, and those that say what is tested on. A fork
that cut the events elsewhere would be tested on what its parent was trained on."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint of a run: its epoch (0 for the first), its validation NDCG@10 and the size of its file in bytes,
    which holds the best epoch and the last."""

    which: Which
    epoch: int
    valid: float
    size: int


def saved(workspace: Workspace, run_id: str) -> list[Saved]:
    """The checkpoints that a run has: its best epoch and, where it is another, its last. [] before the first."""
    folder = workspace.sub("runs") / run_id
    curves = read_curves(folder)
    sizes = {
        name: (folder / name).stat().st_size if (folder / name).is_file() else 0 for name in (FILE, WEIGHTS)
    }
    if not curves or not any(sizes.values()):
        return []
    best = max(range(len(curves)), key=lambda k: curves[k]["valid"] + curves[k].get("attacked", 0.0))
    places: dict[Which, int] = {"best": best}
    if sizes[FILE] and best != len(curves) - 1:
        places["last"] = len(curves) - 1
    return [
        Saved(which, epoch, float(curves[epoch]["valid"]), sizes[FILE] or sizes[WEIGHTS])
        for which, epoch in places.items()
    ]


def check_fork(run: Run, config: TrainConfig, data_hash: str, graph_hash: str) -> None:
    """Raises ConfigError where a setting differs that a fork keeps, RunError where data or graph have changed."""
    told, parent = config.model_dump(mode="json"), parent_config(run)
    other = [name for name in FIXED if told[name] != parent[name]]
    if other:
        raise ConfigError(
            "A fork cannot change this setting.",
            where=", ".join(other),
            remedy="Leave it as it is in the run that is forked, or train from the start.",
        )
    if (run.data_hash, run.graph_hash) != (data_hash, graph_hash):
        raise RunError(
            "Events, products or the graph have changed since the run was trained.",
            where=run.id,
            remedy="Train from the start.",
        )


def start_weights(workspace: Workspace, run: Run, which: str) -> Mapping[str, Tensor]:
    """The weights of a run's checkpoint; raises RunError where it has no such checkpoint."""
    folder = workspace.sub("runs") / run.id
    if which not in [one.which for one in saved(workspace, run.id)]:
        raise RunError(
            f"The run has no checkpoint {which}.", where=run.id, remedy="Choose another run or checkpoint."
        )
    if which == "best" and (folder / WEIGHTS).is_file():
        from safetensors.torch import load_file

        weights: Mapping[str, Tensor] = load_file(folder / WEIGHTS)
        return weights
    import torch

    kept = torch.load(folder / FILE, weights_only=True)
    found: Mapping[str, Tensor] = kept["best" if which == "best" else "network"]
    return found


def parent_config(run: Run) -> dict[str, Any]:
    """All settings of a run as plain values; one that came after it has its default."""
    return TrainConfig().model_dump(mode="json") | dict(run.config)
