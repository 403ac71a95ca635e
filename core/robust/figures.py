"""What an attack did: ranking of what shoppers took next, the place of the pushed product, and what is read."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.recommend.data import Cases
from core.recommend.measure import BATCH, ndcg, target_ranks
from core.recommend.scoring import Combined
from core.robust.reading import extraction_f1
from core.robust.world import Model, World

TARGET = ("target_hit", "target_place")


def figures(
    model: Model, world: World, target: int | None = None, attacked: World | None = None
) -> dict[str, float | None]:
    """Of the model in that world: recall@20, NDCG@10, mean ``place`` (1 is first) of what genuine shoppers took next;
    the share of them who see the target among their first ten and its mean place, None without one; F1 of reading
    the texts that ``attacked`` (or ``world`` itself) changed, None where none is changed."""
    told: dict[str, float | None] = dict(ranking(model.scorer(world), model.cases, target))
    return told | {"extraction_f1": extraction_f1(model, world, attacked)}


def ranking(combined: Combined, cases: Cases, target: int | None = None) -> dict[str, float | None]:
    """The part of ``figures`` that needs no texts."""
    gains: list[float] = []
    recalls: list[float] = []
    places: list[float] = []
    pushed: list[float] = []
    for start in range(0, len(cases), BATCH):
        histories, wanted = cases.histories[start : start + BATCH], cases.targets[start : start + BATCH]
        scores = np.asarray(combined.score(histories))
        for ranks in target_ranks(scores, histories, wanted):
            gains.append(ndcg(ranks))
            recalls.append(float((ranks < 20).mean()))
            places += (ranks + 1.0).tolist()
        if target is not None:
            free = [row for row, history in enumerate(histories) if target not in history]
            shown = target_ranks(
                scores[free], [histories[row] for row in free], [np.array([target])] * len(free)
            )
            pushed += [float(ranks[0]) + 1.0 for ranks in shown]
    return {
        "recall@20": float(np.mean(recalls)),
        "ndcg@10": float(np.mean(gains)),
        "place": float(np.mean(places)),
        "target_hit": float(np.mean(np.array(pushed) <= 10)) if pushed else None,
        "target_place": float(np.mean(pushed)) if pushed else None,
    }


def pooled(many: list[dict[str, float | None]]) -> dict[str, float | None]:
    """Means of several attacks' figures; None where none of them has any."""
    return {name: _mean([one[name] for one in many]) for name in many[0]}


def _mean(values: list[Any]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return float(np.mean(known)) if known else None
