"""Full-catalogue ranking measures. Products a shopper has are left out; no negatives are sampled, ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommend.data import Cases, Ints

Scores = NDArray[np.floating]
Scorer = Callable[[Sequence[Ints]], Scores]
"""Histories (each int32[length], oldest first) → scores [histories, products]; higher is better."""

METRICS = ("ndcg@10", "hr@10", "recall@20", "mrr")
BATCH = 512
LARGEST = 2**25
"""Most scores that are held at once: with more products, fewer histories are ranked together."""
COLD_EVENTS = 3
"""Products and shoppers with fewer training events than this are cold."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a model did on cases: for each metric float64[cases] (NaN where it does not apply), and its coverage.

    ``segments`` holds NDCG@10 restricted to targets (or shoppers) of a segment. ``coverage`` is the share of the
    catalogue that is in anybody's first ten.
    """

    per_case: dict[str, NDArray[np.float64]]
    segments: dict[str, NDArray[np.float64]]
    coverage: float

    def mean(self, metric: str) -> float:
        """Mean over cases, NaN for none."""
        values = self.per_case[metric]
        return float(values.mean()) if len(values) else float("nan")

    def summary(self) -> dict[str, float]:
        """All means and the coverage."""
        return {metric: self.mean(metric) for metric in METRICS} | {"coverage": self.coverage}


def target_ranks(
    scores: Scores, histories: Sequence[Ints], targets: Sequence[Ints]
) -> list[NDArray[np.float64]]:
    """Ranks (0 is first) of each target among all products the shopper does not have.

    Ties get the mean of the ranks they share, so that a model with constant scores is worth a random list.
    """
    ranks = []
    for row, wanted in zip(_without(scores, histories), targets, strict=True):
        value = row[wanted][:, None]
        ranks.append((row > value).sum(1) + ((row == value).sum(1) - 1) / 2.0)
    return ranks


def evaluate(scorer: Scorer, cases: Cases, counts: NDArray[np.floating]) -> Measured:
    """Measure a scorer. ``counts`` (float[products]) are training events a product, for the cold segments."""
    gathered: dict[str, list[float]] = {metric: [] for metric in METRICS}
    segments: dict[str, list[float]] = {"warm_item": [], "cold_item": [], "cold_shopper": []}
    cold = counts < COLD_EVENTS
    shown = np.zeros(len(counts), dtype=bool)
    for histories, targets, scores in _scored(scorer, cases, len(counts)):
        shown[first_ten(scores, histories)] = True
        for ranks, wanted, history in zip(
            target_ranks(scores, histories, targets), targets, histories, strict=True
        ):
            gain = ndcg(ranks)
            gathered["ndcg@10"].append(gain)
            gathered["hr@10"].append(float((ranks < 10).any()))
            gathered["recall@20"].append(float((ranks < 20).mean()))
            gathered["mrr"].append(1.0 / (1.0 + ranks.min()))
            segments["warm_item"].append(ndcg(ranks[~cold[wanted]]))
            segments["cold_item"].append(ndcg(ranks[cold[wanted]]))
            segments["cold_shopper"].append(gain if len(history) < COLD_EVENTS else float("nan"))
    return Measured(
        {name: np.array(values) for name, values in gathered.items()},
        {name: np.array(values) for name, values in segments.items()},
        float(shown.mean()) if len(shown) else 0.0,
    )


def each_answer(scorer: Scorer, cases: Cases, products: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(int64[answers], float64[answers]): every answer of the cases and its rank, 0 for the first."""
    ranks = [np.empty(0)]
    for histories, targets, scores in _scored(scorer, cases, products):
        ranks += target_ranks(scores, histories, targets)
    answers = np.concatenate([*cases.targets, np.empty(0, np.int64)]).astype(np.int64)
    return answers, np.concatenate(ranks)


def ndcg(ranks: NDArray[np.float64], k: int = 10) -> float:
    """Normalised discounted cumulative gain at k of the targets' ranks (0 is first); NaN without targets."""
    if len(ranks) == 0:
        return float("nan")
    gain = (1.0 / np.log2(ranks[ranks < k] + 2.0)).sum()
    best = (1.0 / np.log2(np.arange(min(len(ranks), k)) + 2.0)).sum()
    return float(gain / best)


def first_ten(scores: Scores, histories: Sequence[Ints], k: int = 10) -> NDArray[np.int64]:
    """int64[histories, k]: the best products, seen ones left out, best first; ties by position."""
    return top(_without(scores, histories), k)


def top(scores: Scores, k: int) -> NDArray[np.int64]:
    """int64[rows, min(k, products)]: columns of the highest scores, best first; ties by position."""
    k = min(k, scores.shape[1])
    if scores.shape[1] <= 8 * k:
        return np.argsort(-scores, axis=1, kind="stable")[:, :k]
    least = np.partition(scores, -k, axis=1)[:, -k]
    found = np.empty((len(scores), k), np.int64)
    for place, (row, threshold) in enumerate(zip(scores, least, strict=True)):
        among = np.flatnonzero(row >= threshold)
        found[place] = among[np.argsort(-row[among], kind="stable")[:k]]
    return found


def batches(cases: Cases, products: int) -> Iterator[tuple[Sequence[Ints], Sequence[Ints]]]:
    """(histories, targets) of as many cases as may be scored at once, all in turn."""
    batch = min(BATCH, max(1, LARGEST // max(products, 1)))
    for start in range(0, len(cases), batch):
        yield cases.histories[start : start + batch], cases.targets[start : start + batch]


def _scored(
    scorer: Scorer, cases: Cases, products: int
) -> Iterator[tuple[Sequence[Ints], Sequence[Ints], Scores]]:
    for histories, targets in batches(cases, products):
        yield histories, targets, np.asarray(scorer(histories))


def _without(scores: Scores, histories: Sequence[Ints]) -> Scores:
    free = np.array(scores, dtype=np.float64)
    for row, history in zip(free, histories, strict=True):
        row[history] = -np.inf
    return free
