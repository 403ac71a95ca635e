"""Candidates: the pairs worth comparing. Exact keys, united with nearest neighbours by words, letters and meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.graph.resolve.records import Profile
from core.graph.resolve.space import Side, nearest

_MOST_OF_A_KEY = 50
"""A key that more records share than this says too little to compare them all."""


NEIGHBOURS = 15


def candidates(
    left: Side, right: Side, count: int = NEIGHBOURS, check: Callable[[], None] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of positions (left, right), each once, by left position and then by right; for each left record the
    ``count`` nearest by each measure. Which candidates a left record has does not depend on other left records,
    but for the rarity of words."""
    found = [exact(left.profiles, right.profiles)]
    spaces = [(left.words, right.words), (left.letters, right.letters), (left.text, right.text)]
    if left.meaning is not None and right.meaning is not None:
        spaces.append((left.meaning, right.meaning))
    found += [nearest(one, other, count, check) for one, other in spaces]
    rows = np.concatenate([pair[0] for pair in found])
    columns = np.concatenate([pair[1] for pair in found])
    width = np.int64(max(1, len(right.profiles)))
    keys = np.unique(rows * width + columns)
    return keys // width, keys % width


def exact(left: Sequence[Profile], right: Sequence[Profile]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs that share a key: a trade item number, a model code, or the words of the title in any order."""
    index: dict[str, list[int]] = {}
    for at, profile in enumerate(right):
        for key in keys_of(profile):
            index.setdefault(key, []).append(at)
    pairs = {
        (at, other)
        for at, profile in enumerate(left)
        for key in keys_of(profile)
        if len(others := index.get(key, ())) <= _MOST_OF_A_KEY
        for other in others
    }
    ordered = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    return ordered[:, 0], ordered[:, 1]


def keys_of(profile: Profile) -> Iterable[str]:
    """The exact keys of a record."""
    yield from (f"gtin {number}" for number in profile.gtins)
    yield from (f"code {code}" for code in profile.codes)
    if profile.words:
        yield f"title {' '.join(sorted(profile.words))}"
