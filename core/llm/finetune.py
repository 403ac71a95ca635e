"""Supervised fine-tuning of a causal language model with an adapter: loss on what the model chooses, exact resume.

The model computes in the precision that is fastest here; the adapter is kept and stepped in float32.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from core.errors import DataError
from core.llm.adapted import load_state
from core.llm.finetune_config import FinetuneConfig
from core.llm.finetune_curves import Check, Step, memory_mb
from core.llm.finetune_kinds import (
    after_step,
    budget,
    extra_loss,
    restore_budget,
    settled,
    wrap,
)
from core.llm.finetune_loss import token_loss
from core.llm.lessons import Batch, Lesson, batches, encode, split
from core.llm.transformers_model import TransformersModel, best_device, best_dtype, use_threads

Checkpoint = dict[str, Any]
"""Tensors and plain values only, so that it is read back without unpickling objects."""


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


class Rates(Protocol):
    """How the learning rate goes; see ``FinetuneConfig``."""

    @property
    def warmup_share(self) -> float: ...  # noqa: D102
    @property
    def schedule(self) -> str: ...  # noqa: D102


class Finetuner:
    """Owns model, adapter and optimiser of one fine-tuning; ``start`` are the tensors of an adapter of the same shape
    that it goes on from, ``resume`` what an interrupted run of the same lessons and settings saved last. Raises
    DataError where no lesson can be used or the loss is no number, ValueError where ``start`` does not fit."""

    def __init__(
        self,
        base: TransformersModel,
        lessons: Sequence[Lesson],
        config: FinetuneConfig,
        start: Mapping[str, Any] | None = None,
        resume: Checkpoint | None = None,
    ) -> None:
        import torch

        self.config = config
        self.device = best_device() if config.device == "auto" else config.device
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
        self.total = min(most, config.steps) if config.steps else most
        self.precision = resume["precision"] if resume else _precision(self.device, config)
        fresh = base.fresh(getattr(torch, self.precision))
        # Only now: loading a model may draw at random too.
        torch.manual_seed(config.seed)
        self.model = wrap(fresh, config, self.total).to(self.device)
        if start:
            load_state(self.model, start)
        self.trained = {n: p for n, p in self.model.named_parameters() if p.requires_grad}
        self.counts["parameters"] = sum(p.numel() for p in self.trained.values())
        # Steps are smaller than what half precision resolves, so they are taken on copies in full precision.
        self.masters = {name: p.detach().clone().float().requires_grad_() for name, p in self.trained.items()}
        self.optimiser = torch.optim.AdamW(self.masters.values(), lr=0.0, weight_decay=config.weight_decay)
        self.steps: list[Step] = []
        self.checks: list[Check] = []
        self.best = self._state()
        self.seconds = 0.0
        if resume:
            self._restore(resume)

    def run(
        self,
        check: Callable[[], None] = lambda: None,
        on_step: Callable[[Step], None] = lambda step: None,
        on_check: Callable[[Check], None] = lambda check: None,
        save: Callable[[Checkpoint], None] = lambda checkpoint: None,
    ) -> Trained:
        """Train until the steps are done or validation stops getting better. ``check`` may raise to stop; ``save`` is
        called after each validation. A resumed run ends with the adapter of one that was never interrupted."""
        began, before = time.perf_counter(), self.seconds
        if not self.checks:
            self._validate(check)  # what the untouched model makes of it
            on_check(self.checks[-1])
        done, started = len(self.steps), time.perf_counter()
        while len(self.steps) < self.total and not self._stalled():
            group = self._group(len(self.steps))
            check()
            self.steps.append(self._step(group, check, started, done))
            on_step(self.steps[-1])
            if self._due(len(self.steps)):
                self._validate(check)
                on_check(self.checks[-1])
                self.seconds = before + time.perf_counter() - began
                save(self._checkpoint())
        self._load(self.best)
        return Trained(
            self.model,
            tuple(self.steps),
            tuple(self.checks),
            self.counts,
            self.device,
            self.precision,
            self.seconds,
        )

    def _group(self, step: int) -> list[Batch]:
        """The batches of a step, the same whenever it is asked for."""
        epoch, place = divmod(step, self.each_epoch)
        drawn = random.Random(f"{self.config.seed}/{epoch}")
        made = batches(self.train, self.config.batch_size, drawn)
        return made[place * self.config.accumulation : (place + 1) * self.config.accumulation]

    def _step(self, group: Sequence[Batch], check: Callable[[], None], began: float, done: int) -> Step:
        import torch

        number, config = len(self.steps), self.config
        # Seeding each step by its number makes a resumed run equal to one that was never interrupted.
        torch.manual_seed(config.seed * 1_000_003 + number)
        started = time.perf_counter()
        rate = config.learning_rate * rate_at(number, self.total, config)
        for options in self.optimiser.param_groups:
            options["lr"] = rate
        self.model.train()
        learned = sum(len(item.learned) for batch in group for item in batch.items)
        total = 0.0
        for batch in group:
            check()
            loss = token_loss(self.model, config, batch)[0] / learned
            total += float(loss.detach())
            if not math.isfinite(total):
                raise DataError(
                    f"The loss is no longer a number at step {number + 1}.",
                    where="training",
                    remedy="Start again with a lower learning rate.",
                )
            (loss + extra_loss(self.model, config) / len(group)).backward()
        for name, parameter in self.trained.items():
            self.masters[name].grad = None if parameter.grad is None else parameter.grad.float()
        norm = float(torch.nn.utils.clip_grad_norm_(self.masters.values(), config.clip))
        self.optimiser.step()
        self._load(self.masters)
        if after_step(self.model, config, number + 1):
            with torch.no_grad():
                for name, parameter in self.trained.items():
                    self.masters[name].copy_(parameter)
        self.model.zero_grad(set_to_none=True)
        took = time.perf_counter() - started
        each = (time.perf_counter() - began) / (number + 1 - done)
        return Step(
            number + 1,
            (number + 1) / self.each_epoch,
            total,
            rate,
            norm,
            sum(batch.tokens for batch in group) / took,
            memory_mb(self.device),
            each * (self.total - number - 1),
        )

    def _validate(self, check: Callable[[], None]) -> None:
        import torch

        self.model.eval()
        loss, right, learned = 0.0, 0, 0
        with torch.inference_mode():
            for batch in batches(self.valid, self.config.batch_size):
                check()
                value, hits = token_loss(self.model, self.config, batch)
                loss, right = loss + float(value), right + hits
                learned += sum(len(item.learned) for item in batch.items)
        step = len(self.steps)
        # A budget of ranks that still moves would be cut out of an earlier adapter at the wrong places.
        counts = settled(self.config, step, self.total)
        known = [one.loss for one in self.checks if one.best]
        best = counts and loss / learned < min(known, default=math.inf)
        self.checks.append(Check(step, step / self.each_epoch, loss / learned, right / learned, best))
        if best:
            self.best = self._state()

    def _due(self, step: int) -> bool:
        every = max(1, round(self.each_epoch / self.config.checks))
        return step % every == 0 or step == self.total

    def _stalled(self) -> bool:
        counted = [check for check in self.checks if settled(self.config, check.step, self.total)]
        best = max((at for at, check in enumerate(counted) if check.best), default=-1)
        return len(counted) - 1 - best >= self.config.patience

    def _state(self) -> dict[str, Any]:
        return {name: value.detach().clone() for name, value in self.masters.items()}

    def _load(self, state: Mapping[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(state[name])

    def _checkpoint(self) -> Checkpoint:
        return {
            "masters": self._state(),
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "budget": budget(self.model, self.config),
            "steps": [asdict(step) for step in self.steps],
            "checks": [asdict(check) for check in self.checks],
            "seconds": self.seconds,
            "precision": self.precision,
        }

    def _restore(self, checkpoint: Mapping[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for name, value in checkpoint["masters"].items():
                self.masters[name].copy_(value)
        self._load(self.masters)
        self.best = {name: value.to(self.device) for name, value in checkpoint["best"].items()}
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        restore_budget(self.model, self.config, checkpoint["budget"])
        self.steps = [Step(**line) for line in checkpoint["steps"]]
        self.checks = [Check(**line) for line in checkpoint["checks"]]
        self.seconds = float(checkpoint["seconds"])


def _precision(device: str, config: FinetuneConfig) -> str:
    """What it computes in. ``auto`` is measured, so an interrupted run has to keep what it began with: a processor
    that is busy meanwhile may measure otherwise, and the other precision learns another adapter."""
    if config.precision != "auto":
        return config.precision
    return str(best_dtype(device)).removeprefix("torch.")


def rate_at(step: int, total: int, config: Rates) -> float:
    """The learning rate at a step (counted from 0), as a share of its peak: it rises, then falls to a twentieth."""
    warm = max(1, round(total * config.warmup_share))
    if step < warm:
        return (step + 1) / warm
    share = (step - warm) / max(1, total - warm)
    falling = 0.5 * (1 + math.cos(math.pi * share)) if config.schedule == "cosine" else 1 - share
    return 0.05 + 0.95 * falling


def _usable(counts: Mapping[str, int], config: FinetuneConfig) -> None:
    if counts["lessons"] and counts["valid_lessons"]:
        return
    raise DataError(
        f"No lesson fits into {config.max_tokens} tokens.",
        where="lessons",
        remedy="Raise the limit, or learn from shorter texts.",
    )
