"""What every bench prints: the machine, a table, memory and time."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Clock:
    """Seconds of the block it timed: by the wall, and of the processor (all threads of this process)."""

    seconds: float = 0.0
    cpu: float = 0.0


@contextmanager
def timed() -> Iterator[Clock]:
    """Time the block."""
    clock = Clock()
    began, cpu = time.perf_counter(), time.process_time()
    try:
        yield clock
    finally:
        clock.seconds, clock.cpu = time.perf_counter() - began, time.process_time() - cpu


def machine() -> str:
    """Cores, architecture and versions, for the foot of a table."""
    import torch

    gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "no GPU"
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"torch {torch.__version__}, {gpu}"
    )


def peak_memory_mb(*, children: bool = False) -> float:
    """The largest resident size of this process (or of its ended children) so far, in MB."""
    who = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    return resource.getrusage(who).ru_maxrss / 1024


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    return "\n".join(line(cells) for cells in (columns, ["---"] * len(columns), *rows))


def line(cells: Sequence[object]) -> str:
    """A line of such a table."""
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1 else f"{value:,.1f}"
    return str(value)
