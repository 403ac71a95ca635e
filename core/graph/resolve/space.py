"""Two catalogues as vectors: words and letters of titles, words of all text, weighted by rarity; sentence vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.graph.resolve.records import Profile, words_of

Floats = NDArray[np.float32]
_GRAM = 3


@dataclass(frozen=True, eq=False)
class Side:
    """One catalogue in the common space: sparse float32[records, terms] with rows of length one. ``weight`` is the
    summed rarity of each title's words, ``meaning`` float32[records, size] sentence vectors (None where there are
    none)."""

    profiles: Sequence[Profile]
    words: Any
    letters: Any
    text: Any
    rarity: Any
    weight: Floats
    meaning: Floats | None = None

    def take(self, places: NDArray[np.int64]) -> Side:
        """Some of the records, in that order."""
        return Side(
            [self.profiles[at] for at in places.tolist()],
            self.words[places],
            self.letters[places],
            self.text[places],
            self.rarity[places],
            self.weight[places],
            self.meaning[places] if self.meaning is not None else None,
        )


def sides(
    left: Sequence[Profile],
    right: Sequence[Profile],
    meaning: tuple[Floats, Floats] | None = None,
) -> tuple[Side, Side]:
    """Both catalogues; rarity is counted over the two of them together."""
    both = [*left, *right]
    count = len(both)
    # Titles and whole texts share one space, so that a title can be looked for in a description.
    joint = _weighted([*(list(p.words) for p in both), *(words_of(p.text) for p in both)])
    words, text = joint[:count], joint[count:]
    letters = _weighted([grams([*p.words, *sorted(p.codes)]) for p in both])
    rarity = _rarity([p.words for p in both])
    weight = np.asarray(rarity.sum(1), np.float32).ravel()
    at = len(left)
    first = Side(left, words[:at], letters[:at], text[:at], rarity[:at], weight[:at], meaning and meaning[0])
    return first, Side(
        right, words[at:], letters[at:], text[at:], rarity[at:], weight[at:], meaning and meaning[1]
    )


def grams(words: Iterable[str]) -> list[str]:
    """Runs of three characters of each word with its edges."""
    found = []
    for word in words:
        padded = f" {word} "
        found += [padded[at : at + _GRAM] for at in range(len(padded) - _GRAM + 1)]
    return found


def cosines(one: Any, other: Any, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
    """float32[pairs]: products of rows of two sparse or dense matrices."""
    made = np.zeros(len(rows), np.float32)
    for start in range(0, len(rows), 65_536):
        part = slice(start, start + 65_536)
        a, b = one[rows[part]], other[columns[part]]
        product = a.multiply(b).sum(1) if sp.issparse(a) else (a * b).sum(1)
        made[part] = np.asarray(product, np.float32).ravel()
    return made


def _weighted(documents: Sequence[Sequence[str]]) -> Any:
    counts = _counted(documents)
    counts.data = 1.0 + np.log(counts.data)
    return _unit(counts @ sp.diags_array(_idf(counts), dtype=np.float32))


def _rarity(documents: Sequence[Iterable[str]]) -> Any:
    counts = _counted([sorted(set(words)) for words in documents])
    return sp.csr_array(counts @ sp.diags_array(_idf(counts), dtype=np.float32))


def _counted(documents: Sequence[Sequence[str]]) -> Any:
    columns: dict[str, int] = {}
    indices: list[int] = []
    ends = [0]
    for words in documents:
        indices += [columns.setdefault(word, len(columns)) for word in words]
        ends.append(len(indices))
    shape = (len(documents), max(1, len(columns)))
    counts = sp.csr_array((np.ones(len(indices), np.float32), indices, ends), shape=shape)
    counts.sum_duplicates()
    return counts


def _idf(counts: Any) -> Floats:
    spread = np.bincount(counts.indices, minlength=counts.shape[1])
    return np.asarray(np.log((1 + counts.shape[0]) / (1 + spread)) + 0.1, np.float32)


def _unit(matrix: Any) -> Any:
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
    return sp.csr_array(sp.diags_array(1.0 / np.maximum(length, 1e-12), dtype=np.float32) @ matrix)


def nearest(
    one: Any, other: Any, count: int, check: Callable[[], None] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs (row of ``one``, row of ``other``) of the ``count`` most similar rows of ``other`` for each row of ``one``,
    those that share nothing left out."""
    rows, columns = [], []
    turned = other.T.tocsr() if sp.issparse(other) else other.T
    for start in range(0, one.shape[0], 256):
        if check:
            check()
        scores = one[start : start + 256] @ turned
        dense = scores.toarray() if sp.issparse(scores) else np.asarray(scores)
        k = min(count, dense.shape[1])
        top = np.argpartition(-dense, k - 1, axis=1)[:, :k] if k else np.zeros((len(dense), 0), np.int64)
        there = np.take_along_axis(dense, top, 1) > 0
        rows.append(start + np.nonzero(there)[0])
        columns.append(top[there])
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate(rows).astype(np.int64), np.concatenate(columns).astype(np.int64)
