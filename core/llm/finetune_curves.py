"""What a fine-tuning tells of itself while it runs: its steps, its validations, and the memory it holds."""

from __future__ import annotations

from dataclasses import dataclass


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
