"""What the records of product and shopper say: damped means, learned from training examples alone.

A product's record is the mean of its targets, drawn towards the mean of all as if ``DAMPING`` more examples had that; a
shopper's record is that of what is left after the products'. For a binary target both are differences of log-odds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommend.tasks.config import Kind
from core.recommend.tasks.examples import Examples, Ints

Array = NDArray[np.float64]
DAMPING = 8.0


@dataclass(frozen=True, eq=False)
class Record:
    """``mean`` of the targets (log-odds where they are 0 or 1), ``product`` float64[products] and ``shopper``
    float64[shoppers] in the same unit; 0 where nothing is known."""

    mean: float
    product: Array
    shopper: Array

    @staticmethod
    def none(examples: Examples) -> Record:
        """A record that says nothing."""
        return Record(0.0, np.zeros(len(examples.products)), np.zeros(len(examples.shoppers)))

    @staticmethod
    def of(examples: Examples, rows: Ints, *, use: bool = True) -> Record:
        """The records of these rows; only the mean unless ``use``; nothing for classes."""
        if examples.kind is Kind.CLASS:
            return Record.none(examples)
        made = _Sums(examples, rows)
        nothing = Record.none(examples)
        return made.record() if use else Record(made.mean, nothing.product, nothing.shopper)

    def offsets(self, product: Ints, shopper: Ints) -> Array:
        """float64[n]: mean and records together; −1 for a shopper that nobody knows."""
        own = np.where(shopper < 0, 0.0, np.append(self.shopper, 0.0)[shopper])
        return np.asarray(self.mean + self.product[product] + own)


def unseen_offsets(examples: Examples, rows: Ints, *, use: bool = True) -> Array:
    """float64[rows]: the offset of each row had that row not been known, so that no answer speaks for itself."""
    if examples.kind is Kind.CLASS:
        return np.zeros(len(rows))
    made = _Sums(examples, rows)
    if not use:
        return np.full(len(rows), made.mean)
    return made.without_own(rows)


class _Sums:
    """Sums and counts of targets by product and by shopper; a binary target's mean in log-odds."""

    def __init__(self, examples: Examples, rows: Ints) -> None:
        self.binary = examples.kind is Kind.NEED
        self.examples = examples
        self.target = examples.target[rows]
        self.product, self.shopper = examples.product[rows], examples.shopper[rows]
        self.plain = float(self.target.mean())
        self.mean = self._unit(np.array(self.plain)).item()
        self.sums: Array = np.bincount(self.product, self.target, minlength=len(examples.products)).astype(
            float
        )
        self.counts = np.bincount(self.product, minlength=len(examples.products)).astype(float)
        known = self.shopper >= 0
        size = len(examples.shoppers)
        self.own_sums: Array = np.bincount(self.shopper[known], self.target[known], minlength=size).astype(
            float
        )
        self.own_counts = np.bincount(self.shopper[known], minlength=size).astype(float)
        expected = self._damped(self.sums, self.counts)[self.product[known]]
        self.own_expected: Array = np.bincount(self.shopper[known], expected, minlength=size).astype(float)

    def record(self) -> Record:
        return Record(self.mean, self._products(self.sums, self.counts), self._shoppers())

    def without_own(self, rows: Ints) -> Array:
        """As ``record().offsets`` would be, had each row been left out of both sums."""
        own = self._products(self.sums[self.product] - self.target, self.counts[self.product] - 1)
        known = self.shopper >= 0
        at = np.where(known, self.shopper, 0)
        if not len(self.own_sums):
            return np.asarray(self.mean + own)
        expected = self._damped(self.sums, self.counts)[self.product]
        leniency = self._shoppers(
            self.own_sums[at] - self.target, self.own_expected[at] - expected, self.own_counts[at] - 1
        )
        return np.asarray(self.mean + own + np.where(known, leniency, 0.0))

    def _damped(self, sums: Array, counts: Array) -> Array:
        return np.asarray((sums + DAMPING * self.plain) / (counts + DAMPING))

    def _products(self, sums: Array, counts: Array) -> Array:
        return np.asarray(self._unit(self._damped(sums, counts)) - self.mean)

    def _shoppers(
        self, sums: Array | None = None, expected: Array | None = None, counts: Array | None = None
    ) -> Array:
        sums = self.own_sums if sums is None else sums
        expected = self.own_expected if expected is None else expected
        counts = self.own_counts if counts is None else counts
        if not self.binary:
            return np.asarray((sums - expected) / (counts + DAMPING))
        # Both rates are drawn to the mean of all alike, so that a shopper nobody knows gets 0.
        return np.asarray(self._unit(self._damped(sums, counts)) - self._unit(self._damped(expected, counts)))

    def _unit(self, values: Array) -> Array:
        if not self.binary:
            return np.asarray(values, float)
        inside = np.clip(values, 1e-4, 1 - 1e-4)
        return np.asarray(np.log(inside / (1 - inside)))
