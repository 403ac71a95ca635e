"""Supervised fine-tuning of a causal language model with an adapter: loss on what the model chooses, exact resume.

The model computes in the precision that is fastest here; the adapter is kept and stepped in float32.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.errors import DataError
from core.llm.adapted import load_state
from core.llm.finetune_config import FinetuneConfig
from core.llm.finetune_curves import Check, Step, memory_mb
from core.llm.finetune_kinds import after_step, extra_loss, wrap
from core.llm.finetune_loss import token_loss
from core.llm.lessons import Batch, Lesson, batches, encode, split
from core.llm.training import Checkpoint, Training, finite, precision_of, rate_at
from core.llm.transformers_model import TransformersModel, best_device, use_threads


@dataclass(frozen=True)
class Trained:
    """The model with the adapter of the best validation, its curves and what it was trained on."""

    model: Any
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    counts: Mapping[str, int]
    device: str
    precision: str
    seconds: float

    @property
    def best(self) -> Check:
        """The validation with the lowest loss that counts."""
        return next(check for check in reversed(self.checks) if check.best)


class Finetuner(Training[Step, Check, Trained]):
    """One fine-tuning; ``start`` are the tensors of an adapter of the same shape that it goes on from, ``resume`` what
    an interrupted run of the same lessons and settings saved last. Raises DataError where no lesson can be used,
    ValueError where ``start`` does not fit."""

    step_type, check_type = Step, Check

    def __init__(
        self,
        base: TransformersModel,
        lessons: Sequence[Lesson],
        config: FinetuneConfig,
        start: Mapping[str, Any] | None = None,
        resume: Checkpoint | None = None,
    ) -> None:
        self.config = config
        device = best_device() if config.device == "auto" else config.device
        use_threads()
        train, valid = split(lessons, config.valid_share, config.seed)
        self.train, self.valid = (
            encode(part, base.encode, base.tokenizer, config.max_tokens) for part in (train, valid)
        )
        self.counts = {
            "lessons": len(self.train),
            "valid_lessons": len(self.valid),
            "texts": len({lesson.text for lesson in train}),
            "valid_texts": len({lesson.text for lesson in valid}),
            "left_out": len(lessons) - len(self.train) - len(self.valid),
        }
        _usable(self.counts, config)
        each = len(batches(self.train, config.batch_size))
        self.each_epoch = math.ceil(each / config.accumulation)
        most = self.each_epoch * config.epochs
        total = min(most, config.steps) if config.steps else most
        precision = precision_of(config.precision, device, resume)
        fresh = base.fresh(getattr(torch, precision))
        # Only now: loading a model may draw at random too, by threads of its own.
        torch.manual_seed(config.seed)
        self.model = wrap(fresh, config, total).to(device)
        if start:
            load_state(self.model, start)
        trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        self.counts["parameters"] = sum(p.numel() for p in trained.values())
        # Steps are smaller than what half precision resolves, so they are taken on copies in full precision.
        masters = {name: p.detach().clone().float().requires_grad_() for name, p in trained.items()}
        optimiser = torch.optim.AdamW(masters.values(), lr=0.0, weight_decay=config.weight_decay)
        super().__init__(config, total, optimiser, trained, masters, self.model, device, precision, resume)
        self._began: tuple[float, int] | None = None

    def _result(self) -> Trained:
        return Trained(
            self.model,
            tuple(self.steps),
            tuple(self.checks),
            self.counts,
            self.device,
            self.precision,
            self.seconds,
        )

    def _step(self, number: int, check: Callable[[], None]) -> Step:
        started = time.perf_counter()
        self._began = self._began or (started, number)
        config, group = self.config, self._group(number)
        self._seed(number)
        rate = config.learning_rate * rate_at(number, self.total, config)
        for options in self.optimiser.param_groups:
            options["lr"] = rate
        loss = self._backward(group, number + 1, check)
        norm = float(torch.nn.utils.clip_grad_norm_(self.stepped.values(), config.clip))
        self.optimiser.step()
        self._load(self.stepped)
        if after_step(self.model, config, number + 1):
            with torch.no_grad():
                for name, weight in self.trained.items():
                    self.stepped[name].copy_(weight)
        self.model.zero_grad(set_to_none=True)
        done = time.perf_counter()
        return Step(
            number + 1,
            (number + 1) / self.each_epoch,
            loss,
            rate,
            norm,
            sum(batch.tokens for batch in group) / (done - started),
            memory_mb(self.device),
            (done - self._began[0]) / (number + 1 - self._began[1]) * (self.total - number - 1),
        )

    def _group(self, step: int) -> list[Batch]:
        """The batches of a step, the same whenever it is asked for."""
        epoch, place = divmod(step, self.each_epoch)
        drawn = random.Random(f"{self.config.seed}/{epoch}")
        made = batches(self.train, self.config.batch_size, drawn)
        return made[place * self.config.accumulation : (place + 1) * self.config.accumulation]

    def _backward(self, group: Sequence[Batch], step: int, check: Callable[[], None]) -> float:
        """Give the stepped weights their gradients; the mean loss of a learned token, in nats."""
        self.model.train()
        learned = sum(len(item.learned) for batch in group for item in batch.items)
        total = 0.0
        for batch in group:
            check()
            loss = token_loss(self.model, self.config, batch)[0] / learned
            total = finite(total + float(loss.detach()), step)
            (loss + extra_loss(self.model, self.config) / len(group)).backward()
        for name, weight in self.trained.items():
            self.stepped[name].grad = None if weight.grad is None else weight.grad.float()
        return total

    def _measured(self, step: int, check: Callable[[], None]) -> Check:
        self.model.eval()
        loss, right, learned = 0.0, 0, 0
        with torch.inference_mode():
            for batch in batches(self.valid, self.config.batch_size):
                check()
                value, hits = token_loss(self.model, self.config, batch)
                loss, right = loss + float(value), right + hits
                learned += sum(len(item.learned) for item in batch.items)
        mean = loss / learned
        return Check(step, step / self.each_epoch, mean, right / learned, self._keep_if_best(step, -mean))

    def _worth(self, line: Check) -> float:
        return -line.loss

    def _due(self, step: int) -> bool:
        every = max(1, round(self.each_epoch / self.config.checks))
        return step % every == 0 or step == self.total


def _usable(counts: Mapping[str, int], config: FinetuneConfig) -> None:
    if counts["lessons"] and counts["valid_lessons"]:
        return
    raise DataError(
        f"No lesson fits into {config.max_tokens} tokens.",
        where="lessons",
        remedy="Raise the limit, or learn from shorter texts.",
    )
