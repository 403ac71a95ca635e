"""The quality of explanations over many recommendations: each method beside the others and beside its controls."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.explain.faithful import deletion_area, insertion_area
from core.explain.model import Explainable, Masks, Scores
from core.explain.reference import Reference
from core.explain.shapley import Attribution, attribute, coalitions
from core.explain.surrogate import agreement, kernel_shap, lime_groups

SEEDS = 10
"""Explanations with other seeds, for the stability of the methods that draw."""
ORDERS = 50


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
    references: Sequence[Reference] = (Reference(),),
    seed: int = 0,
    stability_of: int = 20,
    check: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Measure the explanations of these (history, product) pairs against the first of the ``references``.

    Areas under the deletion and insertion curves are shares in [0, 1] of the range of all coalitions' scores; small
    deletion and large insertion are good. ``beats_random``: the share of explanations both of whose curves are better
    than the mean of ``ORDERS`` random orders; ``beats_common_order``: than one order for everybody, that of the mean
    absolute shares. Infidelity (Yeh et al. 2019) is the mean squared difference between the score that switching
    random groups off takes away and the sum of their shares, as a share of the squared range. ``additivity_error`` is
    the largest, as a share of the range. ``stability`` is the mean rank correlation, on the first ``stability_of``
    pairs, with what other seeds give: ``SEEDS`` of the methods that draw, and for the exact values the other
    ``references``, which draw other shoppers.
    """
    exact: list[Attribution] = []
    clocks: list[float] = []
    for history, product in pairs:
        check()
        began = time.perf_counter()
        exact.append(attribute(model, history, product, references[0]))
        clocks.append(time.perf_counter() - began)
    if not exact:
        return {"n": 0, "methods": {}}
    common = np.argsort(-np.mean([np.abs(found.values) for found in exact], axis=0), kind="stable")
    kept = {"exact": _Kept(), "lime": _Kept(), "kernelshap": _Kept()}
    for at, ((history, product), found) in enumerate(zip(pairs, exact, strict=True)):
        check()

        def score(masks: Masks, who: Sequence[str] = history, what: str = product) -> Scores:
            return model.score_coalitions(who, what, masks, references[0].product, references[0].shoppers)

        for name, explain in _METHODS.items():
            began = time.perf_counter()
            values, base = explain(found, score, seed)
            spent = (
                clocks[at] + time.perf_counter() - began if name == "exact" else time.perf_counter() - began
            )
            _keep(kept[name], found, values, base, common, spent, seed + at)
            if at < stability_of and name != "exact":
                # Other seeds are looked up: the scores are the same, and the time has been taken.
                again = (explain(found, found.scored, seed + k)[0] for k in range(1, SEEDS))
                kept[name].stability += [agreement(values, other) for other in again]
        if at < stability_of:
            others = [attribute(model, history, product, one).values for one in references[1:]]
            kept["exact"].stability += [agreement(found.values, other) for other in others]
    return {
        "n": len(pairs),
        "groups": list(exact[0].names),
        "methods": {k: v.told() for k, v in kept.items()},
    }


Score = Callable[[Masks], Scores]


def _exact(found: Attribution, _score: Score, _seed: int) -> tuple[Scores, float]:
    return found.values, found.base


def _lime(found: Attribution, score: Score, seed: int) -> tuple[Scores, float]:
    told = lime_groups(found.names, score, seed=seed)
    return told.values, told.intercept


def _kernel(found: Attribution, score: Score, seed: int) -> tuple[Scores, float]:
    return kernel_shap(len(found.names), score, seed=seed)


_METHODS: dict[str, Callable[[Attribution, Score, int], tuple[Scores, float]]] = {
    "exact": _exact,
    "lime": _lime,
    "kernelshap": _kernel,
}


def _keep(
    kept: _Kept,
    found: Attribution,
    values: Scores,
    base: float,
    common: np.ndarray,
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
    kept.additivity.append(abs(base + float(values.sum()) - found.score) / (found.spread or 1.0))
    kept.infidelity.append(_infidelity(found, values))
    kept.agreement.append(agreement(found.values, values))
    kept.seconds.append(seconds)


def _infidelity(found: Attribution, values: Scores) -> float:
    taken = found.score - found.table
    told = (~coalitions(len(values))) @ values
    return float(np.mean(((taken - told) / (found.spread or 1.0)) ** 2))
