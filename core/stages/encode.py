"""The stage "encode": the text encoder is tuned to the catalogue, in one way or in several that are then compared.

A resumed job goes on from the last validation of the encoder it was at and ends with the same encoders as one that was
never interrupted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.jobs.context import Context
from core.llm.encoder_kinds import EncoderKind
from core.llm.files import SENTENCES
from core.recommend.encoder import ENCODERS
from core.recommend.tuning.config import TuneConfig, config_of
from core.stages.checkpoint import TrainingFile
from core.stages.params import parsed

_MOST_LINES = 300
_TOLD_EVERY = 256
"""Texts after which the job says how far it is."""


class EncodeParams(BaseModel):
    """The settings of a tuning. With several ``kinds`` each makes an encoder, with all other settings alike but for the
    learning rate, which is the usual one of the kind unless it is given."""

    model_config = ConfigDict(extra="forbid")

    base: str = Field(default=SENTENCES, min_length=1, max_length=500, description="Id of the base model.")
    kinds: tuple[EncoderKind, ...] = Field(default=(), description="Kinds to compare; else that of config.")
    name: str = Field(default="", max_length=60, description="What the encoders are called.")
    config: TuneConfig = Field(default_factory=TuneConfig, description="How it is tuned.")


def parse(params: Mapping[str, Any]) -> EncodeParams:
    """The settings as they are meant; raises ConfigError that names the setting."""
    given = {**params, "config": config_of(dict(params.get("config") or {}))}
    return parsed(EncodeParams, given, "The tuning", "encode")


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Tune and keep the encoders below ``encoders`` in the workspace. Params are those of EncodeParams.

    Gives the ids of the encoders and that of the best by validation NDCG@10. Raises ConfigError for settings out of
    range, DataError for too few events and ModelUnavailable where the base model cannot be had.
    """
    from core.recommend.tuning.kept import TUNED, folder_of
    from core.recommend.tuning.material import ground

    chosen = parse(params)
    kinds = chosen.kinds or (chosen.config.kind,)
    done: list[str] = list((context.load_checkpoint() or {}).get("done", []))
    context.progress(0, 0, "loading")
    found = ground(context.workspace, chosen.config)
    context.check()
    frozen = _frozen(context, chosen.base, found)
    context.emit("plan", base=chosen.base, kinds=list(kinds), frozen=frozen.plain())
    for kind in kinds[len(done) :]:
        done.append(_tuned(context, chosen, kind, (len(done), len(kinds)), found, frozen))
        context.save_checkpoint({"done": done})
        TrainingFile(context).remove()
    cards = [TUNED.read(folder_of(context.workspace, one)) for one in done]
    best = max(cards, key=lambda card: card.valid["ndcg"])
    return {
        "encoders": done,
        "best": best.id,
        "frozen": frozen.plain(),
        "cards": [_line(card) for card in cards],
    }


def _frozen(context: Context, base: str, found: Any) -> Any:
    """What the base model's own vectors are worth."""
    from core.llm.adapters import fingerprint
    from core.llm.backbone import Backbone
    from core.recommend.tuning.quality import validated
    from core.recommend.vectors import KeptVectors

    backbone = Backbone(base)
    encoder = _Checked(backbone, context)
    vectors = KeptVectors(encoder, f"frozen/{fingerprint(backbone.folder)}").encode(found.material.texts)
    return validated(vectors, found.split, context.check)


@dataclass(frozen=True)
class _Checked:
    """A backbone that heeds the job's wishes while it reads a catalogue, and says how far it is."""

    backbone: Any
    context: Context

    def encode(self, texts: Sequence[str]) -> Any:
        import numpy as np

        parts = []
        for first in range(0, len(texts), _TOLD_EVERY):
            self.context.progress(first, len(texts), "vectors")
            parts.append(self.backbone.encode(texts[first : first + _TOLD_EVERY], check=self.context.check))
        return np.concatenate(parts)


