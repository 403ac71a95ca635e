"""From a trained model to an adapter on disk: its card and its curves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from core.errors import ModelUnavailable
from core.llm.adapters import AdapterCard, fingerprint, save
from core.llm.finetune import Trained
from core.llm.finetune_config import FinetuneConfig
from core.llm.finetune_curves import curves, machine, mean_rate
from core.llm.lessons import Lesson, data_hash
from core.llm.transformers_model import TransformersModel


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
        "tokens_per_s": mean_rate([step.tokens_per_s for step in trained.steps]),
        "memory_mb": max((step.memory_mb for step in trained.steps), default=0.0),
        "device": trained.device,
        "precision": trained.precision,
        "machine": machine(trained.device),
    }
    return save(folder, trained.model, card, curves(trained.steps, trained.checks))
