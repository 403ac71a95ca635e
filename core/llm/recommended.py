"""Language models worth downloading, and which of them this machine can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

GB = 10**9
Fit = Literal["gpu", "cpu", "no"]
_ROOM = 1.2
"""Weights and what a batch of prompts needs beside them."""
_FIXED = 1.5 * GB
_MOST_ON_CPU = 5 * GB
"""Larger ones run on a processor too, at a pace that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """A model of the hub. ``size`` is that of its 16-bit weights in bytes, ``parameters`` in thousand millions."""

    repo: str
    name: str
    parameters: float
    size: float
    licence: str = "Apache-2.0"
    languages: tuple[str, ...] = ("*",)

    @property
    def id(self) -> str:
        """A short id to configure it under."""
        return self.repo.rpartition("/")[2].lower()

    @property
    def needs(self) -> float:
        """Bytes of memory it takes while it reads."""
        return self.size * _ROOM + _FIXED


MODELS: Sequence[Recommended] = (
    Recommended("Qwen/Qwen3-0.6B", "Qwen3 0.6B", 0.6, 1.5 * GB),
    Recommended("Qwen/Qwen3-1.7B", "Qwen3 1.7B", 1.7, 4.1 * GB),
    Recommended("Qwen/Qwen3-4B-Instruct-2507", "Qwen3 4B Instruct", 4.0, 8.1 * GB),
    Recommended("Qwen/Qwen3-8B", "Qwen3 8B", 8.2, 16.4 * GB),
    Recommended("Qwen/Qwen3-14B", "Qwen3 14B", 14.8, 29.6 * GB),
    Recommended("Qwen/Qwen3-32B", "Qwen3 32B", 32.8, 65.6 * GB),
)


def fit(model: Recommended, memory: float, gpu_memory: float) -> Fit:
    """Where a model runs: on the GPU, on the processor, or not here. Memories are in bytes, 0 for no GPU."""
    if model.needs <= gpu_memory:
        return "gpu"
    return "cpu" if model.needs <= memory and model.size <= _MOST_ON_CPU else "no"


def best(memory: float, gpu_memory: float) -> Recommended | None:
    """The largest that this machine carries well; None where none does."""
    fits = [(model, fit(model, memory, gpu_memory)) for model in MODELS]
    wanted = "gpu" if any(place == "gpu" for _, place in fits) else "cpu"
    return next((model for model, place in reversed(fits) if place == wanted), None)
