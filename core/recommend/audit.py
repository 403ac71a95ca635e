"""What the data is like, and what could flatter the figures: counts, density, cold shares, leaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.domain import Fact
from core.recommend.config import GraphKind, TrainConfig
from core.recommend.data import Cases, Interactions, Split
from core.recommend.dataset import Dataset
from core.recommend.features import from_behaviour, from_reviews
from core.recommend.leaks import held_out_rows, later_rows, links_of_the_test
from core.recommend.measure import COLD_EVENTS


@dataclass(frozen=True, slots=True)
class Leak:
    """Something of the test that training could see. ``used`` says whether it would; what is not used is harmless.

    ``kind``: "later" (training events after the cut, or that are an answer), "held_out" (training events of what the
    split holds out), "repeats" (answers the shopper had before), "reviews" (facts only reviews speak for),
    "reviews_later" (of these, the ones from reviews after the cut), "behaviour" (also-bought links, by their name),
    "links_later" (links between products that shoppers bear out in the test rather than before).
    """

    kind: str
    count: int
    used: bool


@dataclass(frozen=True, slots=True)
class Audit:
    """Figures of a data set and its split; times in epoch seconds, shares in [0, 1].

    ``held_products`` and ``held_shoppers`` are what the split keeps from training for the test; ``domain`` the target
    of a cross-domain split; ``core`` what a k-core left out; ``people`` the shoppers whose sessions are the shoppers
    here (0 where shoppers are shoppers).
    """

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
    split: str
    held_products: int = 0
    held_shoppers: int = 0
    domain: str = ""
    core: Mapping[str, int] | None = None
    people: int = 0

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
    config: TrainConfig | None = None,
    found: Dataset | None = None,
) -> Audit:
    """Look through data and split.

    ``facts`` are all of the graph, ``documents`` maps assertion → document, ``review_times`` review id → epoch seconds
    (None where unknown, which counts as late); ``config`` says what of the graph training uses, ``found`` how the data
    came about.
    """
    config = config or TrainConfig()
    graph = config.graph is not GraphKind.NONE
    cold = split.known.counts < COLD_EVENTS
    every = {fact.id: fact for fact in facts}
    targets = _flat(split.test)
    spoken, late = _review_facts(every, documents or {}, review_times or {}, split)
    behaviour = [fact for fact in every.values() if from_behaviour(fact.relation)]
    links = [
        fact for fact in every.values() if config.behaviour_in_graph or not from_behaviour(fact.relation)
    ]
    hidden = split.hidden[1] if split.hidden else None
    return Audit(
        shoppers=len(data.shoppers),
        products=len(data.products),
        events=len(data),
        dropped=found.dropped if found else 0,
        density=len(data) / max(1, len(data.shoppers) * len(data.products)),
        first=float(data.time.min(initial=np.inf)),
        last=float(data.time.max(initial=-np.inf)),
        train=len(split.train),
        valid=len(split.valid),
        test=len(split.test),
        cold_products=float(cold.mean()),
        cold_targets=float(cold[targets].mean()) if len(targets) else 0.0,
        cold_shoppers=float(np.mean([len(history) < COLD_EVENTS for history in split.test.histories])),
        facts=len(every),
        data_hash=data.hash,
        leaks=(
            Leak("later", later_rows(split), True),
            Leak("held_out", held_out_rows(split), True),
            Leak("repeats", split.repeats, False),
            Leak("reviews", spoken, graph and config.reviews_in_graph),
            Leak("reviews_later", late, graph and config.reviews_in_graph),
            Leak("behaviour", len(behaviour), graph and config.behaviour_in_graph),
            Leak("links_later", links_of_the_test(split, links), graph),
        ),
        split=split.kind,
        held_products=int(hidden.products.sum()) if hidden and not hidden.products.all() else 0,
        held_shoppers=int(hidden.shoppers.sum()) if hidden and not hidden.shoppers.all() else 0,
        domain=found.domain if found else "",
        core=asdict(found.core) if found and found.core else None,
        people=found.shoppers if found else 0,
    )


def _flat(cases: Cases) -> np.ndarray[Any, Any]:
    return np.concatenate([*cases.targets, np.empty(0, np.int32)]).astype(int)


def _review_facts(
    every: Mapping[str, Fact],
    documents: Mapping[str, str],
    times: Mapping[str, float | None],
    split: Split,
) -> tuple[int, int]:
    spoken = late = 0
    for fact in every.values():
        if not from_reviews(fact, documents, every):
            continue
        spoken += 1
        reviews = [documents[s].removesuffix("/text") for s in fact.supports if s in documents]
        moments = [times.get(review) for review in reviews]
        known = [moment for moment in moments if moment is not None]
        late += split.cuts is not None and (not known or min(known) >= split.cuts[1])
    return spoken, late
