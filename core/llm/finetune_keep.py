"""From a trained model to an adapter on disk: its card and its curves."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import ModelUnavailable
from core.llm.adapters import AdapterCard, fingerprint, save
from core.llm.finetune import Trained
from core.llm.finetune_config import FinetuneConfig
from core.llm.lessons import Lesson, data_hash
from core.llm.transformers_model import TransformersModel

_MOST_POINTS = 400


def keep(
    folder: Path,
    base: TransformersModel,
    base_id: str,
    trained: Trained,
    config: FinetuneConfig,
    lessons: Sequence[Lesson],
    data: str,
    start: str = "",
) -> AdapterCard:
    """Write the adapter into ``folder``; ``data`` says in a few words what it learned from, ``start`` is the version
    of the adapter that it goes on from."""
    source = base.folder()
    if source is None:
        raise ModelUnavailable("The files of the base model are not here.", where=base.source)
    best, first = trained.best, trained.checks[0]
    card = {
        "base": base_id,
        "base_hash": fingerprint(source),
        "created_at": time.time(),
        "config": config.model_dump(mode="json"),
        "data": data,
        "data_hash": data_hash(lessons),
        "start": start,
        "counts": dict(trained.counts),
        "loss_before": first.loss,
        "loss": best.loss,
        "right": best.right,
        "steps": len(trained.steps),
        "seconds": trained.seconds,
        "tokens_per_s": _mean([step.tokens_per_s for step in trained.steps]),
        "memory_mb": max((step.memory_mb for step in trained.steps), default=0.0),
        "device": trained.device,
        "precision": trained.precision,
        "machine": _machine(trained.device),
    }
    return save(folder, trained.model, card, {"steps": _thinned(trained), "checks": _plain(trained.checks)})


def _thinned(trained: Trained) -> list[dict[str, Any]]:
    every = max(1, len(trained.steps) // _MOST_POINTS)
    return _plain(trained.steps[::every])


def _plain(lines: Sequence[Any]) -> list[dict[str, Any]]:
    return [asdict(line) for line in lines]


def _mean(rates: Sequence[float]) -> float:
    """The mean of rates of about equal amounts is the harmonic one."""
    return len(rates) / sum(1.0 / rate for rate in rates) if rates else 0.0


def _machine(device: str) -> str:
    """The kind of machine: its GPU where that was used, else its architecture and cores."""
    if device == "cuda":
        import torch

        return str(torch.cuda.get_device_name(0))
    return f"{platform.machine()}, {os.cpu_count()} cores"
