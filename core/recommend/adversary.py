"""Perturbations of product vectors that raise the ranking loss: what a model is attacked with, and trained against.

Each product's vector may move by at most ``epsilon`` times the mean norm of all vectors (L2 in its row). FGSM takes one
step along the gradient (Goodfellow et al. 2015; for recommenders He et al. 2018), PGD several smaller ones, each
projected back into the ball (Madry et al. 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.recommend.data import Cases
from core.recommend.measure import evaluate
from core.recommend.scoring import BATCH, Combined

Slope = Callable[[Tensor], tuple[float, Tensor]]
"""Product vectors float[n, size] → (loss, its gradient with respect to them)."""

TEMPERATURE = 0.2
"""Of the sigmoid in the approximate rank, in standard deviations of a shopper's scores."""
STEP = 2.5
"""A step of PGD is this over the number of steps, in radii, so that the border can be reached and followed."""
EPSILON = 0.25
STEPS = 10


@dataclass(frozen=True, slots=True)
class Noise:
    """Directions drawn at random, of the same length as an attack's: the control."""

    seed: int = 0

    def __call__(self, vectors: Tensor, slope: Slope, epsilon: float) -> Tensor:
        """float[n, size] to be added to the vectors."""
        random = torch.Generator().manual_seed(self.seed)
        drawn = torch.randn(vectors.shape, generator=random, dtype=torch.float64)
        return _unit(drawn).to(vectors) * radius(vectors, epsilon)


@dataclass(frozen=True, slots=True)
class Fgsm:
    """One step of full length along the gradient."""

    def __call__(self, vectors: Tensor, slope: Slope, epsilon: float) -> Tensor:
        """float[n, size] to be added to the vectors."""
        return _unit(slope(vectors)[1]) * radius(vectors, epsilon)


@dataclass(frozen=True, slots=True)
class Pgd:
    """``steps`` steps along the gradient, each projected back; the point of highest loss on the way is kept."""

    steps: int = STEPS

    def __call__(self, vectors: Tensor, slope: Slope, epsilon: float) -> Tensor:
        """float[n, size] to be added to the vectors."""
        far = radius(vectors, epsilon)
        moved = torch.zeros_like(vectors)
        best, highest = moved, float("-inf")
        for step in range(self.steps + 1):
            loss, gradient = slope(vectors + moved)
            if loss > highest:
                best, highest = moved, loss
            if step < self.steps:
                moved = _within(moved + STEP / self.steps * far * _unit(gradient), far)
        return best


Perturbation = Noise | Fgsm | Pgd


def radius(vectors: Tensor, epsilon: float) -> float:
    """How far each product may be moved."""
    return epsilon * float(torch.linalg.vector_norm(vectors, dim=1).mean())


def slope_of(loss: Callable[[Tensor], Tensor]) -> Slope:
    """The slope of a loss that is small enough to be computed in one go."""

    def slope(vectors: Tensor) -> tuple[float, Tensor]:
        free = vectors.detach().requires_grad_()
        value = loss(free)
        return float(value.detach()), torch.autograd.grad(value, free)[0]

    return slope


def ranking_slope(combined: Combined, cases: Cases) -> Slope:
    """The slope of 1 − ApproxNDCG (Qin et al. 2010) of the cases under the whole model, baseline included; in [0, 1].

    A rank is 1 + Σ σ((s_j − s_target) / T) over the other products. The attacker knows the model and the answers: the
    most that a perturbation can do. Log-likelihood would be no guide: it is raised best by what ranks last already.
    """
    network = combined.network

    def slope(vectors: Tensor) -> tuple[float, Tensor]:
        total, gradient = 0.0, torch.zeros_like(vectors)
        for part in _batches(combined, cases, vectors):
            free = vectors.detach().requires_grad_()
            states = network.shoppers(free[part.history])
            shoppers = states[torch.arange(len(part.last), device=free.device), part.last]
            shoppers = torch.where(part.empty[:, None], part.average, shoppers)
            own = shoppers @ free.T + part.bias
            scores = (part.baseline + combined.mix.network * own).masked_fill(part.seen, float("-inf"))
            loss = len(part.last) / len(cases) - (_gains(scores, part) * part.weight).sum() / len(cases)
            total += float(loss.detach())
            gradient += torch.autograd.grad(loss, free)[0]
        return total, gradient

    network.eval()
    return slope


