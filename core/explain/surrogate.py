"""LIME and KernelSHAP over the same feature groups, beside the exact shares (Ribeiro et al. 2016)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.explain.model import Masks, Scores

KERNEL_SAMPLES = 64
"""KernelSHAP's least useful budget for a dozen groups; at the time the exact values take it has none."""


@dataclass(frozen=True, slots=True)
class Surrogate:
    """Weights of the local linear model, one a group in the model's order; ``fit`` is its weighted R²."""

    names: tuple[str, ...]
    values: Scores
    intercept: float
    fit: float


def lime_groups(
    names: Sequence[str], score: Callable[[Masks], Scores], *, samples: int = 1000, seed: int = 0
) -> Surrogate:
    """Fit LIME around "all groups on"; ``score`` gives the scores of coalitions (bool[n, groups]).

    The random state is made anew each call, so equal calls agree.
    """
    from lime.lime_tabular import LimeTabularExplainer

    both = np.array([np.zeros(len(names)), np.ones(len(names))])
    explainer = LimeTabularExplainer(
        both,
        mode="regression",
        feature_names=list(names),
        categorical_features=list(range(len(names))),
        random_state=np.random.RandomState(seed),
    )
    found = explainer.explain_instance(
        np.ones(len(names)),
        lambda rows: score(rows.astype(bool)),
        num_features=len(names),
        num_samples=samples,
    )
    weights = dict(found.local_exp[1])
    values = np.array([float(weights.get(i, 0.0)) for i in range(len(names))])
    return Surrogate(tuple(names), values, float(found.intercept[1]), float(found.score))


def kernel_shap(
    groups: int, score: Callable[[Masks], Scores], *, samples: int = KERNEL_SAMPLES, seed: int = 0
) -> tuple[Scores, float]:
    """(shares of the groups, base) by the ``shap`` package's KernelExplainer (Lundberg and Lee 2017)."""
    import shap

    # The package tells of each fit in the log, and draws from the global state only.
    logging.getLogger("shap").setLevel(logging.WARNING)
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        explainer = shap.KernelExplainer(lambda rows: score(rows.astype(bool)), np.zeros((1, groups)))
        values = explainer.shap_values(np.ones((1, groups)), nsamples=samples, silent=True, l1_reg=0)
    finally:
        np.random.set_state(before)
    return np.asarray(values, dtype=np.float64).reshape(groups), float(explainer.expected_value)


def agreement(left: Scores, right: Scores) -> float:
    """Spearman's rank correlation in [-1, 1] of two attributions; 0 where one of them is constant."""
    from scipy.stats import spearmanr

    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return 0.0
    return float(spearmanr(left, right).statistic)
