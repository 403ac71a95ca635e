"""Stage "task": a task model from the workspace's products, graph and events, measured and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from core.jobs.context import Context
from core.recommend.config import TextKind
from core.recommend.encoder import sentence_encoder
from core.recommend.tasks.config import Kind, TaskConfig, task_config
from core.recommend.tasks.experiment import run_task
from core.recommend.tasks.fitted import Epoch
from core.recommend.tasks.kept import Card, keep, metrics_of
from core.recommend.tasks.source import read_examples


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Train, measure and keep a task model. Params: ``config`` (values of TaskConfig), ``name``.

    Returns its id, name and figures. Raises ConfigError for values out of range and DataError where there is too little
    to learn from. A resumed job starts again: a task takes seconds to minutes.
    """
    from core.recommend.machine import use_threads

    config = task_config(dict(params.get("config") or {}))
    began = time.perf_counter()
    context.progress(0, 0, "products")
    examples, parts, graph_hash = read_examples(context.workspace, config)
    use_threads(0, len(examples.products))
    context.emit(
        "plan", parts=len(parts), epochs=config.epochs, examples=len(examples), notes=dict(examples.notes)
    )
    encoder = sentence_encoder() if config.text in (TextKind.SENTENCE, TextKind.BOTH) else None
    if encoder is None and config.text is not TextKind.LEXICAL:
        context.emit("notice", code="no_sentences")
    seen = _Parts(context, len(parts))
    outcome = run_task(examples, parts, config, encoder, context.check, seen.tell)
    card = Card(context.job_id, str(params.get("name") or name_of(config)), config, graph_hash, time.time())
    outcome.metrics["seconds"] = time.perf_counter() - began
    outcome.metrics["sentences"] = encoder is not None
    keep(context.workspace, card, examples, outcome, encoder)
    return {"task": card.id, "name": card.name, **metrics_of(context.workspace, card.id)}


def name_of(config: TaskConfig) -> str:
    """What a model is called that nobody has named."""
    return config.target if config.kind is Kind.CLASS else config.kind.value


class _Parts:
    """Tells each pass, and how many parts are begun."""

    def __init__(self, context: Context, parts: int) -> None:
        self._context = context
        self._parts = parts
        self._begun: list[str] = []

    def tell(self, part: str, epoch: Epoch) -> None:
        if part not in self._begun:
            self._begun.append(part)
            self._context.progress(len(self._begun) - 1, self._parts, "task")
        train = None if epoch.train != epoch.train else epoch.train
        self._context.emit("epoch", part=part, epoch=epoch.epoch, train=train, valid=epoch.valid)
