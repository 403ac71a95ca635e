"""Training examples: every step of every shopper's history, with out-of-fold scores of the baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.baselines import Baseline, fit
from core.recommend.data import Interactions, Ints


@dataclass(frozen=True, eq=False)
class Batch:
    """Shoppers of one fold.

    ``history`` int64[batch, length] padded with 0 at the end; row k of the examples is step ``step[k]`` of shopper
    ``row[k]``, whose next product is ``target[k]``. ``baseline`` float32[examples, products]; ``seen`` are
    (example, product) pairs that are not ranked.
    """

    history: NDArray[np.int64]
    row: NDArray[np.int64]
    step: NDArray[np.int64]
    target: NDArray[np.int64]
    baseline: NDArray[np.float32]
    seen: tuple[NDArray[np.int64], NDArray[np.int64]]


class Examples:
    """Cuts histories into batches, the same way for the same seed and epoch."""

    def __init__(
        self,
        train: Interactions,
        baseline: Baseline,
        similarity: Any,
        *,
        folds: int,
        length: int,
        batch: int,
        scale: float,
        seed: int,
    ) -> None:
        self.length = length
        self.batch = batch
        self.scale = scale
        self.seed = seed
        self.windows: list[Ints] = []
        owners: list[int] = []
        for shopper, history in train.histories():
            # One more than the length is read, so that the last product of a window has a full history before it.
            for end in range(len(history), 1, -length):
                self.windows.append(history[max(0, end - length - 1) : end])
                owners.append(shopper)
        fold_of = np.random.default_rng(seed).permutation(len(train.shoppers)) % folds
        self.fold = fold_of[np.array(owners, np.int64)]
        self.models = [
            fit(baseline.name, train.where(fold_of[train.shopper] != fold), baseline.params, similarity)
            for fold in range(folds)
        ]

    def __len__(self) -> int:
        """Batches an epoch."""
        sizes = np.bincount(self.fold, minlength=len(self.models))
        return int(np.ceil(sizes / self.batch).sum())

    def epoch(self, number: int) -> Iterator[Batch]:
        """All batches in the order of this epoch."""
        random = np.random.default_rng((self.seed, number))
        parts = []
        for fold in range(len(self.models)):
            own = random.permutation(np.flatnonzero(self.fold == fold))
            parts += [(fold, own[at : at + self.batch]) for at in range(0, len(own), self.batch)]
        for place in random.permutation(len(parts)):
            fold, chosen = parts[place]
            yield self._batch(self.models[fold], [self.windows[k] for k in chosen])

    def _batch(self, model: Baseline, windows: list[Ints]) -> Batch:
        longest = max(len(window) for window in windows) - 1
        history = np.zeros((len(windows), longest), np.int64)
        row, step, target, prefixes = [], [], [], []
        for k, window in enumerate(windows):
            history[k, : len(window) - 1] = window[:-1]
            for t in range(len(window) - 1):
                if window[t + 1] not in window[: t + 1]:
                    row.append(k)
                    step.append(t)
                    target.append(int(window[t + 1]))
                    prefixes.append(window[: t + 1])
        lengths = [len(prefix) for prefix in prefixes]
        seen = (
            np.repeat(np.arange(len(prefixes)), lengths),
            np.concatenate([*prefixes, np.empty(0, np.int64)]).astype(np.int64),
        )
        scores = model.score(prefixes) / self.scale
        return Batch(
            history,
            np.array(row, np.int64),
            np.array(step, np.int64),
            np.array(target, np.int64),
            scores.astype(np.float32),
            seen,
        )
