"""Curves of strength, and the checks without which a robust-looking model may only be one that hides its gradient.

Athalye et al. (ICML 2018): a stronger search must not do less harm than a weaker one, more room not less than little,
and following the gradient not less than going anywhere. That more room does more is asked of PGD alone: it may stay
nearer, while FGSM has to go the whole length and can overshoot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from core.robust.figures import ranking
from core.robust.vectors import NAMES, VectorAttack, loss_in
from core.robust.world import Model

EPSILONS = (0.1, 0.25, 0.5, 1.0, 2.0)
TOLERANCE = 1e-3
"""Relative: so much may the loss of the weaker attack be higher before a check fails."""


def checks(
    model: Model, steps: int, seed: int, step: Callable[[], None] = lambda: None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(points of the curves, checks). A point has attack, epsilon, loss, NDCG@10 and recall@20; epsilon 0 is clean.

    A check has its name, whether it holds, and where it does not: the points that broke it. Where the gate of the
    network is closed vectors do not matter, and nothing can be said: ``ok`` is None.
    """
    points = [_point(model, name, 0.0, steps, seed) for name in NAMES[:1]]
    points = [{**points[0], "attack": name} for name in NAMES]
    for epsilon in EPSILONS:
        step()
        points += [_point(model, name, epsilon, steps, seed) for name in NAMES]
    if not model.artefact.mix.network:
        return points, [{"name": name, "ok": None, "broken": []} for name in CHECKS]
    return points, judged(points)


CHECKS = ("pgd_at_least_fgsm", "fgsm_beats_random", "monotone")


def judged(points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The checks on the points of the curves, by the loss that the attacks raise."""
    loss = {(point["attack"], point["epsilon"]): float(point["loss"]) for point in points}
    strengths = sorted({epsilon for _, epsilon in loss})
    weaker = {
        "pgd_at_least_fgsm": [(("fgsm", e), ("pgd", e)) for e in strengths],
        "fgsm_beats_random": [(("random_vectors", e), ("fgsm", e)) for e in strengths],
        "monotone": [(("pgd", low), ("pgd", high)) for low, high in pairwise(strengths)],
    }
    found = []
    for name in CHECKS:
        broken = [
            {"attack": stronger[0], "epsilon": stronger[1], "loss": loss[stronger], "against": loss[less]}
            for less, stronger in weaker[name]
            if loss[stronger] < loss[less] * (1.0 - TOLERANCE)
        ]
        found.append({"name": name, "ok": not broken, "broken": broken})
    return found


def _point(model: Model, name: str, epsilon: float, steps: int, seed: int) -> dict[str, Any]:
    world = model.clean
    if epsilon:
        world = VectorAttack(name, epsilon, steps).apply(model, 0, np.random.default_rng((seed, 9)))
    told = ranking(model.scorer(world), model.cases)
    return {
        "attack": name,
        "epsilon": epsilon,
        "loss": loss_in(model, world),
        "ndcg@10": told["ndcg@10"],
        "recall@20": told["recall@20"],
    }
