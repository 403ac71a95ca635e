"""One form for everything that attacks or defends: a world in, a changed world out."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.robust.world import Model, World

FAMILIES = ("vectors", "texts", "profiles", "facts")


class Attack(Protocol):
    """``name`` and ``strength`` say which; ``family`` what it changes, one of FAMILIES. A ``targeted`` attack pushes
    one product; any other harms the ranking as a whole and looks at no target."""

    @property
    def name(self) -> str:
        """Its name, as in the literature."""
        ...

    @property
    def family(self) -> str:
        """What it changes."""
        ...

    @property
    def strength(self) -> float:
        """How hard it hits; 0 changes nothing."""
        ...

    @property
    def targeted(self) -> bool:
        """Whether it pushes one product."""
        ...

    def apply(self, model: Model, target: int, random: np.random.Generator) -> World:
        """The clean world of the model after the attack; ``target`` is the place of a product."""
        ...


class Defence(Protocol):
    """What is done about an attack, without knowing which it was."""

    @property
    def name(self) -> str:
        """Its name in the tables."""
        ...

    def repair(self, model: Model, world: World, random: np.random.Generator) -> World:
        """The world after the defence."""
        ...
