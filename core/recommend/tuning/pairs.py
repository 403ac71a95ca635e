"""Pairs of products that a shopper took soon after each other: what is to be alike in an encoder's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.domain import content_hash
from core.errors import DataError
from core.recommend.data import Interactions, Ints

LEAST = 8


@dataclass(frozen=True, eq=False)
class Pairs:
    """``left`` and ``right``, int32[n], are rows of the catalogue with left < right, each pair once; ``weight``,
    float64[n], sums to one; ``together`` is sparse bool[products, products], true for pairs and the diagonal."""

    left: Ints
    right: Ints
    weight: NDArray[np.float64]
    together: Any

    @staticmethod
    def of(train: Interactions, window: int) -> Pairs:
        """Pairs at most ``window`` steps apart in a history of ``train``, which must hold training events only.

        A pair weighs n_ij / √(n_i n_j), so that what is merely popular does not fill the batches. Raises DataError for
        too few pairs.
        """
        found = [_apart(train, step) for step in range(1, window + 1)]
        left = np.concatenate([pair[0] for pair in found])
        right = np.concatenate([pair[1] for pair in found])
        size = len(train.products)
        low, high = np.minimum(left, right), np.maximum(left, right)
        both = sp.coo_matrix((np.ones(len(low)), (low, high)), shape=(size, size)).tocsr().tocoo()
        off = both.row != both.col
        row, col, times = both.row[off], both.col[off], both.data[off]
        if len(row) < LEAST:
            raise DataError(
                f"There are {len(row)} pairs of products that a shopper took soon after each other.",
                where="events before the validation",
                remedy=f"At least {LEAST} are needed: add events, or make the window larger.",
            )
        weight = times / np.sqrt(np.maximum(train.counts[row] * train.counts[col], 1.0))
        marks = sp.coo_matrix((np.ones(len(row), bool), (row, col)), shape=(size, size)).tocsr()
        together = (marks + marks.T + sp.identity(size, dtype=bool, format="csr")).tocsr()
        return Pairs(row.astype(np.int32), col.astype(np.int32), weight / weight.sum(), together)

    def __len__(self) -> int:
        return len(self.left)

    @property
    def hash(self) -> str:
        """Content hash of the pairs and their weights."""
        return content_hash(*(part.tobytes().hex() for part in (self.left, self.right, self.weight)))

    def drawn(self, most: int, seed: tuple[int, ...]) -> NDArray[np.int64]:
        """int64[min(most, n)]: pairs of a pass in random order, heavy ones more likely among them, each once."""
        random = np.random.default_rng(seed)
        if most >= len(self):
            return random.permutation(len(self))
        return random.choice(len(self), most, replace=False, p=self.weight)

    def alike(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        """bool[left, right]: which products are the same or known to go together, and so are no counterexamples."""
        return np.asarray(self.together[left][:, right].toarray(), bool)


def _apart(train: Interactions, step: int) -> tuple[Ints, Ints]:
    same = train.shopper[step:] == train.shopper[:-step]
    return train.product[:-step][same], train.product[step:][same]
