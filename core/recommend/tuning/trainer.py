"""Tuning an encoder: pre-training on the texts, then contrast of pairs; validated as it goes, with exact resume."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.llm.backbone import Backbone
from core.llm.encoder_kinds import EncoderKind, attach
from core.llm.finetune_curves import memory_mb
from core.llm.finetune_kinds import after_step, extra_loss
from core.llm.training import Checkpoint, Training, finite, precision_of, rate_at
from core.recommend.tuning.config import TuneConfig
from core.recommend.tuning.curves import Check, Phase, Step
from core.recommend.tuning.phases import Contrast, Material, Pretraining
from core.recommend.tuning.quality import Quality

Judge = Callable[[NDArray[np.float32]], Quality]
HEAD_RATE = 1e-3
HEAD_ALONE = 0.2
"""Share of the pre-training in which a head that begins without weights learns alone, so that its noise does not go
through the encoder."""


@dataclass(frozen=True)
class Trained:
    """The learned weights of the best validation by name, in float32 on the CPU, and how they came about."""

    state: Mapping[str, Tensor]
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    counts: Mapping[str, int]
    device: str
    precision: str
    seconds: float

    @property
    def perplexity(self) -> tuple[float | None, float | None]:
        """Of held-out texts before and after the pre-training; None where there was none."""
        known = [check.perplexity for check in self.checks if check.perplexity is not None]
        return (known[0], known[-1]) if len(known) > 1 else (None, None)


class Tuner(Training[Step, Check, Trained]):
    """One tuning; ``judge`` says what vectors of all products are worth, ``resume`` is what an interrupted one of the
    same material and settings saved last.

    Takes the backbone over: it has to be freshly loaded. Raises ConfigError where the method does not fit it.
    """

    step_type, check_type = Step, Check

    def __init__(
        self,
        backbone: Backbone,
        material: Material,
        config: TuneConfig,
        judge: Judge,
        resume: Checkpoint | None = None,
    ) -> None:
        self.backbone, self.material, self.config, self.judge = backbone, material, config, judge
        device = backbone.device
        self.pairs_a_step = config.pairs_a_step(device, len(material.pairs))
        self.pretraining = Pretraining(
            backbone, material.texts, config, 2 * self.pairs_a_step, self._autocast
        )
        self.contrast = Contrast(backbone, material, config, self.pairs_a_step, self._autocast)
        self.lengths = self._lengths()
        total = sum(self.lengths.values())
        torch.manual_seed(config.seed)
        if self.lengths["pretrain"]:
            self.pretraining.start()
        self.weights = sum(weight.numel() for weight in backbone.body.parameters())
        trained: dict[str, Tensor] = attach(backbone, config, total)
        head = _head(backbone, trained) if self.lengths["pretrain"] else []
        optimiser = _optimiser(config, list(trained.values()), [*head, *self.contrast.start()])
        precision = precision_of(config.precision, device, resume)
        super().__init__(
            config, total, optimiser, trained, trained, backbone.wrapped, device, precision, resume
        )
        self._memory = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """Texts learned from and held out, products, pairs, weights that are tuned and weights there are."""
        return {
            "texts": len(self.pretraining.learned),
            "held_out": len(self.pretraining.held_out),
            "products": len(self.material.texts),
            "pairs": len(self.material.pairs),
            "parameters": sum(weight.numel() for weight in self.trained.values()),
            "all_parameters": self.weights,
        }

    def _result(self) -> Trained:
        return Trained(
            {name: value.cpu() for name, value in self.best.items()},
            tuple(self.steps),
            tuple(self.checks),
            self.counts,
            self.device,
            self.precision,
            self.seconds,
        )

    def _lengths(self) -> dict[Phase, int]:
        """Steps of each phase."""
        config = self.config
        if config.kind is EncoderKind.FROZEN:
            return {"pretrain": 0, "contrast": 0}
        return {
            "pretrain": self.pretraining.steps_an_epoch * config.pretrain_epochs,
            "contrast": self.contrast.steps_an_epoch * config.epochs,
        }

    def _place(self, step: int) -> tuple[Phase, int]:
        """The phase of a step (from 0), and its number there."""
        first = self.lengths["pretrain"]
        return ("pretrain", step) if step < first else ("contrast", step - first)

    def _step(self, number: int, check: Callable[[], None]) -> Step:
        started = time.perf_counter()
        config, (phase, place) = self.config, self._place(number)
        self._seed(number)
        rate = self._set_rate(phase, place)
        self.backbone.root.train()
        loss, texts = (self.pretraining if phase == "pretrain" else self.contrast).loss(place)
        told = finite(float(loss.detach()), number + 1)
        self._memory = max(self._memory, memory_mb(self.device))
        (loss + extra_loss(self.adapted, config)).backward()
        norm = float(torch.nn.utils.clip_grad_norm_(self._learners(), config.clip))
        self.optimiser.step()
        after_step(self.adapted, config, number + 1)
        self.optimiser.zero_grad(set_to_none=True)
        took = time.perf_counter() - started
        left = self._left(took, number + 1)
        return Step(number + 1, phase, told, rate * config.rate, norm, texts / took, self._memory, left)

    def _set_rate(self, phase: Phase, place: int) -> float:
        """Set the learning rates of a step; the share of their peaks that they have."""
        length = self.lengths[phase]
        rate = rate_at(place, length, self.config)
        alone = phase == "pretrain" and self.backbone.fresh_head and place < HEAD_ALONE * length
        for group in self.optimiser.param_groups:
            group["lr"] = rate * (0.0 if alone and group["own"] else group["peak"])
        return rate

    def _left(self, took: float, done: int) -> float:
        rates = [step.texts_per_s for step in self.steps[-20:]]
        mean = 2 * self.pairs_a_step * len(rates) / sum(rates) if rates else took
        return mean * (self.total - done)

    def _measured(self, step: int, check: Callable[[], None]) -> Check:
        phase = self._place(max(step - 1, 0))[0]
        first, last = step == 0, step == self.lengths["pretrain"]
        told = self.lengths["pretrain"] and phase == "pretrain"
        perplexity = self.pretraining.perplexity(check) if told else None
        if not (first or last or phase == "contrast"):
            return Check(step, phase, perplexity)
        with self._autocast():
            vectors = self.backbone.encode(self.material.texts, check=check)
        found = self.judge(vectors)
        best = self._keep_if_best(step, found.ndcg)
        return Check(step, phase, perplexity, found.ndcg, found.hr, found.recall, found.low, found.high, best)

    def _worth(self, line: Check) -> float | None:
        return line.ndcg

    def _counts(self, step: int) -> bool:
        # What was not tuned at all is not kept as a tuned encoder, even where tuning makes it no better.
        return (step > 0 or not self.total) and super()._counts(step)

    def _due(self, step: int) -> bool:
        phase, place = self._place(step - 1)
        length = self.lengths[phase]
        epochs = self.config.pretrain_epochs if phase == "pretrain" else self.config.epochs
        every = max(1, round(length / epochs / self.config.checks))
        return (place + 1) % every == 0 or place + 1 == length

    def _autocast(self) -> AbstractContextManager[Any]:
        dtype = getattr(torch, self.precision)
        return torch.autocast(self.device, dtype, enabled=dtype != torch.float32 and self.device != "mps")


def _optimiser(config: TuneConfig, own: list[Tensor], rest: list[Tensor]) -> torch.optim.AdamW:
    """Steps the ``own`` weights of the encoder at the rate of its kind, the ``rest`` at that of a head."""
    groups = [
        {"params": own, "peak": config.rate, "own": True},
        {"params": rest, "peak": HEAD_RATE, "own": False},
    ]
    empty = [{"params": [torch.nn.Parameter(torch.zeros(1))], "peak": 0.0, "own": True}]
    found = [group for group in groups if group["params"]] or empty
    return torch.optim.AdamW(found, lr=0.0, weight_decay=config.weight_decay)


def _head(backbone: Backbone, trained: Mapping[str, Tensor]) -> list[Tensor]:
    """The weights of a head that begins without any, ready to learn; those it shares with the body are left out."""
    if not backbone.fresh_head:
        return []
    inside = {id(weight) for weight in backbone.body.parameters()} | {id(one) for one in trained.values()}
    found = [one for one in backbone.model.parameters() if id(one) not in inside]
    for weight in found:
        weight.requires_grad_(True)
    return found
