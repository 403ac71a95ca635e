"""Which products a step of the sampled softmax looks at, and how often each was to be expected there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHAPE = 0.5
"""Products are drawn in proportion to their shoppers to this power: between evenly (0) and by popularity (1)."""


@dataclass(frozen=True, eq=False)
class Sampler:
    """Draws each product independently of the others (Poisson sampling): ``expected`` float64[products] in [0, 1] is
    both its probability and the number of times it is expected."""

    expected: NDArray[np.float64]

    @staticmethod
    def of(counts: NDArray[np.floating], size: int) -> Sampler:
        """About ``size`` products a draw, out of those that anyone has taken; all of them where there are no more."""
        return Sampler(inclusion(np.asarray(counts, np.float64) ** SHAPE, size))

    def draw(self, random: np.random.Generator) -> NDArray[np.int64]:
        """int64: the products of one draw, ascending."""
        return np.flatnonzero(random.random(len(self.expected)) < self.expected)


def inclusion(mass: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """float64[products] in [0, 1], in proportion to mass ≥ 0 but at most 1, that sum to ``size`` (or to the number of
    products with any mass, where that is smaller)."""
    usable = int((mass > 0).sum())
    if size >= usable:
        return (mass > 0).astype(np.float64)
    certain = np.zeros(len(mass), bool)
    while True:
        rest = np.where(certain, 0.0, mass)
        share = np.where(certain, 1.0, rest * ((size - certain.sum()) / rest.sum()))
        over = share > 1.0
        if not over.any():
            return share
        certain |= over
