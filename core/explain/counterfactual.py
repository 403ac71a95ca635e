"""The smallest change after which a product would no longer be recommended, scored by the real model.

Sizes are tried in order and each size in full, so an answer of size n is proof that no smaller one exists
among the edits considered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.explain.model import Explainable

MAX_EDITS = 3
MAX_CANDIDATES = 12


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Take ``removed`` away and the product falls from ``rank_before`` to ``rank_after`` (1 is best).

    ``kind`` is ``history`` (product ids) or ``facts`` (fact ids). ``removed`` is empty where no set of at most
    ``MAX_EDITS`` edits is enough; ``tried`` counts the sets that were scored.
    """

    kind: str
    removed: tuple[str, ...]
    rank_before: int
    rank_after: int
    tried: int


def without_history(
    model: Explainable, history: Sequence[str], product_id: str, k: int, excluded: Sequence[str] = ()
) -> Counterfactual:
    """The fewest past products without which ``product_id`` leaves the first ``k``."""
    place = {product: at for at, product in enumerate(model.product_ids)}
    barred = np.array([place[p] for p in {*history, *excluded} if p in place and p != product_id], dtype=int)

    def rank(kept: Sequence[str]) -> int:
        scores = np.array(model.score(kept), dtype=np.float64)
        own = scores[place[product_id]]
        scores[barred] = -np.inf
        return int((scores > own).sum()) + 1

    before = rank(history)
    candidates = list(dict.fromkeys(reversed(history)))[:MAX_CANDIDATES]
    tried = 0
    for size in range(1, min(MAX_EDITS, len(candidates)) + 1):
        best: Counterfactual | None = None
        for removed in combinations(candidates, size):
            tried += 1
            after = rank([p for p in history if p not in removed])
            if after > k and (best is None or after > best.rank_after):
                best = Counterfactual("history", removed, before, after, tried)
        if best is not None:
            return Counterfactual("history", best.removed, before, best.rank_after, tried)
    return Counterfactual("history", (), before, before, tried)


def without_facts(
    model: Explainable, history: Sequence[str], product_id: str, k: int, excluded: Sequence[str] = ()
) -> Counterfactual:
    """The fewest facts of the product without which it leaves the first ``k``."""
    place = {product: at for at, product in enumerate(model.product_ids)}
    barred = {*history, *excluded} - {product_id}
    others = np.sort(
        np.delete(
            np.asarray(model.score(history), dtype=np.float64),
            [place[p] for p in (*barred, product_id) if p in place],
        )
    )

    def rank(score: float) -> int:
        return int(len(others) - np.searchsorted(others, score, side="right")) + 1

    facts = [fact.id for fact in model.facts_of(product_id)]
    whole = float(model.score_fact_sets(history, product_id, [set(facts)])[0])
    before = rank(whole)
    if not facts:
        return Counterfactual("facts", (), before, before, 0)
    single = model.score_fact_sets(history, product_id, [set(facts) - {fact} for fact in facts])
    candidates = [facts[i] for i in np.argsort(single, kind="stable")[:MAX_CANDIDATES]]
    tried = 0
    for size in range(1, min(MAX_EDITS, len(candidates)) + 1):
        sets = list(combinations(candidates, size))
        tried += len(sets)
        scores = model.score_fact_sets(history, product_id, [set(facts) - set(removed) for removed in sets])
        lowest = int(np.argmin(scores))
        if rank(float(scores[lowest])) > k:
            return Counterfactual("facts", sets[lowest], before, rank(float(scores[lowest])), tried)
    return Counterfactual("facts", (), before, before, tried)