def _tuned(
    context: Context, chosen: EncodeParams, kind: EncoderKind, place: tuple[int, int], found: Any, frozen: Any
) -> str:
    """Tune one encoder and keep it; gives its id."""
    from core.llm.backbone import Backbone
    from core.recommend.tuning.quality import validated
    from core.recommend.tuning.trainer import Tuner
    from core.recommend.vectors import store

    config = chosen.config.model_copy(update={"kind": kind})
    device, file = "" if config.device == "auto" else config.device, TrainingFile(context)
    tuner = Tuner(
        Backbone(chosen.base, device),
        found.material,
        config,
        lambda vectors: validated(vectors, found.split, context.check),
        file.read(),
    )
    context.emit(
        "method",
        method=kind,
        total=tuner.total,
        counts=tuner.counts,
        device=tuner.device,
        precision=tuner.precision,
    )
    reports = _reports(context, kind, tuner.total, place)
    trained = tuner.run(context.check, *reports, save=file.write)
    context.progress((place[0] + 1) * tuner.total, place[1] * tuner.total, "vectors_tuned")
    # What is kept is read in full precision, so its quality is measured so.
    vectors = tuner.backbone.encode(found.material.texts, check=context.check)
    quality = validated(vectors, found.split, context.check)
    card = _keep(context, chosen, config, tuner, trained, found, frozen, quality)
    store(card.identity, found.material.texts, vectors)
    context.emit("kept", card=_line(card))
    return str(card.id)


def _keep(
    context: Context,
    chosen: EncodeParams,
    config: TuneConfig,
    tuner: Any,
    trained: Any,
    found: Any,
    frozen: Any,
    quality: Any,
) -> Any:
    from core.llm.adapters import fingerprint
    from core.llm.finetune_curves import curves, machine, mean_rate
    from core.recommend.significance import bootstrap
    from core.recommend.tuning.kept import hash_of, keep

    base_hash, told = fingerprint(tuner.backbone.folder), config.model_dump(mode="json")
    change = bootstrap(quality.per_case - frozen.per_case, config.seed)
    train = found.split.train
    card = {
        "name": chosen.name or context.workspace.info.name,
        "base": chosen.base,
        "base_hash": base_hash,
        "weights_hash": hash_of(trained.state, told, base_hash),
        "style": tuner.backbone.style,
        "config": told,
        "created_at": time.time(),
        "job": context.job_id,
        "data_hash": found.hash,
        "train_hash": train.hash,
        "until": float(train.time.max()),
        "counts": dict(trained.counts),
        "perplexity_before": trained.perplexity[0],
        "perplexity": trained.perplexity[1],
        "frozen": frozen.plain(),
        "valid": quality.plain(),
        "change": asdict(change),
        "steps": len(trained.steps),
        "seconds": trained.seconds,
        "texts_per_s": mean_rate([step.texts_per_s for step in trained.steps]),
        "memory_mb": max((step.memory_mb for step in trained.steps), default=0.0),
        "device": trained.device,
        "precision": trained.precision,
        "machine": machine(trained.device),
    }
    root = context.workspace.folder / ENCODERS
    return keep(root, trained.state, card, curves(trained.steps, trained.checks))


def _line(card: Any) -> dict[str, Any]:
    """What an event and a result tell of an encoder."""
    names = (
        "id",
        "kind",
        "counts",
        "perplexity_before",
        "perplexity",
        "valid",
        "change",
        "seconds",
        "memory_mb",
    )
    return {name: getattr(card, name) for name in names}


def _reports(context: Context, kind: EncoderKind, total: int, place: tuple[int, int]) -> tuple[Any, Any]:
    every = max(1, total // _MOST_LINES)
    before, of = place

    def on_step(step: Any) -> None:
        if step.step % every == 0 or step.step == total:
            context.emit("step", method=kind, **asdict(step))
        context.progress(before * total + step.step, of * total, f"tuning_{kind}")

    def on_check(check: Any) -> None:
        context.emit("check", method=kind, **asdict(check))

    return on_step, on_check
