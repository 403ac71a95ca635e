"""Attacks on the product vectors of the trained network: random directions, FGSM, PGD, all of equal length."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from core.recommend.adversary import EPSILON, STEPS, Fgsm, Noise, Perturbation, Pgd, ranking_slope
from core.robust.world import Model, World

NAMES = ("random_vectors", "fgsm", "pgd")


@dataclass(frozen=True, slots=True)
class VectorAttack:
    """Moves each product's vector by at most ``strength`` mean lengths, knowing model and answers: the worst case."""

    name: str = "pgd"
    strength: float = EPSILON
    steps: int = STEPS
    family: str = "vectors"
    targeted: bool = False

    def apply(self, model: Model, target: int, random: np.random.Generator) -> World:
        """See ``Attack``."""
        combined = model.scorer(model.clean)
        vectors = torch.as_tensor(combined.vectors)
        slope = ranking_slope(combined, model.cases)
        moved = self._perturbation(random)(vectors, slope, self.strength)
        return replace(model.clean, shift=moved.numpy())

    def _perturbation(self, random: np.random.Generator) -> Perturbation:
        if self.name == "random_vectors":
            return Noise(int(random.integers(2**31)))
        return Fgsm() if self.name == "fgsm" else Pgd(self.steps)


def loss_in(model: Model, world: World) -> float:
    """1 − ApproxNDCG of the cases in that world, in [0, 1]: what an attack on vectors raises."""
    combined = model.scorer(world)
    return ranking_slope(combined, model.cases)(torch.as_tensor(combined.vectors))[0]
