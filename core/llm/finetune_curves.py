"""What a training tells of itself: its steps, its validations, the memory it holds, and the machine it ran on."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``epoch`` counts passes, ``loss`` is the mean over learned tokens in nats, ``tokens_per_s`` counts
    the tokens that were computed, ``memory_mb`` is held on the GPU, else by this process; ``left`` is in seconds."""

    step: int
    epoch: float
    loss: float
    lr: float
    grad_norm: float
    tokens_per_s: float
    memory_mb: float
    left: float


@dataclass(frozen=True, slots=True)
class Check:
    """One validation: the mean loss in nats over the learned tokens of texts that are not trained on, and the share
    of those tokens that the model would choose."""

    step: int
    epoch: float
    loss: float
    right: float
    best: bool


def memory_mb(device: str) -> float:
    """MiB held at most: on the GPU where there is one, else resident in this process now."""
    import torch

    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


def curves(steps: Sequence[Any], checks: Sequence[Any]) -> dict[str, list[dict[str, Any]]]:
    """Steps and validations, which are dataclasses, as plain lines to keep; of many steps an even sample."""
    every = max(1, len(steps) // _MOST_POINTS)
    return {"steps": [asdict(line) for line in steps[::every]], "checks": [asdict(line) for line in checks]}


def mean_rate(rates: Sequence[float]) -> float:
    """The mean of rates of about equal amounts, which is the harmonic one; 0 for none."""
    return len(rates) / sum(1.0 / rate for rate in rates) if rates else 0.0


def machine(device: str) -> str:
    """The kind of machine: its GPU where that was used, else its architecture and cores."""
    if device == "cuda":
        import torch

        return str(torch.cuda.get_device_name(0))
    return f"{platform.machine()}, {os.cpu_count()} cores"
