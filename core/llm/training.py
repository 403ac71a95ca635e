"""The loop by which adapters and encoders learn: steps, validations, the best state kept, patience, an exact resume."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from core.errors import DataError
from core.llm.finetune_kinds import Method, budget, restore_budget, settled
from core.llm.transformers_model import best_dtype

Checkpoint = dict[str, Any]
"""Tensors and plain values only, so that it is read back without unpickling objects."""


class Rates(Protocol):
    """How the learning rate goes; see ``FinetuneConfig``."""

    @property
    def warmup_share(self) -> float: ...  # noqa: D102
    @property
    def schedule(self) -> str: ...  # noqa: D102


class Course(Method, Rates, Protocol):
    """What the course of a training depends on; see ``FinetuneConfig``."""

    @property
    def patience(self) -> int: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102


class Line(Protocol):
    """What a step or a validation tells of itself, a dataclass. ``step`` counts the steps done by then."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def step(self) -> int: ...  # noqa: D102


class CheckLine(Line, Protocol):
    """A validation; ``best`` says that its state is the one to keep."""

    @property
    def best(self) -> bool: ...  # noqa: D102


S = TypeVar("S", bound=Line)
C = TypeVar("C", bound=CheckLine)
T = TypeVar("T")


class Training(ABC, Generic[S, C, T]):
    """At most ``total`` steps of an optimiser; gives T. A subclass says what a step and a validation are.

    ``trained`` are the weights of the model that learn. ``stepped`` are the copies of them that the optimiser moves, by
    the same names, or the same tensors. ``adapted`` is what PEFT made of the model, where that is so; ``resume`` is
    what an interrupted training of the same shape saved last.
    """

    step_type: ClassVar[Callable[..., Any]]
    check_type: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        course: Course,
        total: int,
        optimiser: torch.optim.Optimizer,
        trained: Mapping[str, Tensor],
        stepped: Mapping[str, Tensor],
        adapted: Any,
        device: str,
        precision: str,
        resume: Checkpoint | None = None,
    ) -> None:
        self.course, self.total, self.optimiser = course, total, optimiser
        self.trained, self.stepped, self.adapted = trained, stepped, adapted
        self.device, self.precision = device, precision
        self.steps: list[S] = []
        self.checks: list[C] = []
        self.best = self._state()
        self.seconds = 0.0
        if resume:
            self._restore(resume)

    def run(
        self,
        check: Callable[[], None] = lambda: None,
        on_step: Callable[[S], None] = lambda step: None,
        on_check: Callable[[C], None] = lambda check: None,
        save: Callable[[Checkpoint], None] = lambda checkpoint: None,
    ) -> T:
        """Train until the steps are done or validation stops getting better, and load the best weights. ``check`` may
        raise to stop; ``save`` is called after each validation. A resumed run ends with the weights of one that was
        never interrupted, on a GPU but for the order in which it adds up. Raises DataError where the loss is no longer
        a number."""
        began, before = time.perf_counter(), self.seconds
        if self.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        if not self.checks:
            self._validate(check)  # what the untouched model is worth
            on_check(self.checks[-1])
        while len(self.steps) < self.total and not self._stalled():
            check()
            self.steps.append(self._step(len(self.steps), check))
            on_step(self.steps[-1])
            if self._due(len(self.steps)):
                self._validate(check)
                on_check(self.checks[-1])
                self.seconds = before + time.perf_counter() - began
                save(self._checkpoint())
        self._load(self.best)
        self.seconds = before + time.perf_counter() - began
        return self._result()

    @abstractmethod
    def _step(self, number: int, check: Callable[[], None]) -> S:
        """Take the step of that number, counted from 0."""

    @abstractmethod
    def _measured(self, step: int, check: Callable[[], None]) -> C:
        """Validate after so many steps; whether it is the best, ``_keep_if_best`` says."""

    @abstractmethod
    def _worth(self, line: C) -> float | None:
        """What a validation is judged by, the higher the better; None where that was not measured."""

    @abstractmethod
    def _due(self, step: int) -> bool:
        """Whether the state after so many steps is validated."""

    @abstractmethod
    def _result(self) -> T:
        """What the training gives, when the best weights are loaded."""

    def _counts(self, step: int) -> bool:
        """Whether the state after so many steps can be kept: a budget of ranks that still moves would be cut out of an
        earlier adapter at the wrong places."""
        return settled(self.course, step, self.total)

    def _keep_if_best(self, step: int, worth: float) -> bool:
        """Keep the state where it is worth more than any before; says whether it is."""
        known = [self._worth(line) for line in self.checks if line.best]
        best = self._counts(step) and worth > max(
            (one for one in known if one is not None), default=-math.inf
        )
        if best:
            self.best = self._state()
        return best

    def _seed(self, number: int) -> None:
        """Each step is seeded by its number, so that a resumed run equals one that was never interrupted."""
        torch.manual_seed(self.course.seed * 1_000_003 + number)

    def _validate(self, check: Callable[[], None]) -> None:
        self.checks.append(self._measured(len(self.steps), check))

    def _stalled(self) -> bool:
        counted = [line for line in self.checks if self._worth(line) is not None and self._counts(line.step)]
        best = max((at for at, line in enumerate(counted) if line.best), default=-1)
        return len(counted) - 1 - best >= self.course.patience

    def _learners(self) -> list[Tensor]:
        return [weight for group in self.optimiser.param_groups for weight in group["params"]]

    def _state(self) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in self.stepped.items()}

    @torch.no_grad()
    def _load(self, state: Mapping[str, Tensor]) -> None:
        for name, weight in self.trained.items():
            weight.copy_(state[name])

    def _checkpoint(self) -> Checkpoint:
        return {
            "learners": [weight.detach().clone() for weight in self._learners()],
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "budget": budget(self.adapted, self.course),
            "steps": [asdict(line) for line in self.steps],
            "checks": [asdict(line) for line in self.checks],
            "seconds": self.seconds,
            "precision": self.precision,
        }

    @torch.no_grad()
    def _restore(self, checkpoint: Checkpoint) -> None:
        for weight, value in zip(self._learners(), checkpoint["learners"], strict=True):
            weight.copy_(value)
        self._load(self.stepped)
        self.best = {name: value.to(self.device) for name, value in checkpoint["best"].items()}
        self.optimiser.load_state_dict(checkpoint["optimiser"])
        restore_budget(self.adapted, self.course, checkpoint["budget"])
        self.steps = [self.step_type(**line) for line in checkpoint["steps"]]
        self.checks = [self.check_type(**line) for line in checkpoint["checks"]]
        self.seconds = float(checkpoint["seconds"])


def precision_of(wanted: str, device: str, resume: Checkpoint | None) -> str:
    """What is computed in. "auto" is measured, so a training that is resumed has to keep what it began with: a
    processor that is busy meanwhile may measure otherwise, and the other precision learns other weights."""
    if resume:
        return str(resume["precision"])
    return str(best_dtype(device)).removeprefix("torch.") if wanted == "auto" else wanted


def finite(loss: float, step: int) -> float:
    """The loss of a step, counted from 1; raises DataError where it is no longer a number."""
    if math.isfinite(loss):
        return loss
    raise DataError(
        f"The loss is no longer a number at step {step}.",
        where="training",
        remedy="Start again with a lower learning rate.",
    )


def rate_at(step: int, total: int, rates: Rates) -> float:
    """The learning rate at a step (counted from 0), as a share of its peak: it rises, then falls to a twentieth."""
    warm = max(1, round(total * rates.warmup_share))
    if step < warm:
        return (step + 1) / warm
    share = (step - warm) / max(1, total - warm)
    falling = 0.5 * (1 + math.cos(math.pi * share)) if rates.schedule == "cosine" else 1 - share
    return 0.05 + 0.95 * falling
