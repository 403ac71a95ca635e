"""The quality of explanations over many recommendations: each method beside the others and beside its controls."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.explain.faithful import deletion_area, insertion_area
from core.explain.model import Explainable, Scores
from core.explain.shapley import Attribution, attribute, coalitions
from core.explain.surrogate import agreement, lime_groups

SEEDS = 10
"""Explanations with other seeds, for the stability of the methods that draw."""
ORDERS = 50
KERNEL_SAMPLES = 64
"""KernelSHAP's least useful budget for a dozen groups; at the time the exact values take it has none."""


@dataclass
class _Kept:
    deletion: list[float] = field(default_factory=list)
    insertion: list[float] = field(default_factory=list)
    beats_random: list[bool] = field(default_factory=list)
    beats_common: list[bool] = field(default_factory=list)
    additivity: list[float] = field(default_factory=list)
    infidelity: list[float] = field(default_factory=list)
    stability: list[float] = field(default_factory=list)
    agreement: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Means, the worst additivity error, the median time."""
        return {
            "deletion": float(np.mean(self.deletion)),
            "insertion": float(np.mean(self.insertion)),
            "beats_random": float(np.mean(self.beats_random)),
            "beats_common_order": float(np.mean(self.beats_common)),
            "additivity_error": float(np.max(self.additivity)),
            "infidelity": float(np.mean(self.infidelity)),
            "stability": float(np.mean(self.stability)) if self.stability else None,
            "agreement_with_exact": float(np.mean(self.agreement)),
            "seconds": float(np.median(self.seconds)),
        }


def card(
    model: Explainable,
    pairs: Sequence[tuple[Sequence[str], str]],
    *,
    seed: int = 0,
    stability_of: int = 20,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Measure the explanations of these (history, product) pairs.

    Areas under the deletion and insertion curves are shares in [0, 1] of the range of all coalitions' scores; small
    deletion and large insertion are good. ``beats_random``: the share of explanations both of whose curves are better
    than the mean of ``ORDERS`` random orders; ``beats_common_order``: than one order for everybody, that of the mean
    absolute shares. Infidelity (Yeh et al. 2019) is the mean squared difference between the score that switching
    random groups off takes away and the sum of their shares, as a share of the squared range. ``stability`` is the
    mean rank correlation over ``SEEDS`` seeds, on the first ``stability_of`` pairs.
    """
    exact: list[Attribution] = []
    clocks: list[float] = []
    for history, product in pairs:
        check()
        began = time.perf_counter()
        exact.append(attribute(model, history, product))
        clocks.append(time.perf_counter() - began)
    if not exact:
        return {"n": 0, "methods": {}}
    common = np.argsort(-np.mean([np.abs(found.values) for found in exact], axis=0), kind="stable")
    kept = {"exact": _Kept(), "lime": _Kept(), "kernelshap": _Kept()}
    for at, ((history, product), found) in enumerate(zip(pairs, exact, strict=True)):
        check()
        many = at < stability_of
        for name, explain in _methods(model, history, product, found).items():
            began = time.perf_counter()
            values, base = explain(seed)
            spent = clocks[at] if name == "exact" else time.perf_counter() - began
            others = [explain(seed + k)[0] for k in range(1, SEEDS)] if many and name != "exact" else []
            _keep(kept[name], found, values, base, common, others, spent, seed + at)
        if many:
            again = attribute(model, history, product)
            kept["exact"].stability.append(agreement(found.values, again.values))
    return {
        "n": len(pairs),
        "groups": list(exact[0].names),
        "methods": {k: v.told() for k, v in kept.items()},
    }


Explain = Callable[[int], tuple[Scores, float]]


def _methods(
    model: Explainable, history: Sequence[str], product: str, found: Attribution
) -> dict[str, Explain]:
    def lime(seed: int) -> tuple[Scores, float]:
        told = lime_groups(model, history, product, seed=seed)
        return told.values, told.intercept

    return {
        "exact": lambda seed: (found.values, found.base),
        "lime": lime,
        "kernelshap": lambda seed: kernel_shap(model, history, product, seed),
    }


def kernel_shap(
    model: Explainable, history: Sequence[str], product: str, seed: int = 0, samples: int = KERNEL_SAMPLES
) -> tuple[Scores, float]:
    """(shares of the groups, base) by the ``shap`` package's KernelExplainer (Lundberg and Lee 2017)."""
    import shap

    groups = len(model.groups)

    def score(rows: np.ndarray) -> Scores:
        return model.score_coalitions(history, product, rows.astype(bool))

    before = np.random.get_state()
    np.random.seed(seed)  # the package draws from the global state only
    try:
        explainer = shap.KernelExplainer(score, np.zeros((1, groups)))
        values = explainer.shap_values(np.ones((1, groups)), nsamples=samples, silent=True, l1_reg=0)
    finally:
        np.random.set_state(before)
    return np.asarray(values, dtype=np.float64).reshape(groups), float(explainer.expected_value)


def _keep(
    kept: _Kept,
    found: Attribution,
    values: Scores,
    base: float,
    common: np.ndarray,
    others: Sequence[Scores],
    seconds: float,
    seed: int,
) -> None:
    order = [int(i) for i in np.argsort(-values, kind="stable")]
    deletion, insertion = deletion_area(found.table, order), insertion_area(found.table, order)
    random = np.random.default_rng(seed)
    draws = [[int(i) for i in random.permutation(len(values))] for _ in range(ORDERS)]
    for control, place in (([*draws], kept.beats_random), ([[int(i) for i in common]], kept.beats_common)):
        worse_deletion = np.mean([deletion_area(found.table, one) for one in control])
        worse_insertion = np.mean([insertion_area(found.table, one) for one in control])
        place.append(bool(deletion < worse_deletion and insertion > worse_insertion))
    kept.deletion.append(deletion)
    kept.insertion.append(insertion)
    kept.additivity.append(abs(base + float(values.sum()) - found.score))
    kept.infidelity.append(_infidelity(found, values))
    kept.agreement.append(agreement(found.values, values))
    kept.stability += [agreement(values, other) for other in others]
    kept.seconds.append(seconds)


def _infidelity(found: Attribution, values: Scores) -> float:
    taken = found.score - found.table
    told = (~coalitions(len(values))) @ values
    spread = float(np.ptp(found.table)) or 1.0
    return float(np.mean(((taken - told) / spread) ** 2))
