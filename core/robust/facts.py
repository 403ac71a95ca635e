"""Attacks on the graph: facts of popular products that a target does not have, and attributes that are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.robust.world import Model, World

POPULAR = 10


@dataclass(frozen=True, slots=True)
class PoisonedFacts:
    """The target is given ``strength`` facts of best-selling products, as a seller may who fills in the columns."""

    strength: float = 8
    name: str = "poisoned_facts"
    family: str = "facts"
    targeted: bool = True

    def apply(self, model: Model, target: int, random: np.random.Generator) -> World:
        """See ``Attack``."""
        best = np.argsort(-model.counts, kind="stable")[:POPULAR]
        own = model.clean.facts[target]
        offered = np.concatenate([model.clean.facts[int(k)] for k in best if k != target] + [own[:0]])
        given, spread = np.unique(offered[~np.isin(offered, own)], return_counts=True)
        # What most best-sellers share pulls the target towards most of them; among equals chance decides.
        order = np.lexsort((random.random(len(given)), -spread))
        chosen = given[order[: int(self.strength)]]
        facts = list(model.clean.facts)
        facts[target] = np.union1d(own, chosen).astype(np.int64)
        return replace(model.clean, facts=tuple(facts))


@dataclass(frozen=True, slots=True)
class MissingFacts:
    """Each fact is left out with probability ``strength``."""

    strength: float = 0.5
    name: str = "missing_facts"
    family: str = "facts"
    targeted: bool = False

    def apply(self, model: Model, target: int, random: np.random.Generator) -> World:
        """See ``Attack``."""
        kept: list[NDArray[np.int64]] = [
            row[random.random(len(row)) >= self.strength] for row in model.clean.facts
        ]
        return replace(model.clean, facts=tuple(kept))
