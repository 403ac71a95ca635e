"""What a tuning tells of itself while it runs: its steps and its validations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Phase = Literal["pretrain", "contrast"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step, counted from 1 over both phases. ``loss`` is the mean cross-entropy in nats: of a token that is to be
    told while it pre-trains, of a pair in the contrast. ``memory_mb`` is held on the GPU at most, else by this process
    between forward and backward pass; ``left`` is in seconds, validations not counted."""

    step: int
    phase: Phase
    loss: float
    lr: float
    grad_norm: float
    texts_per_s: float
    memory_mb: float
    left: float


@dataclass(frozen=True, slots=True)
class Check:
    """One validation after that many steps. ``perplexity`` is that of held-out texts; ``ndcg``, ``hr`` (at 10) and
    ``recall`` (at 20) are those of text kNN on the validation period, ``low`` to ``high`` the 95% interval of NDCG.
    None is what was not measured then. ``best`` says that this is what would be kept."""

    step: int
    phase: Phase
    perplexity: float | None = None
    ndcg: float | None = None
    hr: float | None = None
    recall: float | None = None
    low: float | None = None
    high: float | None = None
    best: bool = False
