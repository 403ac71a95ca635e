"""A trained task network, with what it reads by and how its outputs are told; asked without torch."""

from __future__ import annotations

from dataclasses import dataclass

from core.recommend.tasks.answer import Scale
from core.recommend.tasks.encoding import Encoding
from core.recommend.tasks.network import Weights
from core.recommend.tasks.record import Record


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass: mean losses of training and validation, and which pass it was (0 is before any)."""

    epoch: int
    train: float
    valid: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """``curve`` has the losses of all passes; ``best`` is the pass whose weights these are; ``held_out`` is the loss of
    the linear start on rows it was not fitted to."""

    encoding: Encoding
    weights: Weights
    record: Record
    scale: Scale
    curve: tuple[Epoch, ...]
    best: int
    held_out: float = float("nan")
