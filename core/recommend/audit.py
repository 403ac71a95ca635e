"""What the data is like, and what could flatter the figures: counts, density, cold shares, leaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.domain import Fact
from core.recommend.data import Interactions, Split
from core.recommend.features import from_reviews
from core.recommend.measure import COLD_EVENTS


@dataclass(frozen=True, slots=True)
class Leak:
    """Something of the test that training could see. ``kind``: "later" (training events after the cut), "repeats"
    (answers the shopper had before), "reviews" (facts only reviews speak for), "reviews_later" (of these, the ones from
    reviews after the cut). ``used`` says whether training would really see it; what is not used is harmless."""

    kind: str
    count: int
    used: bool


@dataclass(frozen=True, slots=True)
class Audit:
    """Figures of a data set and its split; times in epoch seconds, shares in [0, 1]."""

    shoppers: int
    products: int
    events: int
    dropped: int
    density: float
    first: float
    last: float
    train: int
    valid: int
    test: int
    cold_products: float
    cold_targets: float
    cold_shoppers: float
    facts: int
    data_hash: str
    leaks: tuple[Leak, ...]

    @property
    def clean(self) -> bool:
        """Whether training sees nothing of the test."""
        return not any(leak.used and leak.count for leak in self.leaks)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"clean": self.clean}


def audit(
    data: Interactions,
    split: Split,
    facts: Iterable[Fact] = (),
    documents: Mapping[str, str] | None = None,
    review_times: Mapping[str, float | None] | None = None,
    *,
    reviews_used: bool = False,
    dropped: int = 0,
) -> Audit:
    """Look through data and split.

    ``facts`` are all of the graph, ``documents`` maps assertion → document, ``review_times`` review id → epoch seconds
    (None where unknown, which counts as late); ``dropped`` events were of products outside the catalogue or repeated.
    """
    cold = split.known.counts < COLD_EVENTS
    targets = np.concatenate([*split.test.targets, np.empty(0, np.int32)]).astype(int)
    spoken, late, total = _review_facts(facts, documents or {}, review_times or {}, split)
    return Audit(
        shoppers=len(data.shoppers),
        products=len(data.products),
        events=len(data),
        dropped=dropped,
        density=len(data) / max(1, len(data.shoppers) * len(data.products)),
        first=float(data.time.min(initial=np.inf)),
        last=float(data.time.max(initial=-np.inf)),
        train=len(split.train),
        valid=len(split.valid),
        test=len(split.test),
        cold_products=float(cold.mean()),
        cold_targets=float(cold[targets].mean()) if len(targets) else 0.0,
        cold_shoppers=float(np.mean([len(history) < COLD_EVENTS for history in split.test.histories])),
        facts=total,
        data_hash=data.hash,
        leaks=(
            Leak("later", _later(split), True),
            Leak("repeats", split.repeats, False),
            Leak("reviews", spoken, reviews_used),
            Leak("reviews_later", late, reviews_used),
        ),
    )


def _later(split: Split) -> int:
    """Training rows that a test shopper's answers are among, or that lie after the cut."""
    pairs = set(zip(split.known.shopper.tolist(), split.known.product.tolist(), strict=True))
    answers = zip(split.test.shopper.tolist(), split.test.targets, strict=True)
    known = sum((shopper, product) in pairs for shopper, taken in answers for product in taken.tolist())
    if split.cuts is None:
        return known
    return known + int((split.train.time >= split.cuts[0]).sum() + (split.known.time >= split.cuts[1]).sum())


def _review_facts(
    facts: Iterable[Fact],
    documents: Mapping[str, str],
    times: Mapping[str, float | None],
    split: Split,
) -> tuple[int, int, int]:
    spoken = late = total = 0
    every = {fact.id: fact for fact in facts}
    for fact in every.values():
        total += 1
        if not from_reviews(fact, documents, every):
            continue
        spoken += 1
        reviews = [documents[s].removesuffix("/text") for s in fact.supports if s in documents]
        moments = [times.get(review) for review in reviews]
        known = [moment for moment in moments if moment is not None]
        late += split.cuts is not None and (not known or min(known) >= split.cuts[1])
    return spoken, late, total
