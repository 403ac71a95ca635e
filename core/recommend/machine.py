"""What a run computes on: device, threads, memory."""

from __future__ import annotations

import os

import torch

from core.settings import settings

SMALL = 5_000
"""Where a step ranks fewer products than this, its matrices are so small that handing them to a second thread costs
as much time as it saves."""


def pick_device(wanted: str) -> str:
    """The device to train on; "auto" takes CUDA, then MPS, then the CPU."""
    if wanted != "auto":
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def use_threads(wanted: int, ranked: int) -> None:
    """Set the CPU threads of torch: as wanted, else as the settings say, else by how many products a step ranks."""
    cores = os.cpu_count() or 1
    torch.set_num_threads(wanted or settings().threads or (1 if ranked < SMALL else cores))


def memory_mb(device: str) -> float:
    """MiB held: on the GPU where there is one, else resident in this process."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device) / 2**20
    import psutil

    return float(psutil.Process().memory_info().rss) / 2**20


def free(device: str) -> None:
    """Give back what the allocator of a GPU keeps for later."""
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
