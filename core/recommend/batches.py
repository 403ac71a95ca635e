"""Training examples: every step of every shopper's history, with out-of-fold scores of the baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.baselines import Baseline, fit
from core.recommend.data import Interactions, Ints
from core.recommend.sampling import Sampler


@dataclass(frozen=True, eq=False)
class Batch:
    """Shoppers of one fold.

    ``history`` int64[batch, length] padded with 0 at the end; row k of the examples is step ``step[k]`` of shopper
    ``row[k]``, whose next product is ``target[k]``. ``baseline`` float32[examples, products]; ``seen`` are
    (example, product) pairs that are not ranked. ``weight`` float32[examples] is what the target's event weighs, with
    mean 1 over all of training; None where all count alike.

    Where only a sample is ranked, ``products`` int64 are those that the step deals with, all other numbers are places
    among them, and ``log_expected`` float32[products] is how often each was to be expected in the sample (log), +∞
    for one that is there only because a shopper has it.
    """

    history: NDArray[np.int64]
    row: NDArray[np.int64]
    step: NDArray[np.int64]
    target: NDArray[np.int64]
    baseline: NDArray[np.float32]
    seen: tuple[NDArray[np.int64], NDArray[np.int64]]
    products: NDArray[np.int64] | None = None
    log_expected: NDArray[np.float32] | None = None
    weight: NDArray[np.float32] | None = None

    def parts(self, count: int) -> Iterator[Batch]:
        """The batch cut into at most ``count`` batches of other shoppers; itself for one."""
        if count == 1:
            yield self
            return
        for rows in np.array_split(np.arange(len(self.history)), count):
            if len(rows):
                yield self._of(rows)

    def _of(self, rows: NDArray[np.int64]) -> Batch:
        examples = np.flatnonzero((self.row >= rows[0]) & (self.row <= rows[-1]))
        place = np.full(len(self.row), -1)
        place[examples] = np.arange(len(examples))
        seen = place[self.seen[0]] >= 0
        return replace(
            self,
            history=self.history[rows],
            row=self.row[examples] - rows[0],
            step=self.step[examples],
            target=self.target[examples],
            baseline=self.baseline[examples],
            seen=(place[self.seen[0][seen]], self.seen[1][seen]),
            weight=None if self.weight is None else self.weight[examples],
        )


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
        sampler: Sampler | None = None,
    ) -> None:
        self.sampler = sampler
        self.length = length
        self.batch = batch
        self.scale = scale
        self.seed = seed
        self.windows: list[Ints] = []
        self.weights: list[NDArray[np.float32]] = []
        owners: list[int] = []
        for shopper, history in train.histories():
            weight = None if train.weight is None else train.weight[train.bounds[shopper] :][: len(history)]
            # One more than the length is read, so that the last product of a window has a full history before it.
            for end in range(len(history), 1, -length):
                self.windows.append(history[max(0, end - length - 1) : end])
                if weight is not None and train.weight is not None:
                    self.weights.append(weight[max(0, end - length - 1) : end] / train.weight.mean())
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
            yield self._batch(self.models[fold], chosen.tolist(), random)

    def longest(self, count: int) -> Batch:
        """The batch of that many shoppers that needs the most memory."""
        order = sorted(range(len(self.windows)), key=lambda k: -len(self.windows[k]))[:count]
        return self._batch(self.models[0], order, np.random.default_rng(self.seed))

    def _batch(self, model: Baseline, chosen: list[int], random: np.random.Generator) -> Batch:
        windows = [self.windows[k] for k in chosen]
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
        at = np.array(row, np.int64), np.array(step, np.int64)
        weight = None
        if self.weights:
            own = (self.weights[chosen[k]][t + 1] for k, t in zip(row, step, strict=True))
            weight = np.fromiter(own, np.float32, len(row))
        wanted = np.array(target, np.int64)
        if self.sampler is None:
            scores = (model.score(prefixes) / self.scale).astype(np.float32)
            return Batch(history, *at, wanted, scores, seen, weight=weight)
        drawn = self.sampler.draw(random)
        products = np.unique(np.concatenate([drawn, history.ravel(), wanted]))
        log_expected = np.full(len(products), np.inf, np.float32)
        log_expected[np.searchsorted(products, drawn)] = np.log(self.sampler.expected[drawn])
        scores = (model.score_some(prefixes, products) / self.scale).astype(np.float32)
        return Batch(
            np.searchsorted(products, history),
            *at,
            np.searchsorted(products, wanted),
            scores,
            (seen[0], np.searchsorted(products, seen[1])),
            products,
            log_expected,
            weight,
        )
