"""What changed between two runs: groups and relations that gained or lost weight, for the same shoppers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.drivers.importance import Floats, Weights
from core.recommend.significance import Interval, bootstrap, holm, wilcoxon


@dataclass(frozen=True, slots=True)
class Shift:
    """One group or relation: its share ``before`` and ``after``, in [0, 1], the paired ``change`` over ``shoppers``,
    the p value after Holm, and its rank by share in either run (1 is heaviest)."""

    name: str
    before: float
    after: float
    change: Interval
    p_holm: float
    rank_before: int
    rank_after: int
    shoppers: int

    @property
    def moved(self) -> bool:
        """Whether the change is more than chance: its interval leaves out nothing, and its p is below 5%."""
        return self.p_holm < 0.05 and (self.change.low > 0 or self.change.high < 0)


def drift(before: Weights, after: Weights, seed: int = 0) -> list[Shift]:
    """The shifts, largest change first; a name that one run does not have weighs nothing there. Only shoppers of both
    count; [] where there are none."""
    names = tuple(dict.fromkeys((*before.names, *after.names)))
    both = [one for one in before.shoppers if one in set(after.shoppers)]
    if not both:
        return []
    old, new = _aligned(before, names, both), _aligned(after, names, both)
    known = ~(np.isnan(old).any(1) | np.isnan(new).any(1))
    old, new = old[known], new[known]
    if not len(old):
        return []
    corrected = holm({name: wilcoxon(new[:, k] - old[:, k]) for k, name in enumerate(names)})
    first, then = _ranks(old.mean(0)), _ranks(new.mean(0))
    shifts = [
        Shift(
            name,
            float(old[:, k].mean()),
            float(new[:, k].mean()),
            bootstrap(new[:, k] - old[:, k], seed, 1_000),
            corrected[name],
            first[k],
            then[k],
            len(old),
        )
        for k, name in enumerate(names)
    ]
    return sorted(shifts, key=lambda one: (-abs(one.change.mean), one.name))


def _aligned(weights: Weights, names: tuple[str, ...], shoppers: list[str]) -> Floats:
    place = {name: k for k, name in enumerate(weights.shoppers)}
    column = {name: k for k, name in enumerate(weights.names)}
    found = np.zeros((len(shoppers), len(names)))
    rows = [place[one] for one in shoppers]
    for k, name in enumerate(names):
        if name in column:
            found[:, k] = weights.share[rows, column[name]]
    return found


def _ranks(values: Floats) -> list[int]:
    order = np.argsort(-values, kind="stable")
    ranks = np.empty(len(values), np.int64)
    ranks[order] = np.arange(1, len(values) + 1)
    return [int(rank) for rank in ranks]
