"""What an encoder's vectors are worth: text kNN with them on the validation period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.baselines import fit, text_similarity, tuned
from core.recommend.data import Cases, Interactions, Split
from core.recommend.measure import evaluate
from core.recommend.significance import bootstrap
from core.recommend.text import unit

MOST_CASES = 1_000


@dataclass(frozen=True, eq=False)
class Quality:
    """Means over the cases, with the 95% interval of NDCG@10; ``decay`` is the decay of the history that did best;
    ``per_case`` is float64[cases], NDCG@10."""

    ndcg: float
    hr: float
    recall: float
    low: float
    high: float
    decay: float
    per_case: NDArray[np.float64]

    def plain(self) -> dict[str, float]:
        """Without the cases, as JSON can hold it."""
        names = ("ndcg", "hr", "recall", "low", "high", "decay")
        return {name: float(getattr(self, name)) for name in names}


def validated(
    vectors: NDArray[np.float32], split: Split, check: Callable[[], None] = lambda: None
) -> Quality:
    """Text kNN with ``vectors``, float32[products, width], on the validation cases; its one parameter is tuned there
    too. The test is not looked at."""
    similarity = text_similarity(unit(vectors))
    params, _ = tuned("textknn", split.train, split.valid, similarity, check)
    return measured(similarity, params, split.train, split.valid.some(MOST_CASES))


def measured(similarity: Any, params: dict[str, float], known: Interactions, cases: Cases) -> Quality:
    """Text kNN with given similarities and parameters on any cases."""
    found = evaluate(fit("textknn", known, params, similarity).score, cases, known.counts)
    values = found.per_case["ndcg@10"]
    interval = bootstrap(values, resamples=500)
    return Quality(
        interval.mean,
        found.mean("hr@10"),
        found.mean("recall@20"),
        interval.low,
        interval.high,
        float(params["decay"]),
        values,
    )
