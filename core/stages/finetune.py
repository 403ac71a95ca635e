"""The stage "finetune": the language model learns from labelled texts; what it has learned is kept as an adapter.

A resumed job goes on from its last validation and ends with the adapter of one that was never interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from core.errors import ConfigError
from core.jobs.context import Context
from core.llm import adapters, registry
from core.llm.base import ModelCard
from core.stages.checkpoint import TrainingFile
from core.stages.finetune_plan import FinetuneParams, lessons_of, material, parse, start_of

_MOST_LINES = 400


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fine-tune and keep the adapter under SHELFGRAPH_HOME/adapters. Params are those of FinetuneParams.

    Gives the adapter's name, the id of the model it makes, and its card. Raises ConfigError for settings out of
    range, DataError for too little data and ModelUnavailable where the base model cannot be had.
    """
    from core.llm.adapted import check, read_state
    from core.llm.finetune import Finetuner
    from core.llm.finetune_config import shaped_like
    from core.llm.finetune_keep import keep

    chosen, file = parse(params), TrainingFile(context)
    card = _card(chosen)
    context.progress(0, 0, "documents")
    found = material(context.workspace, chosen, card)
    given = lessons_of(found, chosen)
    context.check()
    context.progress(0, 0, "loading")
    base, start = registry.base(chosen.base), start_of(chosen)
    config, state = chosen.config, None
    if start:
        check(start[0], base.folder())
        config, state = shaped_like(config, start[1].config), read_state(start[0])
    tuner = Finetuner(base, given, config, state, file.read())
    context.emit(
        "plan",
        counts={**tuner.counts, "foreign": found.foreign},
        steps=tuner.total,
        device=tuner.device,
        precision=tuner.precision,
    )
    context.progress(0, tuner.total, "lessons")
    trained = tuner.run(context.check, *_reports(context, tuner.total), save=file.write)
    folder = adapters.home() / _name(context, chosen)
    version = start[1].version if start else ""
    made = keep(folder, base, card.id, trained, config, given, _told(context, chosen), version)
    file.remove()
    return {"adapter": made.name, "model": f"{card.id}+{made.name}", "card": made.model_dump(mode="json")}


def _card(params: FinetuneParams) -> ModelCard:
    card = next((one for one in registry.trainable() if one.id == params.base), None)
    if card is None:
        raise ConfigError(
            f"{params.base} cannot be fine-tuned here.",
            where="base",
            remedy="Choose the embedded model, or one of transformers that runs on this machine.",
        )
    return card


def _name(context: Context, params: FinetuneParams) -> str:
    """The name it was asked to have, with a number where that is taken; the same when the job is resumed."""
    kept = context.load_checkpoint() or {}
    name = str(kept.get("name") or adapters.free_name(params.name or context.workspace.info.name))
    context.save_checkpoint({**kept, "name": name})
    return name


def _told(context: Context, params: FinetuneParams) -> str:
    if params.source == "file":
        return params.file_name or "file"
    return f"{context.workspace.info.name}: {params.source}"


def _reports(context: Context, total: int) -> tuple[Any, Any]:
    every = max(1, total // _MOST_LINES)

    def on_step(step: Any) -> None:
        if step.step % every == 0 or step.step == total:
            context.emit("step", **asdict(step))
        context.progress(step.step, total, "lessons")

    def on_check(check: Any) -> None:
        context.emit("check", **asdict(check))

    return on_step, on_check
