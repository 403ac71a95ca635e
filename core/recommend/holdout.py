"""Splits that hold out products, shoppers, or shoppers in one domain, the newest ones: what a shop meets tomorrow.

Held-out rows are in no training set. A shopper's history ends before the first answer, so that no case is told what
came after it; rows of others may be later, which is why the temporal split is the default.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.recommend.interactions import Cases, Flags, Hidden, Interactions, Split, enough, fresh

KNOWN_ROWS = 2
"""What is known of a cold shopper: the first products, so many at most."""


def cold_item(data: Interactions, valid_share: float = 0.1, test_share: float = 0.1) -> Split:
    """The products that were first taken last are in no training row: who will take them?"""
    enough(data)
    first = np.full(len(data.products), np.inf)
    np.minimum.at(first, data.product, data.time)
    everyone = np.ones(len(data.shoppers), dtype=bool)
    valid, test = _newest(first, valid_share, test_share)
    return _held_out("cold_item", data, Hidden(everyone, valid), Hidden(everyone, test))


def cold_user(data: Interactions, valid_share: float = 0.1, test_share: float = 0.1) -> Split:
    """The shoppers who came last are in no training row: what follows on their first KNOWN_ROWS products?"""
    enough(data)
    size = np.diff(data.bounds)
    first = np.where(size > 1, _first_time(data, np.ones(len(data), dtype=bool)), np.inf)
    everything = np.ones(len(data.products), dtype=bool)
    place = np.arange(len(data)) - data.bounds[data.shopper]
    given = place < np.minimum(KNOWN_ROWS, size[data.shopper] - 1)
    valid, test = _newest(first, valid_share, test_share)
    return _held_out("cold_user", data, Hidden(valid, everything), Hidden(test, everything), given)


def cross_domain(data: Interactions, valid_share: float = 0.1, test_share: float = 0.1) -> Split:
    """Shoppers who took something elsewhere first, the last of them to enter the target domain: training has none of
    their rows in it. What do they take there?

    Raises DataError where ``data.target`` is None or nobody came from elsewhere.
    """
    enough(data)
    if data.target is None:
        raise DataError(
            "A cross-domain split needs products with categories.",
            where="split",
            remedy="Choose another split, or add the column “category” to the products.",
        )
    inside = data.target[data.product]
    entered = _first_time(data, inside)
    came = np.where(_first_time(data, ~inside) < entered, entered, np.inf)
    valid, test = _newest(came, valid_share, test_share)
    return _held_out("cross_domain", data, Hidden(valid, data.target), Hidden(test, data.target))


def _newest(first: NDArray[np.float64], valid_share: float, test_share: float) -> tuple[Flags, Flags]:
    """Flags of the latest shares by ``first`` (infinite for those that do not count): for validation, for the test."""
    known = np.flatnonzero(np.isfinite(first))
    order = known[np.argsort(first[known], kind="stable")]
    last, middle = (max(1, round(share * len(order))) for share in (test_share, valid_share))
    valid, test = np.zeros(len(first), dtype=bool), np.zeros(len(first), dtype=bool)
    test[order[-last:]] = True
    valid[order[-last - middle : -last]] = True
    return valid, test


def _held_out(
    kind: str, data: Interactions, valid: Hidden, test: Hidden, given: Flags | None = None
) -> Split:
    """``given`` are held-out rows that are told as history all the same."""
    late, middle = test.rows(data), valid.rows(data)
    told = np.zeros(len(data), dtype=bool) if given is None else given
    asked, lost = _cases(data, ~late & ~middle, middle, told)
    judged, also_lost = _cases(data, ~late, late, told)
    train, known = data.where(~late & ~middle), data.where(~late)
    both = Hidden(valid.shoppers | test.shoppers, valid.products | test.products)
    return Split(kind, train, known, asked, judged, lost + also_lost, None, (both, test)).checked()


def _cases(data: Interactions, open_rows: Flags, hidden: Flags, given: Flags) -> tuple[Cases, int]:
    """Cases of the shoppers with hidden rows; those without any history are left out."""
    shoppers, histories, targets, lost = [], [], [], 0
    answers, told = hidden & ~given, open_rows | (hidden & given)
    for shopper in np.unique(data.shopper[answers]):
        rows = np.arange(data.bounds[shopper], data.bounds[shopper + 1])
        asked = rows[answers[rows]]
        history = data.product[rows[told[rows] & (rows < asked[0])]]
        new = fresh(history, data.product[asked])
        lost += len(np.unique(data.product[asked])) - len(new)
        if len(new) and len(history):
            shoppers.append(shopper)
            histories.append(history)
            targets.append(new)
    return Cases(np.array(shoppers, np.int32), tuple(histories), tuple(targets)), lost


def _first_time(data: Interactions, rows: Flags) -> NDArray[np.float64]:
    """float64[shoppers]: the time of the first of these rows; infinite where there is none."""
    first = np.full(len(data.shoppers), np.inf)
    np.minimum.at(first, data.shopper[rows], data.time[rows])
    return first
