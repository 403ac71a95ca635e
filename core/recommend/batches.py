"""Training examples: every step of every shopper's history, with out-of-fold scores of the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.recommend.baselines import Baseline, fit
from core.recommend.data import Cases, Interactions, Ints
from core.recommend.sampling import Sampler

SEVERAL = 8
"""Of so many products that follow one is the answer where questions have several; from 6 to 30 validation on the
sample tells no difference."""


def horizon_of(wanted: int, questions: Cases) -> int:
    """From how many products that follow the answers of training are drawn: as wanted; 0 is the very next one where
    questions have one answer (fewer than two on the mean), and SEVERAL elsewhere: whoever is to say what comes in the
    next weeks should not learn the next step only (the dense all-action loss of Pancha et al. 2022, one draw of it)."""
    answers = sum(len(target) for target in questions.targets)
    return wanted or (1 if answers < 2 * len(questions) else SEVERAL)


@dataclass(frozen=True, eq=False)
class Ranked:
    """The sample that a step ranks, of n products, beside each example's own target.

    ``places`` int64[n] are theirs among the batch's products; the batch's ``baseline`` is float32[examples, n] and
    ``seen`` has (example, number in the sample) pairs, the target's own among them. ``log_expected`` float32[n] is how
    often each was to be expected in the sample (log), ``own`` float32[examples] the baseline of the target.
    """

    places: NDArray[np.int64]
    log_expected: NDArray[np.float32]
    own: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Batch:
    """Shoppers of one fold.

    ``history`` int64[batch, length] padded with 0 at the end; row k of the examples is step ``step[k]`` of shopper
    ``row[k]``, whose next product is ``target[k]``. ``baseline`` float32[examples, products]; ``seen`` are
    (example, product) pairs that are not ranked. ``weight`` float32[examples] is what the target's event weighs, with
    mean 1 over all of training; None where all count alike.

    Where only a sample is ranked, ``products`` int64 are those that the step deals with, the sample and what shoppers
    have; ``history`` and ``target`` are places among them. ``sample`` says what is ranked.
    """

    history: NDArray[np.int64]
    row: NDArray[np.int64]
    step: NDArray[np.int64]
    target: NDArray[np.int64]
    baseline: NDArray[np.float32]
    seen: tuple[NDArray[np.int64], NDArray[np.int64]]
    products: NDArray[np.int64] | None = None
    sample: Ranked | None = None
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
            sample=None if self.sample is None else replace(self.sample, own=self.sample.own[examples]),
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
        horizon: int = 1,
    ) -> None:
        self.sampler = sampler
        self.horizon = horizon
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
        steps, places = [], []
        for k, window in enumerate(windows):
            history[k, : len(window) - 1] = window[:-1]
            steps.append(_new(window))
            places.append(self._places(window, steps[-1], random))
        row = np.repeat(np.arange(len(windows)), [len(own) for own in steps])
        step = np.concatenate([*steps, np.empty(0, np.int64)])
        seen = (
            np.repeat(np.arange(len(step)), step + 1),
            np.concatenate([*(windows[k][: t + 1] for k, t in zip(row, step, strict=True)), step[:0]]),
        )
        targets = [window[place] for window, place in zip(windows, places, strict=True)]
        wanted = np.concatenate([*targets, step[:0]])
        weight = None
        if self.weights:
            weight = np.concatenate([self.weights[k][place] for k, place in zip(chosen, places, strict=True)])
        if self.sampler is None:
            scores = self._every(model, windows, steps)
            return Batch(history, row, step, wanted, scores, seen, weight=weight)
        drawn = self.sampler.draw(random)
        products = np.unique(np.concatenate([drawn, history.ravel(), wanted]))
        target = np.searchsorted(products, wanted)
        number = np.full(len(products), -1)
        number[np.searchsorted(products, drawn)] = np.arange(len(drawn))
        example = np.concatenate([seen[0], np.arange(len(target))])
        closed = number[np.concatenate([np.searchsorted(products, seen[1]), target])]
        scores, of_targets = self._sampled(model, windows, steps, targets, drawn)
        return Batch(
            np.searchsorted(products, history),
            row,
            step,
            target,
            scores,
            (example[closed >= 0], closed[closed >= 0]),
            products,
            Ranked(
                np.searchsorted(products, drawn),
                np.log(self.sampler.expected[drawn]).astype(np.float32),
                of_targets,
            ),
            weight,
        )

    def _places(
        self, window: Ints, steps: NDArray[np.int64], random: np.random.Generator
    ) -> NDArray[np.int64]:
        """int64: where the targets of these steps are, each drawn from the ``horizon`` that follow; the very next one
        where the shopper has that product already."""
        if self.horizon == 1:
            return steps + 1
        ahead = random.integers(1, np.minimum(self.horizon, len(window) - 1 - steps), endpoint=True)
        known = [window[t + k] in window[: t + 1] for t, k in zip(steps, ahead, strict=True)]
        return steps + np.where(known, 1, ahead)

    def _every(
        self, model: Baseline, windows: Sequence[Ints], steps: Sequence[NDArray[np.int64]]
    ) -> NDArray[np.float32]:
        """float32[examples, products]: the baseline's scores of all products."""
        found = [
            self._scaled(model.score_steps(window[:-1])[own])
            for window, own in zip(windows, steps, strict=True)
        ]
        return np.concatenate(found)

    def _sampled(
        self,
        model: Baseline,
        windows: Sequence[Ints],
        steps: Sequence[NDArray[np.int64]],
        targets: Sequence[Ints],
        drawn: NDArray[np.int64],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The baseline's scores float32[examples, drawn] of the sample, and float32[examples] of the targets."""
        every, of_targets = [], []
        for window, own, wanted in zip(windows, steps, targets, strict=True):
            scores = self._scaled(model.score_steps(window[:-1], np.append(drawn, wanted))[own])
            every.append(scores[:, : len(drawn)])
            of_targets.append(scores[np.arange(len(own)), len(drawn) + np.arange(len(own))])
        return np.concatenate(every), np.concatenate(of_targets)

    def _scaled(self, scores: NDArray[np.float64]) -> NDArray[np.float32]:
        return (scores / self.scale).astype(np.float32)


def _new(window: Ints) -> NDArray[np.int64]:
    """int64: the steps of a window after which something comes that is not in the window before."""
    first = np.unique(window, return_index=True)[1]
    return np.sort(first[first > 0]).astype(np.int64) - 1
