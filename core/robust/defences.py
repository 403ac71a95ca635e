"""Defences: each takes a world that may have been attacked and gives back what it trusts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.robust.guard import guarded
from core.robust.spot_facts import spot_facts
from core.robust.spot_profiles import spot_profiles, without
from core.robust.spotting import SURE
from core.robust.world import Model, World

MOST_DROPPED = 0.1
"""No defence throws away more than this share of the shoppers, however sure it is."""
COLD_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class GuardTexts:
    """Cleans every text of marks, commands and keyword lists, and reads it again."""

    name: str = "guard_texts"

    def repair(self, model: Model, world: World, random: np.random.Generator) -> World:
        """See ``Defence``."""
        # Cleaning leaves white space tidied; only a text that has something taken out of it is another text.
        texts = [text if (one := guarded(text)) == _tidy(text) else one for text in world.texts]
        return model.with_texts(world, texts)


@dataclass(frozen=True, slots=True)
class DropProfiles:
    """Leaves out the shoppers who look like fakes."""

    name: str = "drop_profiles"

    def repair(self, model: Model, world: World, random: np.random.Generator) -> World:
        """See ``Defence``."""
        shoppers, scores, _ = spot_profiles(
            world.known, cold_products(world.known.counts), model.likeness, int(random.integers(2**31))
        )
        order = np.argsort(-scores, kind="stable")[: int(MOST_DROPPED * len(shoppers))]
        found = order[scores[order] >= SURE]
        return replace(world, known=without(world.known, shoppers[found]))


@dataclass(frozen=True, slots=True)
class DropFacts:
    """Leaves out the facts that neither text nor neighbours speak for."""

    name: str = "drop_facts"

    def repair(self, model: Model, world: World, random: np.random.Generator) -> World:
        """See ``Defence``."""
        owner, column, scores = spot_facts(
            model, world, cold_products(model.counts), int(random.integers(2**31))
        )
        bad = scores >= SURE
        facts = list(world.facts)
        for product in np.unique(owner[bad]):
            facts[product] = np.setdiff1d(facts[product], column[bad & (owner == product)])
        return replace(world, facts=tuple(facts))


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """Adds the facts that the texts state, for attributes that went missing."""

    name: str = "read_again"

    def repair(self, model: Model, world: World, random: np.random.Generator) -> World:
        """See ``Defence``."""
        known = model.artefact.vocabulary.table.column
        facts = []
        for k, row in enumerate(world.facts):
            read = [known[pair] for pair in model.reading(k, world.texts[k]) if pair in known]
            facts.append(np.union1d(row, np.array(read, np.int64)).astype(np.int64))
        return replace(world, facts=tuple(facts))


def cold_products(counts: NDArray[np.floating], share: float = COLD_SHARE) -> NDArray[np.int64]:
    """Places of the products with the fewest shoppers: what somebody would want to push."""
    count = max(1, round(share * len(counts)))
    return np.sort(np.argsort(counts, kind="stable")[:count]).astype(np.int64)


def _tidy(text: str) -> str:
    from core.catalogue.clean import clean

    return clean(text).text