def perturbed(combined: Combined, cases: Cases, attack: Perturbation, epsilon: float) -> Combined:
    """The model with its product vectors moved by the attack on these cases."""
    vectors = torch.as_tensor(combined.vectors, device=combined.network.node.device)
    moved = attack(vectors, ranking_slope(combined, cases), epsilon)
    return replace(combined, vectors=combined.vectors + moved.cpu().numpy())


def under_attack(
    combined: Combined, cases: Cases, counts: NDArray[np.floating], epsilon: float = EPSILON
) -> dict[str, float]:
    """NDCG@10 of the model as it is, and with its vectors moved by noise, FGSM and PGD of the same length."""
    found = {"epsilon": epsilon, "clean": evaluate(combined.score, cases, counts).mean("ndcg@10")}
    attacks: dict[str, Perturbation] = {"random": Noise(), "fgsm": Fgsm(), "pgd": Pgd()}
    for name, attack in attacks.items():
        moved = perturbed(combined, cases, attack, epsilon)
        found[name] = evaluate(moved.score, cases, counts).mean("ndcg@10")
    return found


@dataclass(frozen=True, eq=False)
class _Part:
    history: Tensor
    last: Tensor
    empty: Tensor
    average: Tensor
    bias: Tensor
    baseline: Tensor
    seen: Tensor
    row: Tensor
    target: Tensor
    weight: Tensor


def _batches(combined: Combined, cases: Cases, like: Tensor) -> Iterator[_Part]:
    longest = combined.network.shape.history_length

    def tensor(array: Any) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(array), device=like.device)

    for start in range(0, len(cases), BATCH):
        histories, targets = cases.histories[start : start + BATCH], cases.targets[start : start + BATCH]
        recent = [history[-longest:] for history in histories]
        padded = np.zeros((len(recent), max(1, *(len(one) for one in recent))), np.int64)
        seen = np.zeros((len(recent), len(combined.vectors)), bool)
        for row, (one, history) in enumerate(zip(recent, histories, strict=True)):
            padded[row, : len(one)] = one
            seen[row, history] = True
        lengths = np.array([len(one) for one in recent])
        yield _Part(
            tensor(padded),
            tensor(np.maximum(lengths - 1, 0)),
            tensor(lengths == 0),
            tensor(combined.average).to(like),
            tensor(combined.bias).to(like),
            tensor(combined.mix.baseline * combined.baselines(histories)).to(like),
            tensor(seen),
            tensor(np.repeat(np.arange(len(targets)), [len(wanted) for wanted in targets])),
            tensor(np.concatenate(targets).astype(np.int64)),
            tensor(
                np.concatenate([np.full(len(wanted), 1.0 / _ideal(len(wanted))) for wanted in targets])
            ).to(like),
        )


def _gains(scores: Tensor, part: _Part) -> Tensor:
    """float[answers]: what each answer adds to DCG at its approximate rank."""
    spread = scores.masked_fill(part.seen, float("nan")).nanmean(1, keepdim=True)
    spread = ((scores - spread) ** 2).masked_fill(part.seen, float("nan")).nanmean(1).sqrt().detach()
    own = scores[part.row, part.target]
    ahead = torch.sigmoid((scores[part.row] - own[:, None]) / (TEMPERATURE * spread[part.row, None] + 1e-12))
    rank = 0.5 + ahead.sum(1)  # the answer itself adds one half
    return 1.0 / torch.log2(1.0 + rank)


def _ideal(answers: int) -> float:
    return float((1.0 / np.log2(np.arange(answers) + 2.0)).sum())


def _unit(rows: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return rows / length.clamp(min=1e-30)


def _within(rows: Tensor, far: float) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return rows * (far / length.clamp(min=1e-30)).clamp(max=1.0)
