"""Interactions of shoppers with products, and the splits they are judged on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.domain import content_hash
from core.errors import DataError

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

MIN_EVENTS = 30
"""Fewer usable interactions than this cannot be split into training, validation and test."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Who took which product when; rows are sorted by shopper, then time, then order of arrival.

    ``shopper`` and ``product`` are int32[n] indices into ``shoppers`` and ``products``; ``time`` is float64[n] in
    seconds (or any number that grows, where only the order is known). ``products`` is the whole catalogue.
    """

    shoppers: tuple[str, ...]
    products: tuple[str, ...]
    shopper: Ints
    product: Ints
    time: Floats

    @staticmethod
    def of(
        rows: Sequence[tuple[str, str, float]], products: Sequence[str], *, once: bool = False
    ) -> Interactions:
        """From (shopper, product, time) rows; rows of products outside the catalogue are left out.

        ``once`` keeps a shopper's first event with a product only, so that a view, a cart and a purchase of the same
        thing are one step of the history.
        """
        place = {product: index for index, product in enumerate(products)}
        known = [(shopper, place[product], time) for shopper, product, time in rows if product in place]
        names = sorted({row[0] for row in known})
        number = {name: index for index, name in enumerate(names)}
        shopper = np.fromiter((number[row[0]] for row in known), np.int32, len(known))
        product = np.fromiter((row[1] for row in known), np.int32, len(known))
        time = np.fromiter((row[2] for row in known), np.float64, len(known))
        order = np.lexsort((np.arange(len(known)), time, shopper))
        shopper, product, time = shopper[order], product[order], time[order]
        if once:
            pair = shopper.astype(np.int64) * len(products) + product
            first = np.sort(np.unique(pair, return_index=True)[1])
            shopper, product, time = shopper[first], product[first], time[first]
        return Interactions(tuple(names), tuple(products), shopper, product, time)

    def __len__(self) -> int:
        return len(self.shopper)

    def where(self, keep: NDArray[np.bool_]) -> Interactions:
        """The rows for which ``keep`` (bool[n]) is true; the names stay."""
        return Interactions(
            self.shoppers, self.products, self.shopper[keep], self.product[keep], self.time[keep]
        )

    @cached_property
    def bounds(self) -> NDArray[np.int64]:
        """int64[shoppers + 1]: the rows of shopper s are ``bounds[s]:bounds[s + 1]``."""
        return np.searchsorted(self.shopper, np.arange(len(self.shoppers) + 1)).astype(np.int64)

    def history(self, shopper: int) -> Ints:
        """Products of one shopper, oldest first."""
        return self.product[self.bounds[shopper] : self.bounds[shopper + 1]]

    def histories(self) -> Iterator[tuple[int, Ints]]:
        """(shopper, products oldest first) of each shopper with at least one row."""
        for shopper in np.flatnonzero(np.diff(self.bounds)):
            yield int(shopper), self.history(int(shopper))

    @cached_property
    def counts(self) -> NDArray[np.float32]:
        """float32[products]: number of different shoppers of each product."""
        return np.asarray(self.matrix.sum(axis=0), dtype=np.float32).ravel()

    @cached_property
    def matrix(self) -> Any:
        """Sparse float32[shoppers, products] of zeros and ones."""
        shape = (len(self.shoppers), len(self.products))
        built = sp.csr_matrix((np.ones(len(self), np.float32), (self.shopper, self.product)), shape=shape)
        built.data[:] = 1.0
        return built

    @cached_property
    def hash(self) -> str:
        """Content hash: the same interactions give the same hash, in whatever order they came."""
        ends = np.cumsum([len(name) for name in self.shoppers]).tobytes().hex()
        rows = (self.shopper.tobytes() + self.product.tobytes() + self.time.tobytes()).hex()
        return content_hash("\n".join(self.shoppers), ends, "\n".join(self.products), rows)


@dataclass(frozen=True, eq=False)
class Cases:
    """Questions with answers: what does this shopper, with this history, take next?

    ``targets[k]`` are products that are not in ``histories[k]``, each once; ``histories[k]`` may be empty.
    """

    shopper: Ints
    histories: tuple[Ints, ...]
    targets: tuple[Ints, ...]

    def __len__(self) -> int:
        return len(self.shopper)

    def some(self, most: int, seed: int = 0) -> Cases:
        """At most ``most`` of the cases, drawn without replacement, in their order."""
        if len(self) <= most:
            return self
        chosen = np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False))
        return Cases(
            self.shopper[chosen],
            tuple(self.histories[k] for k in chosen),
            tuple(self.targets[k] for k in chosen),
        )


@dataclass(frozen=True, eq=False)
class Split:
    """Training rows, validation cases (what is tuned on), test cases (looked at once), and the rows before the test.

    ``known`` are all rows before the test: what non-parametric models are refitted on before the test is taken.
    ``repeats`` counts answers left out because the shopper had the product already.
    """

    kind: str
    train: Interactions
    known: Interactions
    valid: Cases
    test: Cases
    repeats: int
    cuts: tuple[float, float] | None = None


def temporal_split(data: Interactions, valid_share: float = 0.1, test_share: float = 0.1) -> Split:
    """Cut all shoppers at the same two moments, so that nothing later than the cut is known to anyone."""
    _need(data)
    first, second = np.quantile(data.time, [1 - valid_share - test_share, 1 - test_share])
    train, middle, late = data.time < first, (data.time >= first) & (data.time < second), data.time >= second
    known = data.where(~late)
    valid, lost = _cases(data.where(train), data.where(middle))
    test, also_lost = _cases(known, data.where(late))
    return _checked(
        Split(
            "temporal", data.where(train), known, valid, test, lost + also_lost, (float(first), float(second))
        )
    )


def leave_one_out(data: Interactions) -> Split:
    """Each shopper's last product is the test, the one before is the validation (shoppers with three or more)."""
    _need(data)
    size = np.diff(data.bounds)[data.shopper]
    from_end = data.bounds[data.shopper + 1] - 1 - np.arange(len(data))
    last, second = (from_end == 0) & (size >= 3), (from_end == 1) & (size >= 3)
    train, known = data.where(~last & ~second), data.where(~last)
    valid, lost = _cases(train, data.where(second))
    test, also_lost = _cases(known, data.where(last))
    return _checked(Split("leave_one_out", train, known, valid, test, lost + also_lost))


