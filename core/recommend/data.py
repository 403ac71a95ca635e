"""The splits a recommender is judged on: cut in time, the last product of each shopper, or held out (see holdout)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.recommend.holdout import cold_item, cold_user, cross_domain
from core.recommend.interactions import (
    MIN_EVENTS,
    Cases,
    Floats,
    Hidden,
    Interactions,
    Ints,
    Split,
    enough,
    fresh,
)

__all__ = [
    "MIN_EVENTS",
    "Cases",
    "Floats",
    "Hidden",
    "Interactions",
    "Ints",
    "Split",
    "leave_one_out",
    "published_split",
    "split",
    "temporal_split",
]


def temporal_split(data: Interactions, valid_share: float = 0.1, test_share: float = 0.1) -> Split:
    """Cut all shoppers at the same two moments, so that nothing later than the cut is known to anyone."""
    enough(data)
    first, second = np.quantile(data.time, [1 - valid_share - test_share, 1 - test_share])
    train, middle, late = data.time < first, (data.time >= first) & (data.time < second), data.time >= second
    known = data.where(~late)
    valid, lost = _cases(data.where(train), data.where(middle))
    test, also_lost = _cases(known, data.where(late))
    cuts = (float(first), float(second))
    return Split("temporal", data.where(train), known, valid, test, lost + also_lost, cuts).checked()


def leave_one_out(data: Interactions) -> Split:
    """Each shopper's last product is the test, the one before is the validation (shoppers with three or more)."""
    enough(data)
    size = np.diff(data.bounds)[data.shopper]
    from_end = data.bounds[data.shopper + 1] - 1 - np.arange(len(data))
    last, second = (from_end == 0) & (size >= 3), (from_end == 1) & (size >= 3)
    train, known = data.where(~last & ~second), data.where(~last)
    valid, lost = _cases(train, data.where(second))
    test, also_lost = _cases(known, data.where(last))
    return Split("leave_one_out", train, known, valid, test, lost + also_lost).checked()


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
    return Split("published", fit, known, valid_cases, test_cases, lost + also_lost).checked()


def split(
    data: Interactions, kind: str = "temporal", valid_share: float = 0.1, test_share: float = 0.1
) -> Split:
    """The split of that kind. Shares are of the events (temporal), of the products that were taken (cold item), of the
    shoppers who can be asked (cold user, cross-domain), and without meaning for leave-one-out.

    Raises DataError where too little is left to train or to judge on, and KeyError for an unknown kind.
    """
    if kind == "leave_one_out":
        return leave_one_out(data)
    made = {
        "temporal": temporal_split,
        "cold_item": cold_item,
        "cold_user": cold_user,
        "cross_domain": cross_domain,
    }
    return made[kind](data, valid_share, test_share)


def _cases(before: Interactions, after: Interactions) -> tuple[Cases, int]:
    shoppers, histories, targets, lost = [], [], [], 0
    for shopper, taken in after.histories():
        history = before.history(shopper)
        new = fresh(history, taken)
        lost += len(np.unique(taken)) - len(new)
        if len(new):
            shoppers.append(shopper)
            histories.append(history)
            targets.append(new)
    return Cases(np.array(shoppers, np.int32), tuple(histories), tuple(targets)), lost
