"""Interactions of shoppers with products, and what they are divided into to be judged on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.domain import content_hash
from core.errors import DataError

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MIN_EVENTS = 30
"""Fewer usable interactions than this cannot be split into training, validation and test."""


@dataclass(frozen=True, eq=False)
class Interactions:
    """Who took which product when; rows are sorted by shopper, then time, then order of arrival.

    ``shopper`` and ``product`` are int32[n] indices into ``shoppers`` and ``products``; ``time`` is float64[n] in
    seconds (or any number that grows, where only the order is known). ``products`` is the whole catalogue.
    ``weight`` is float32[n] above zero, what a row counts; None where all count one. ``target`` is
    bool[products], the domain that a cross-domain split asks about; None where nobody asks.
    """

    shoppers: tuple[str, ...]
    products: tuple[str, ...]
    shopper: Ints
    product: Ints
    time: Floats
    weight: NDArray[np.float32] | None = None
    target: Flags | None = None

    @staticmethod
    def of(
        rows: Sequence[tuple[str, str, float]],
        products: Sequence[str],
        *,
        once: bool = False,
        weights: Sequence[float] | None = None,
    ) -> Interactions:
        """From (shopper, product, time) rows; rows of products outside the catalogue are left out.

        ``once`` keeps a shopper's first event with a product only, so that a view, a cart and a purchase of the same
        thing are one step of the history. With ``weights``, one a row, it keeps the first of those that weigh most.
        """
        place = {product: index for index, product in enumerate(products)}
        known = [at for at, row in enumerate(rows) if row[1] in place]
        names = sorted({rows[at][0] for at in known})
        number = {name: index for index, name in enumerate(names)}
        shopper = np.fromiter((number[rows[at][0]] for at in known), np.int32, len(known))
        product = np.fromiter((place[rows[at][1]] for at in known), np.int32, len(known))
        time = np.fromiter((rows[at][2] for at in known), np.float64, len(known))
        weight = None if weights is None else np.array([weights[at] for at in known], np.float32)
        order = np.lexsort((np.arange(len(known)), time, shopper))
        made = Interactions(tuple(names), tuple(products), shopper, product, time, weight).take(order)
        return made.take(_first_of_each(made)) if once else made

    def __len__(self) -> int:
        return len(self.shopper)

    def take(self, rows: NDArray[np.int64]) -> Interactions:
        """The rows at these places, in this order, which has to be a valid one; the names stay."""
        return replace(
            self,
            shopper=self.shopper[rows],
            product=self.product[rows],
            time=self.time[rows],
            weight=None if self.weight is None else self.weight[rows],
        )

    def where(self, keep: Flags) -> Interactions:
        """The rows for which ``keep`` (bool[n]) is true; the names stay."""
        return self.take(np.flatnonzero(keep))

    def compact(self) -> Interactions:
        """Without the names of shoppers who have no row."""
        left = np.flatnonzero(np.diff(self.bounds))
        place = np.full(len(self.shoppers), -1, np.int32)
        place[left] = np.arange(len(left), dtype=np.int32)
        return replace(self, shoppers=tuple(self.shoppers[at] for at in left), shopper=place[self.shopper])

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
        built = self._sparse(np.ones(len(self), np.float32))
        built.data[:] = 1.0
        return built

    @cached_property
    def weighted(self) -> Any:
        """Sparse float32[shoppers, products] of weights; the matrix itself where all count one."""
        return self.matrix if self.weight is None else self._sparse(self.weight)

    @cached_property
    def hash(self) -> str:
        """Content hash: the same interactions give the same hash, in whatever order they came."""
        ends = np.cumsum([len(name) for name in self.shoppers]).tobytes().hex()
        rows = (self.shopper.tobytes() + self.product.tobytes() + self.time.tobytes()).hex()
        extra = [part.tobytes().hex() for part in (self.weight, self.target) if part is not None]
        return content_hash("\n".join(self.shoppers), ends, "\n".join(self.products), rows, *extra)

    def _sparse(self, values: NDArray[np.float32]) -> Any:
        shape = (len(self.shoppers), len(self.products))
        return sp.csr_matrix((values, (self.shopper, self.product)), shape=shape)


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


NO_CASES = Cases(np.empty(0, np.int32), (), ())


@dataclass(frozen=True, eq=False)
class Hidden:
    """What training may not have: the rows of these ``shoppers`` (bool[shoppers]) with these ``products``
    (bool[products])."""

    shoppers: Flags
    products: Flags

    def rows(self, data: Interactions) -> Flags:
        """bool[n]: the rows that are hidden."""
        return np.asarray(self.shoppers[data.shopper] & self.products[data.product])


@dataclass(frozen=True, eq=False)
class Split:
    """Training rows, validation cases (what is tuned on), test cases (looked at once), and the rows before the test.

    ``known`` are all rows before the test: what non-parametric models are refitted on before the test is taken.
    ``repeats`` counts answers left out because the shopper had the product already. ``cuts`` are the moments of a
    temporal split; ``hidden`` what the others keep from training: for validation and test, then for the test.
    """

    kind: str
    train: Interactions
    known: Interactions
    valid: Cases
    test: Cases
    repeats: int
    cuts: tuple[float, float] | None = None
    hidden: tuple[Hidden, Hidden] | None = None

    def blind(self) -> Split:
        """The same without the test: what a search may see, so that it cannot look by mistake."""
        return replace(self, known=self.train, test=NO_CASES)

    def checked(self) -> Split:
        """Itself; raises DataError where a part is empty."""
        sizes = {"training": len(self.train), "validation": len(self.valid), "test": len(self.test)}
        for name, size in sizes.items():
            if size == 0:
                raise DataError(
                    f"The {self.kind.replace('_', '-')} split leaves nothing for {name}.",
                    where="split",
                    remedy="Choose another split, larger shares, or add events.",
                )
        return self


def enough(data: Interactions) -> None:
    """Raise DataError where there are too few rows to be split."""
    if len(data) < MIN_EVENTS:
        raise DataError(
            f"There are {len(data)} events of known products; a recommender needs {MIN_EVENTS} at least.",
            where="events",
            remedy="Add a file of events (shopper, product, time) on the Catalogue page.",
        )


def fresh(history: Ints, taken: Ints) -> Ints:
    """The products of ``taken`` that are not in the history, each once, in their order."""
    seen = set(history.tolist())
    return np.array([p for p in dict.fromkeys(taken.tolist()) if p not in seen], np.int32)


def _first_of_each(data: Interactions) -> NDArray[np.int64]:
    """The place of one row of each (shopper, product) pair: the first, or the first of those that weigh most."""
    pair = data.shopper.astype(np.int64) * len(data.products) + data.product
    if data.weight is None:
        return np.sort(np.unique(pair, return_index=True)[1])
    heaviest = np.lexsort((np.arange(len(data)), -data.weight, pair))
    return np.sort(heaviest[np.unique(pair[heaviest], return_index=True)[1]])