def published_split(
    train: Sequence[tuple[str, str, float]],
    valid: Sequence[tuple[str, str, float]],
    test: Sequence[tuple[str, str, float]],
    products: Sequence[str],
) -> Split:
    """A split that somebody else has made; answers the shopper had before count as missed in published figures,
    so they are left out here and counted in ``repeats``."""
    data = Interactions.of([*train, *valid, *test], products)
    part = {(row[0], row[1], row[2]): 1 for row in valid} | {(row[0], row[1], row[2]): 2 for row in test}
    kind = np.fromiter(
        (
            part.get((data.shoppers[s], data.products[p], float(t)), 0)
            for s, p, t in zip(data.shopper, data.product, data.time, strict=True)
        ),
        np.int8,
        len(data),
    )
    fit, known = data.where(kind == 0), data.where(kind != 2)
    valid_cases, lost = _cases(fit, data.where(kind == 1))
    test_cases, also_lost = _cases(known, data.where(kind == 2))
    return _checked(Split("published", fit, known, valid_cases, test_cases, lost + also_lost))


def split(
    data: Interactions, kind: str = "temporal", valid_share: float = 0.1, test_share: float = 0.1
) -> Split:
    """The split of that kind; raises DataError where too little is left to train or to judge on."""
    return temporal_split(data, valid_share, test_share) if kind == "temporal" else leave_one_out(data)


def _cases(before: Interactions, after: Interactions) -> tuple[Cases, int]:
    shoppers, histories, targets, lost = [], [], [], 0
    for shopper, taken in after.histories():
        history = before.history(shopper)
        fresh = np.array(
            [p for p in dict.fromkeys(taken.tolist()) if p not in set(history.tolist())], np.int32
        )
        lost += len(np.unique(taken)) - len(fresh)
        if len(fresh):
            shoppers.append(shopper)
            histories.append(history)
            targets.append(fresh)
    return Cases(np.array(shoppers, np.int32), tuple(histories), tuple(targets)), lost


def _need(data: Interactions) -> None:
    if len(data) < MIN_EVENTS:
        raise DataError(
            f"There are {len(data)} events of known products; a recommender needs {MIN_EVENTS} at least.",
            where="events",
            remedy="Add a file of events (shopper, product, time) on the Catalogue page.",
        )


def _checked(made: Split) -> Split:
    for name, size in (
        ("training", len(made.train)),
        ("validation", len(made.valid)),
        ("test", len(made.test)),
    ):
        if size == 0:
            raise DataError(
                f"The {made.kind.replace('_', '-')} split leaves nothing for {name}.",
                where="split",
                remedy="Choose the other split, larger shares, or add events.",
            )
    return made
