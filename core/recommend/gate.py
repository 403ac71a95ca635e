"""How much the network counts beside the baseline, chosen on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.recommend.adversary import EPSILON, Fgsm, perturbed
from core.recommend.data import Cases
from core.recommend.measure import batches, evaluate
from core.recommend.scoring import Combined, Mix

WEIGHTS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5)
"""Weights of the network that are tried; 0 closes the gate."""
TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 4.0)


def opened(
    model: Combined,
    cases: Cases,
    counts: NDArray[np.floating],
    attacked: float = 0.0,
    epsilon: float = EPSILON,
) -> float:
    """The network's weight, one of ``WEIGHTS``: the likeliest of those that rank as well as the best.

    The baseline was tuned on these very cases, and NDCG@10 of a few hundred shoppers tells neighbouring weights apart
    by chance. So all that are within one standard error of the best (of the paired difference; the one-standard-error
    rule of Breiman et al. 1984) count as equal, and what the model says of every answer decides: the likelihood is a
    proper score (Gneiting and Raftery 2007) and varies far less. Ties go to the smaller weight.

    ``attacked`` is what the likelihood counts when FGSM of that ``epsilon`` has moved the vectors, the plain one
    counting 1. A network trained against attack makes itself small; a gate that heeds only the plain likelihood would
    undo that.
    """
    found = {}
    for weight in WEIGHTS:
        mixed = replace(model, mix=Mix(model.mix.baseline, weight))
        found[weight] = evaluate(mixed.score, cases, counts).per_case["ndcg@10"]
    likely = likelihoods(model, as_good(found), cases, counts)
    if attacked:
        for weight in likely:
            moved = perturbed(replace(model, mix=Mix(model.mix.baseline, weight)), cases, Fgsm(), epsilon)
            likely[weight] += attacked * likelihoods(moved, [weight], cases, counts)[weight]
    return max(likely, key=lambda weight: (round(likely[weight], 9), -weight))


def as_good(found: Mapping[float, NDArray[np.floating]]) -> list[float]:
    """Those whose mean falls short of the best one's by at most one standard error of the difference by case."""
    best = max(found, key=lambda weight: (round(float(found[weight].mean()), 9), -weight))
    chosen = []
    for weight, values in found.items():
        short = found[best] - values
        error = float(short.std(ddof=1)) / len(short) ** 0.5 if len(short) > 1 else 0.0
        if float(short.mean()) <= error:
            chosen.append(weight)
    return chosen


def likelihoods(
    model: Combined, weights: Sequence[float], cases: Cases, counts: NDArray[np.floating]
) -> dict[float, float]:
    """By each of the weights: the mean log-likelihood of an answer under a softmax over what the shopper has not taken,
    at the best of ``TEMPERATURES``. Products that training never saw taken are left out: nothing has been said of
    them."""
    tried = {(weight, heat): 0.0 for weight in weights for heat in TEMPERATURES}
    answers = 0
    for histories, targets in batches(cases, len(counts)):
        base = model.mix.baseline * model.baselines(histories)
        own = model.shoppers(histories) @ model.vectors.T + model.bias
        closed = np.broadcast_to(counts == 0, base.shape).copy()
        for row, history in enumerate(histories):
            closed[row, history] = True
        rows = np.repeat(np.arange(len(targets)), [len(wanted) for wanted in targets])
        wanted = np.concatenate(targets).astype(np.int64)
        rows, wanted = rows[~closed[rows, wanted]], wanted[~closed[rows, wanted]]
        answers += len(rows)
        for weight, heat in tried:
            scores = np.where(closed, -np.inf, (base + weight * own) / heat)
            highest = scores.max(1, keepdims=True)
            total = np.log(np.exp(scores - highest).sum(1)) + highest[:, 0]
            tried[weight, heat] += float((scores[rows, wanted] - total[rows]).sum())
    return {weight: max(tried[weight, heat] for heat in TEMPERATURES) / max(answers, 1) for weight in weights}
