"""What the records of product and shopper say: damped means, learned from training examples alone.

A product's record is the mean of its targets, drawn towards the mean of all as if ``DAMPING`` more examples had that; a
shopper's record is that of what is left after the products'. For a binary target both are differences of log-odds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommend.tasks.config import Kind
from core.recommend.tasks.examples import Examples, Ints, Part

Array = NDArray[np.float64]
DAMPING = 8.0

Use = tuple[bool, bool]
"""Whether the products' and the shoppers' records are used."""
NEITHER, PRODUCT, SHOPPER, BOTH = (False, False), (True, False), (False, True), (True, True)


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
    def of(examples: Examples, rows: Ints, use: Use = BOTH) -> Record:
        """The records of these rows; nothing for classes."""
        if examples.kind is Kind.CLASS:
            return Record.none(examples)
        return _Sums(examples, rows, use).record()

    def offsets(self, product: Ints, shopper: Ints) -> Array:
        """float64[n]: mean and records together; −1 for a shopper that nobody knows."""
        own = np.where(shopper < 0, 0.0, np.append(self.shopper, 0.0)[shopper])
        return np.asarray(self.mean + self.product[product] + own)


def unseen_offsets(examples: Examples, rows: Ints, use: Use = BOTH) -> Array:
    """float64[rows]: the offset of each row had that row not been known, so that no answer speaks for itself."""
    if examples.kind is Kind.CLASS:
        return np.zeros(len(rows))
    return _Sums(examples, rows, use).without_own()


def chosen(examples: Examples, part: Part) -> Use:
    """Which records are worth keeping: those with the lowest validation loss, where their gain over the mean of all is
    more than its standard error."""
    if examples.kind is Kind.CLASS or not len(part.valid):
        return NEITHER
    plain = _losses(examples, part, NEITHER)
    best, lowest = NEITHER, plain.mean()
    for use in (PRODUCT, SHOPPER, BOTH):
        own = _losses(examples, part, use)
        gains = plain - own
        if own.mean() < lowest and gains.mean() > gains.std() / len(gains) ** 0.5:
            best, lowest = use, own.mean()
    return best


def _losses(examples: Examples, part: Part, use: Use) -> Array:
    told = Record.of(examples, part.train, use).offsets(
        examples.product[part.valid], examples.shopper[part.valid]
    )
    target = examples.target[part.valid]
    if examples.kind is Kind.NEED:
        return np.asarray(np.logaddexp(0.0, told) - target * told)
    return np.asarray((told - target) ** 2)


class _Sums:
    """Sums and counts of targets by product and by shopper; a binary target's mean in log-odds."""

    def __init__(self, examples: Examples, rows: Ints, use: Use) -> None:
        self.use = use
        self.binary = examples.kind is Kind.NEED
        self.examples = examples
        self.target = examples.target[rows]
        self.product, self.shopper = examples.product[rows], examples.shopper[rows]
        self.plain = float(self.target.mean())
        self.mean = self._unit(np.array(self.plain)).item()
        products, known = len(examples.products), self.shopper >= 0
        self.sums = _sums(self.product, products, use[0], self.target)
        self.counts = _sums(self.product, products, use[0])
        size = len(examples.shoppers)
        self.own_sums = _sums(self.shopper[known], size, use[1], self.target[known])
        self.own_counts = _sums(self.shopper[known], size, use[1])
        expected = self._damped(self.sums, self.counts)[self.product[known]]
        self.own_expected = _sums(self.shopper[known], size, use[1], expected)

    def record(self) -> Record:
        leniency = self._shoppers(self.own_sums, self.own_expected, self.own_counts)
        return Record(self.mean, self._products(self.sums, self.counts), leniency)

    def without_own(self) -> Array:
        """As ``record().offsets`` would be, had each row been left out of both sums."""
        by_product, by_shopper = self.use
        own = self._products(
            self.sums[self.product] - by_product * self.target, self.counts[self.product] - by_product
        )
        if not len(self.own_sums):
            return np.asarray(self.mean + own)
        known = self.shopper >= 0
        at = np.where(known, self.shopper, 0)
        expected = self._damped(self.sums, self.counts)[self.product]
        leniency = self._shoppers(
            self.own_sums[at] - by_shopper * self.target,
            self.own_expected[at] - by_shopper * expected,
            self.own_counts[at] - by_shopper,
        )
        return np.asarray(self.mean + own + np.where(known, leniency, 0.0))

    def _damped(self, sums: Array, counts: Array) -> Array:
        return np.asarray((sums + DAMPING * self.plain) / (counts + DAMPING))

    def _products(self, sums: Array, counts: Array) -> Array:
        return np.asarray(self._unit(self._damped(sums, counts)) - self.mean)

    def _shoppers(self, sums: Array, expected: Array, counts: Array) -> Array:
        if not self.binary:
            return np.asarray((sums - expected) / (counts + DAMPING))
        # Both rates are drawn to the mean of all alike, so that a shopper nobody knows gets 0.
        return np.asarray(self._unit(self._damped(sums, counts)) - self._unit(self._damped(expected, counts)))

    def _unit(self, values: Array) -> Array:
        if not self.binary:
            return np.asarray(values, float)
        inside = np.clip(values, 1e-4, 1 - 1e-4)
        return np.asarray(np.log(inside / (1 - inside)))


def _sums(owner: Ints, size: int, used: bool, values: Array | None = None) -> Array:
    """float64[size]: sums of the values (their number unless given) by owner; zeros for what is not used."""
    if not used:
        return np.zeros(size)
    return np.asarray(np.bincount(owner, values, minlength=size), np.float64)
