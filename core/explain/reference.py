"""What an explanation is compared with: what stands in for a group of features that is off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

AVERAGE, EMPTY = "average", "empty"
SHOPPERS = 64


@dataclass(frozen=True, slots=True)
class Reference:
    """``product`` is AVERAGE (the catalogue's mean), EMPTY (nothing) or another product's id: it stands in for the
    product's groups. ``shoppers`` are the histories that stand in for the shopper's, unless ``product`` is EMPTY; where
    there are none, nothing does."""

    product: str = AVERAGE
    shoppers: tuple[tuple[str, ...], ...] = ()

    @property
    def kind(self) -> str:
        """``average``, ``empty`` or ``product``."""
        return self.product if self.product in (AVERAGE, EMPTY) else "product"


def some_shoppers(
    histories: Mapping[str, Sequence[str]], seed: int = 0, n: int = SHOPPERS
) -> tuple[tuple[str, ...], ...]:
    """The histories of at most ``n`` shoppers, drawn by ``seed``: the average shopper is their mean."""
    names = sorted(name for name, history in histories.items() if history)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(names))[:n])
    return tuple(tuple(histories[names[at]]) for at in chosen)
