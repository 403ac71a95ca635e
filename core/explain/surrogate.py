"""LIME over the same feature groups: a local linear model beside the exact shares (Ribeiro et al. 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.explain.model import Explainable, Scores


@dataclass(frozen=True, slots=True)
class Surrogate:
    """Weights of the local linear model, one a group in the model's order; ``fit`` is its weighted R²."""

    names: tuple[str, ...]
    values: Scores
    intercept: float
    fit: float


def lime_groups(
    model: Explainable,
    history: Sequence[str],
    product_id: str,
    *,
    samples: int = 1000,
    seed: int = 0,
    background: str = "average",
) -> Surrogate:
    """Fit LIME around "all groups on". The random state is made anew each call, so equal calls agree."""
    from lime.lime_tabular import LimeTabularExplainer

    names = tuple(group.name for group in model.groups)
    both = np.array([np.zeros(len(names)), np.ones(len(names))])
    explainer = LimeTabularExplainer(
        both,
        mode="regression",
        feature_names=list(names),
        categorical_features=list(range(len(names))),
        random_state=np.random.RandomState(seed),
    )

    def score(rows: np.ndarray) -> Scores:
        return model.score_coalitions(history, product_id, rows.astype(bool), background)

    found = explainer.explain_instance(
        np.ones(len(names)), score, num_features=len(names), num_samples=samples
    )
    weights = dict(found.local_exp[1])
    values = np.array([float(weights.get(i, 0.0)) for i in range(len(names))])
    return Surrogate(names, values, float(found.intercept[1]), float(found.score))


def agreement(left: Scores, right: Scores) -> float:
    """Spearman's rank correlation in [-1, 1] of two attributions; 0 where one of them is constant."""
    from scipy.stats import spearmanr

    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return 0.0
    return float(spearmanr(left, right).statistic)
