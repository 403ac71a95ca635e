"""Fake shoppers who push one product, after Mobasher et al. (ACM TOIT 2007), for events without ratings.

Each fake profile takes the target and fills the rest of a history of usual length: with any products (random), with
products drawn as often as shoppers take them (average), with the best-selling ones and a few others (bandwagon), or
with products like the target's own neighbours, so as to reach the shoppers of its segment (segment).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.recommend.data import Interactions
from core.robust.world import Model, World

KINDS = ("random", "average", "bandwagon", "segment")
SHARES = (0.01, 0.03, 0.05)
LEAST_PROFILES = 2
POPULAR = 10
SEGMENT = 15
FAKE = "\uffff fake "
"""Begins the name of a fake shopper; sorts behind all others, and no shop gives it."""


@dataclass(frozen=True, slots=True)
class FakeProfiles:
    """``strength`` is the number of fake profiles as a share of the genuine shoppers."""

    kind: str = "bandwagon"
    strength: float = 0.03
    family: str = "profiles"
    targeted: bool = True

    @property
    def name(self) -> str:
        """Its name, with the word that tells it from other attacks."""
        return f"profiles_{self.kind}"

    def apply(self, model: Model, target: int, random: np.random.Generator) -> World:
        """See ``Attack``."""
        known = model.clean.known
        return replace(model.clean, known=injected(known, self.histories(known, target, random), random))

    def histories(
        self, known: Interactions, target: int, random: np.random.Generator
    ) -> list[NDArray[np.int32]]:
        """The fake histories, in random order, each with the target in it once."""
        lengths = np.diff(known.bounds)
        lengths = lengths[lengths > 0]
        if not self.strength:
            return []
        count = max(LEAST_PROFILES, round(self.strength * len(lengths)))
        found = []
        for length in random.choice(lengths, count):
            size = int(min(max(length, 2), len(known.products))) - 1
            filler = self._filler(known, target, size, random)
            found.append(random.permutation(np.append(filler, target)).astype(np.int32))
        return found

    def _filler(
        self, known: Interactions, target: int, size: int, random: np.random.Generator
    ) -> NDArray[np.int64]:
        others = np.flatnonzero(np.arange(len(known.products)) != target)
        size = min(size, len(others))
        counts = known.counts[others].astype(np.float64)
        if self.kind == "average":
            return random.choice(others, size, replace=False, p=(counts + 0.1) / (counts + 0.1).sum())
        core: NDArray[np.int64] = others[:0]
        if self.kind == "bandwagon":
            core = others[np.argsort(-counts, kind="stable")[:POPULAR]]
        if self.kind == "segment":
            core = _segment(known, target)
        core = random.permutation(core)[: max(1, round(0.7 * size))] if len(core) else core
        rest = np.setdiff1d(others, core)
        drawn = random.choice(rest, min(size - len(core[:size]), len(rest)), replace=False)
        return np.concatenate([core[:size], drawn]).astype(np.int64)


def injected(
    known: Interactions, histories: list[NDArray[np.int32]], random: np.random.Generator
) -> Interactions:
    """The events with those of fake shoppers behind them, at the times of genuine events drawn at random."""
    if not histories:
        return known
    first = len(known.shoppers)
    owner = np.repeat(np.arange(first, first + len(histories)), [len(one) for one in histories])
    times = [np.sort(random.choice(known.time, len(one))) for one in histories]
    return Interactions(
        known.shoppers + tuple(f"{FAKE}{k:06d}" for k in range(len(histories))),
        known.products,
        np.concatenate([known.shopper, owner]).astype(np.int32),
        np.concatenate([known.product, *histories]).astype(np.int32),
        np.concatenate([known.time, *times]),
        known.weight
        if known.weight is None
        else np.concatenate([known.weight, np.ones(len(owner), np.float32)]),
    )


def is_fake(known: Interactions) -> NDArray[np.bool_]:
    """bool[shoppers]: who was injected."""
    return np.array([name.startswith(FAKE) for name in known.shoppers], bool)


def _segment(known: Interactions, target: int) -> NDArray[np.int64]:
    """The products most taken together with the target; for one that nobody has, those of a well-known product."""
    together = np.asarray((known.matrix.T[[target]] @ known.matrix).todense()).ravel()
    together[target] = 0
    if not together.any():
        anchor = int(np.argsort(-known.counts, kind="stable")[target % POPULAR % len(known.counts)])
        together = np.asarray((known.matrix.T[[anchor]] @ known.matrix).todense()).ravel()
        together[target] = 0
    return np.argsort(-together, kind="stable")[: min(SEGMENT, int((together > 0).sum()))]
