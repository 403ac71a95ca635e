"""Where a task network starts: the best linear model on the same rows, so that it learns what a line cannot say.

Mean loss + λ/2 · |W|², minimised by L-BFGS for each λ of a grid, strongest first; the one with the lowest loss on
rows that were held out is taken. λ = ∞ (no line at all) is among them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss

from core.recommend.tasks.config import Kind

PENALTIES = (1.0, 0.1, 0.03, 0.01, 0.003, 0.001)
ITERATIONS = 20


def task_losses(kind: Kind, outputs: Tensor, target: Tensor) -> Tensor:
    """The loss of each row [n], for outputs [n, outputs] and targets [n]: cross-entropy over classes, binary, or
    squared."""
    if kind is Kind.CLASS:
        return cross_entropy(outputs, target.long(), reduction="none")
    if kind is Kind.NEED:
        return binary_cross_entropy_with_logits(outputs[:, 0], target.float(), reduction="none")
    return mse_loss(outputs[:, 0], target.float(), reduction="none")


Set = tuple[Tensor, Tensor, Tensor]
"""Rows [n, width], offsets [n], targets [n]."""


def linear_start(
    kind: Kind, train: Set, inner: Sequence[tuple[Set, Set]], const: Tensor
) -> tuple[Tensor, Tensor, float]:
    """(weights [width, outputs], constants [outputs]) of the best line on ``train``, and its mean loss on what was held
    out; ``inner`` has what each penalty is fitted to and judged by, ``const`` is where the constants begin."""
    values = torch.zeros(len(PENALTIES) + 1)
    for fit, hold in inner:
        lines = _path(kind, fit, const)
        values += torch.tensor([len(hold[0]) * _value(kind, hold, *line) for line in lines])
    held_out = float(values.min()) / max(sum(len(hold[0]) for _fit, hold in inner), 1)
    return *_path(kind, train, const, int(values.argmin()))[-1], held_out


def _path(kind: Kind, train: Set, const: Tensor, last: int = len(PENALTIES)) -> list[tuple[Tensor, Tensor]]:
    """No line, then one for each penalty as far as number ``last``, each from where the one before ended."""
    lines = [(torch.zeros(train[0].shape[1], len(const)), const)]
    for penalty in PENALTIES[:last]:
        lines.append(_fitted(kind, train, *lines[-1], penalty))
    return lines


def _fitted(
    kind: Kind, train: Set, weights: Tensor, constants: Tensor, penalty: float
) -> tuple[Tensor, Tensor]:
    own, shift = weights.clone().requires_grad_(), constants.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([own, shift], max_iter=ITERATIONS, line_search_fn="strong_wolfe")
    rows, offsets, targets = train

    def closure() -> Tensor:
        optimiser.zero_grad()
        value = task_losses(kind, rows @ own + shift + offsets[:, None], targets).mean()
        value = value + 0.5 * penalty * (own**2).sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    return own.detach(), shift.detach()


def _value(kind: Kind, rows: Set, weights: Tensor, constants: Tensor) -> float:
    with torch.no_grad():
        return float(task_losses(kind, rows[0] @ weights + constants + rows[1][:, None], rows[2]).mean())
