"""Labelled texts dealt into folds, and into growing sets for a learning curve.

Texts that are equal but for case and white space stay together, so that none is both learned from and judged on. Every
part has about the mix of categories of the whole, and depends on the texts and the seed, not on the order of the file.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import DataError
from core.extract.labelled import Labelled
from core.extract.tokens import fold

STEPS = (10, 50, 300, 1_500, 7_500)
_NEAR_THE_END = 0.8


@dataclass(frozen=True, slots=True)
class Fold:
    """Positions of the texts to learn from and of those to judge on, each ascending."""

    train: tuple[int, ...]
    test: tuple[int, ...]


def folds(items: Sequence[Labelled], count: int, seed: int = 0) -> list[Fold]:
    """``count`` folds; each text is judged on in exactly one. Raises DataError where there are fewer texts."""
    groups = _spread(items, seed)
    if len(groups) < count:
        raise DataError(
            f"There are {len(groups)} different texts, too few for {count} folds.",
            where="folds",
            remedy="Label more texts, or judge as it is.",
        )
    # Dealt category by category: dealing the mixed order would give a rare category to one fold alone.
    groups.sort(key=lambda group: _category(items, group))
    every = set(range(len(items)))
    tests = [{at for group in groups[number::count] for at in group} for number in range(count)]
    return [Fold(tuple(sorted(every - test)), tuple(sorted(test))) for test in tests]


def some(items: Sequence[Labelled], most: int, seed: int = 0) -> list[int]:
    """Positions of at most ``most`` texts (1 or more), ascending; equal texts are taken together where they fit."""
    chosen: list[int] = []
    for group in _spread(items, seed):
        if not chosen or len(chosen) + len(group) <= most:
            chosen += group[:most]
    return sorted(chosen)


def first(items: Sequence[Labelled], places: Sequence[int], size: int, seed: int = 0) -> tuple[int, ...]:
    """``size`` of the ``places``, ascending; a smaller size gives a part of what a larger one gives."""
    groups = _spread([items[at] for at in places], seed)
    ordered = [places[at] for group in groups for at in group]
    return tuple(sorted(ordered[:size]))


def sizes(most: int) -> list[int]:
    """How many texts to learn from along a curve: 10, 50, 300 …, as far as there are clearly more, then ``most``.

    Where that would be two sizes their geometric mean stands between, since a trend takes three.
    """
    steps = [step for step in STEPS if step < _NEAR_THE_END * most]
    if len(steps) == 1:
        steps.append(round(math.sqrt(steps[0] * most)))
    return [*steps, most]


def _spread(items: Sequence[Labelled], seed: int) -> list[list[int]]:
    """Groups of equal texts, shuffled, with the categories evenly mixed."""
    groups: dict[str, list[int]] = {}
    for at, item in enumerate(items):
        groups.setdefault(fold(item.text), []).append(at)
    keys = sorted(groups)
    random.Random(seed).shuffle(keys)
    shelves: dict[str, list[str]] = {}
    for key in keys:
        shelves.setdefault(_category(items, groups[key]), []).append(key)
    ranked = [
        ((rank + 0.5) / len(shelf), category, key)
        for category, shelf in shelves.items()
        for rank, key in enumerate(shelf)
    ]
    return [groups[key] for _, _, key in sorted(ranked)]


def _category(items: Sequence[Labelled], group: Sequence[int]) -> str:
    return min(items[at].category for at in group)
