"""Propensities: how likely a product was to be seen at all, and what that means for training and for figures.

Whoever is popular is taken more often because it is seen more often, so averages over answers are averages over
popular products. Weighing an answer by one over its propensity undoes that, at the price of variance (Schnabel et al.
2016; for rankings from implicit feedback Yang et al. 2018, Saito et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommend.data import Cases
from core.recommend.measure import Scorer, each_answer


@dataclass(frozen=True, slots=True)
class Debiased:
    """NDCG@10 and HR@10, each answer on its own, weighed by inverse propensity.

    ``ips`` divides by the number of answers, ``snips`` by the sum of their weights (self-normalised; Swaminathan and
    Joachims 2015); ``ndcg`` is the unweighted figure to hold them against.
    """

    ndcg: float
    ips: float
    snips: float
    snips_hr: float
    effective: float
    """Effective number of answers (Σw)² / Σw²: how many the weighted mean is worth."""


def weights(counts: NDArray[np.floating], power: float, clip: float) -> NDArray[np.float32]:
    """float32[products]: clipped inverse propensities from training counts float[products].

    The propensity of a product is (n / max n)^power, with at least one shopper. Weights have mean 1 over training
    answers, and are then cut at ``clip``; power 0 weighs all alike.
    """
    seen = np.maximum(np.asarray(counts, np.float64), 1.0)
    inverse = (seen.max(initial=1.0) / seen) ** power
    mean = float(np.average(inverse, weights=counts)) if np.sum(counts) else 1.0
    found: NDArray[np.float32] = np.minimum(inverse / mean, clip).astype(np.float32)
    return found


def debiased(
    scorer: Scorer, cases: Cases, counts: NDArray[np.floating], power: float, clip: float
) -> Debiased:
    """Measure a scorer on cases with answers weighed by ``weights``; NaN without cases."""
    target, ranks = each_answer(scorer, cases, len(counts))
    if not len(target):
        return Debiased(*(float("nan"),) * 5)
    weight = weights(counts, power, clip)[target].astype(np.float64)
    gain = np.where(ranks < 10, 1.0 / np.log2(ranks + 2.0), 0.0)
    total = weight.sum()
    return Debiased(
        float(gain.mean()),
        float((weight * gain).mean()),
        float((weight * gain).sum() / total),
        float((weight * (ranks < 10)).sum() / total),
        float(total**2 / (weight**2).sum()),
    )
