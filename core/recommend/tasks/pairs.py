"""Examples of shopper and product: the stars somebody gave, and whether a product met a need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.domain import Fact, Product
from core.errors import DataError
from core.recommend.tasks.config import Kind, TaskConfig
from core.recommend.tasks.examples import Examples, Ints, Part, cut_in_time, enough

DAY = 86_400.0
VISIT = 1_800.0
"""What was bought less than half an hour ago is of the same visit, and not history yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something a shopper did with a product: ``taken`` it, or only looked."""

    shopper: str
    product: str
    time: float
    taken: bool


@dataclass(frozen=True, slots=True)
class Stars:
    """A rating; ``shopper`` is "" and ``time`` NaN where they are not known."""

    shopper: str
    product: str
    time: float
    value: float


def rating_examples(
    products: Sequence[Product],
    facts: Mapping[str, Sequence[Fact]],
    stars: Sequence[Stars],
    steps: Sequence[Step],
    config: TaskConfig,
) -> tuple[Examples, list[Part]]:
    """One example a rating of a product of the catalogue, cut in time where all times are known.

    ``facts`` must hold nothing that only reviews say: a review's praise is its rating in other words.
    """
    place = {product.id: at for at, product in enumerate(products)}
    known = [one for one in stars if one.product in place]
    enough(len(known), "ratings of known products", "Add reviews or events with a rating.")
    if len({one.value for one in known}) < 2:
        raise DataError("All ratings are the same.", where="task", remedy="Add ratings that differ.")
    return _examples(
        Kind.RATING,
        products,
        facts,
        [(one.shopper, place[one.product], one.time, one.value) for one in known],
        steps,
        config,
        {"elsewhere": len(stars) - len(known)},
    )


def need_examples(
    products: Sequence[Product],
    facts: Mapping[str, Sequence[Fact]],
    steps: Sequence[Step],
    config: TaskConfig,
) -> tuple[Examples, list[Part]]:
    """One example a shopper and product that was looked at: was it taken within a day? Or, where nobody is known to
    have only looked, products taken against products drawn at random.

    Raises DataError where there are too few, or all answers are the same.
    """
    place = {product.id: at for at, product in enumerate(products)}
    known = [step for step in steps if step.product in place]
    looked = _looked(known)
    refused = sum(not taken for *_rest, taken in looked)
    if config.negatives == "seen" and not refused:
        raise DataError(
            "No product was looked at and left.",
            where="negatives",
            remedy="Draw products at random, or add events of views.",
        )
    seen = config.negatives == "seen" or (config.negatives == "auto" and refused > len(looked) / 10)
    rows = [(s, place[p], t, float(taken)) for s, p, t, taken in looked]
    if not seen:
        rows = _with_random([row for row in rows if row[3]], known, place, config)
    enough(len(rows), "shoppers' choices", "Add a file of events (shopper, product, time).")
    if len({row[3] for row in rows}) < 2:
        raise DataError(
            "Every product that was looked at was taken, or none was.",
            where="task",
            remedy="Draw products at random, or add events.",
        )
    notes = {"negatives": "seen" if seen else "random", "taken": sum(row[3] > 0 for row in rows)}
    return _examples(Kind.NEED, products, facts, rows, known, config, notes)


Row = tuple[str, int, float, float]


def _looked(steps: Iterable[Step]) -> list[tuple[str, str, float, bool]]:
    """(shopper, product, time of the first look, whether it was taken within a day), each pair once, by time."""
    first: dict[tuple[str, str], float] = {}
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    for step in sorted(steps, key=lambda step: step.time):
        first.setdefault((step.shopper, step.product), step.time)
        if step.taken:
            taken[step.shopper, step.product].append(step.time)
    return sorted(
        ((s, p, t, any(t <= at <= t + DAY for at in taken.get((s, p), ()))) for (s, p), t in first.items()),
        key=lambda row: (row[2], row[0], row[1]),
    )


def _with_random(
    taken: Sequence[Row], steps: Iterable[Step], place: Mapping[str, int], config: TaskConfig
) -> list[Row]:
    """The rows, and for each of them ``ratio`` products that this shopper never met, at the same moment."""
    random = np.random.default_rng(config.seed)
    met: dict[str, set[int]] = defaultdict(set)
    for step in steps:
        met[step.shopper].add(place[step.product])
    rows = list(taken)
    for shopper, _product, time, _value in taken:
        free = len(place) - len(met[shopper])
        drawn: set[int] = set()
        while len(drawn) < min(config.ratio, free):
            candidate = int(random.integers(len(place)))
            if candidate not in met[shopper]:
                drawn.add(candidate)
        rows += [(shopper, product, time, 0.0) for product in sorted(drawn)]
    return rows


def _examples(
    kind: Kind,
    products: Sequence[Product],
    facts: Mapping[str, Sequence[Fact]],
    rows: Sequence[Row],
    steps: Iterable[Step],
    config: TaskConfig,
    notes: Mapping[str, object],
) -> tuple[Examples, list[Part]]:
    place = {product.id: at for at, product in enumerate(products)}
    shoppers = tuple(sorted({row[0] for row in rows if row[0]}))
    number = {name: at for at, name in enumerate(shoppers)}
    examples = Examples(
        kind=kind,
        products=tuple(products),
        facts=dict(facts),
        product=np.array([row[1] for row in rows], np.int64),
        target=np.array([row[3] for row in rows], np.float64),
        shopper=np.array([number.get(row[0], -1) for row in rows], np.int64),
        histories=_histories(rows, steps, place),
        shoppers=shoppers,
        notes=dict(notes),
    )
    times = np.array([row[2] for row in rows], np.float64)
    gap = DAY if kind is Kind.NEED else 0.0
    return examples, cut_in_time(times, config.valid_share, config.test_share, config.seed, gap)


def _histories(rows: Sequence[Row], steps: Iterable[Step], place: Mapping[str, int]) -> tuple[Ints, ...]:
    """What each shopper had taken before the visit of the row, without the row's own product, oldest first."""
    taken: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for step in sorted(steps, key=lambda step: step.time):
        if step.taken and step.product in place:
            taken[step.shopper].append((step.time, place[step.product]))
    found = []
    for shopper, product, time, _value in rows:
        before = [p for at, p in taken.get(shopper, ()) if at < time - VISIT and p != product]
        found.append(np.array(list(dict.fromkeys(before)), np.int64))
    return tuple(found)
