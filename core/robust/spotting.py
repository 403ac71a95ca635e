"""Learning to tell what was planted from what was there: trees taught by attacks simulated on the same shop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Simulated = tuple[Floats, Floats]
"""Features of what was there, row by row as in the shop, and of what was planted, in one simulated attack."""

SURE = 0.65
"""From this score on a suspect counts as found."""
FOLDS = 3
TREES = 100
LEAF = 20


def spotted(features: Floats, simulated: Sequence[Simulated], seed: int = 0) -> Floats:
    """float[rows] in [0, 1]: how much each row of ``features`` is like what was planted in the simulated attacks.

    Extremely randomised trees (Geurts et al. 2006); planted and genuine rows count alike, however rare the planted
    are. A row is scored by trees that have not learnt from it: what is planted already stands among the genuine rows,
    and trees would know it by heart.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    planted = np.concatenate([one for _, one in simulated])
    scores = np.zeros(len(features))
    fold = np.random.default_rng(seed).permutation(len(features)) % FOLDS
    if not len(planted):
        return scores
    for number in range(FOLDS):
        genuine = np.concatenate([rows[fold != number] for rows, _ in simulated])
        own = fold == number
        if not len(genuine) or not own.any():
            continue
        trees = ExtraTreesClassifier(
            TREES, min_samples_leaf=LEAF, class_weight="balanced", random_state=seed % 2**31
        )
        trees.fit(np.concatenate([genuine, planted]), np.repeat([0, 1], [len(genuine), len(planted)]))
        scores[own] = trees.predict_proba(features[own])[:, 1]
    return scores


def auc(scores: Floats, planted: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: the chance that a planted row has a higher score than a genuine one; NaN where one of
    both kinds is missing."""
    from scipy.stats import rankdata

    positive = int(planted.sum())
    negative = len(planted) - positive
    if not positive or not negative:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[planted].sum() - positive * (positive + 1) / 2) / (positive * negative))
