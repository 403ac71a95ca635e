"""Explanations beside what is true, where it is known: on the sample, whose shoppers' tastes are simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.catalogue.sample_truth import Spoken
from core.explain.model import Scores
from core.explain.surrogate import agreement

FIRST = 2
LEAST = 0.01
"""Log-odds by which a product is lifted at least for anything to have spoken for it."""
_SALES = frozenset({"popularity", "novelty"})


@dataclass(frozen=True, slots=True)
class TruthCard:
    """``group`` is what the shopper really went by most; ``place`` its place (1 is best) among the product's groups in
    the explanation, of ``of``; ``correlation`` is the rank correlation in [-1, 1] over them."""

    group: str
    place: int
    of: int
    correlation: float

    @property
    def found(self) -> bool:
        """Whether the group is among the first ``FIRST``."""
        return self.place <= FIRST


def true_groups(spoken: Sequence[Spoken], names: Sequence[str]) -> Mapping[str, float]:
    """By group of the product: how much what it stands for really lifts it, in log-odds.

    Gains are what a shopper's own tastes add, not halved between tastes and product as Shapley values of both would be.
    The simulator's utility, explained as a model's score is, has the same group among its first two nearly always.
    Left out are the history, which is how a model learns of tastes and not what they are about, and the text, which
    states the same facts once more. A family that has no group of its own counts to "other".
    """
    gains = {name: 0.0 for name in names if name != "text" and not name.startswith("history")}
    for part in spoken:
        if part.kind == "season" and not part.relation:
            continue
        own = "price" if part.kind == "price" else "popularity" if part.kind in _SALES else part.family
        place = own if own in gains else "other"
        if place in gains:
            gains[place] += part.gain
    return gains


def beside_truth(names: Sequence[str], values: Scores, spoken: Sequence[Spoken]) -> TruthCard | None:
    """How well the shares of the groups tell what is true; None where nothing spoke for the product."""
    gains = true_groups(spoken, names)
    if not gains or max(gains.values()) < LEAST:
        return None
    shares = dict(zip(names, values, strict=True))
    ranked = sorted(gains, key=lambda name: -shares[name])
    best = max(gains, key=lambda name: gains[name])
    told = np.array([shares[name] for name in gains])
    return TruthCard(best, ranked.index(best) + 1, len(gains), agreement(told, np.array([*gains.values()])))
