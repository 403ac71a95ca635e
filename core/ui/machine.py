"""What this machine has to work with: cores, memory, disk, accelerators."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from core.settings import settings

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Machine:
    """Sizes in bytes. ``cores`` are those this process may use; ``accelerators`` are names, [] for none."""

    cores: int
    memory: int
    memory_free: int
    disk_free: int
    python: str
    accelerators: tuple[str, ...]


def machine() -> Machine:
    """The machine as it is now."""
    memory = psutil.virtual_memory()
    return Machine(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory=memory.total,
        memory_free=memory.available,
        disk_free=shutil.disk_usage(_existing(settings().home)).free,
        python=platform.python_version(),
        accelerators=accelerators(),
    )


@cache
def accelerators() -> tuple[str, ...]:
    """Names of the GPUs, asked of the driver and not of torch, whose import takes seconds."""
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return ("Apple GPU (MPS)",)
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    try:
        told = subprocess.run(
            [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = told.stdout.splitlines() if told.returncode == 0 else []
    return tuple(line.strip() for line in lines if line.strip())


def gpu_slot(device: str = "auto") -> str:
    """The slot that a job on this device has to hold, so that two do not share a GPU; "" where it needs none."""
    wanted = device == "cuda" or (device == "auto" and any("MPS" not in name for name in accelerators()))
    return "cuda:0" if wanted else ""


def _existing(folder: Path) -> Path:
    path = folder.absolute()
    return next(parent for parent in (path, *path.parents) if parent.is_dir())
