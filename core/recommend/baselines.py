"""Baselines, all of one form: decayed history × product–product similarity + prior.

Popularity with time decay, ItemKNN (cosine with shrinkage), RP3β (Paudel et al., TiiS 2016), EASE (Steck, WWW 2019),
BPR-MF (Rendle et al., UAI 2009) with shoppers folded in, text kNN, ItemKNN + text and EASE + text. Each is tuned on
validation over a small grid and refitted on all that precedes the test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.linalg.lapack import dpotri

from core.errors import DataError
from core.recommend.bpr import factorise
from core.recommend.data import Cases, Interactions, Ints
from core.recommend.measure import evaluate

NEIGHBOURS = 200
EASE_PRODUCTS = 8_000
"""EASE inverts a dense matrix of this many products at most: the most popular ones; the rest get the prior."""
TUNING_CASES = 1_000
TIE_BREAK = 1e-6
LONGEST_HISTORY = 1_000
"""Products of a history that are summed, the latest ones. A household's year at a grocer's has hundreds, and without
decay all of them tell: with the last 100 only, EASE loses a sixth of its NDCG on Complete Journey."""


@dataclass(frozen=True, eq=False)
class Baseline:
    """A fitted baseline.

    score(h) = Σ_a decay^a · similarity[h[-1-a], :] + prior, with a = 0 for the latest product of the history.
    ``similarity`` is sparse float32[products, products], ``prior`` float32[products].
    """

    name: str
    params: Mapping[str, float]
    similarity: Any
    prior: NDArray[np.float32]

    @property
    def decay(self) -> float:
        """What one step back in the history multiplies a product's weight with."""
        return float(self.params.get("decay", 1.0))

    def score(self, histories: Sequence[Ints]) -> NDArray[np.float64]:
        """float64[histories, products]; an empty history gets the prior."""
        weights = decayed(histories, self.decay, len(self.prior))
        return np.asarray((weights @ self.similarity).toarray(), dtype=np.float64) + self.prior

    def score_one(self, histories: Sequence[Ints], item: int) -> NDArray[np.float64]:
        """float64[histories]: the score of one product, without ranking the rest."""
        column = self._columns[:, [item]]
        weights = decayed(histories, self.decay, len(self.prior))
        return np.asarray((weights @ column).toarray(), dtype=np.float64).ravel() + float(self.prior[item])

    def score_steps(self, history: Ints, products: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """float64[len(history), products]: row t scores all products, or those few, for whoever has taken
        history[: t + 1], of at most ``LONGEST_HISTORY`` products.

        A step adds one row to the step before, so all of them cost no more than the last.
        """
        rows, prior = self.similarity[history.astype(np.int64)], self.prior
        if products is not None:
            rows, prior = rows[:, products], prior[products]
        found = np.asarray(rows.toarray(), np.float64)
        for step in range(1, len(found)):
            found[step] += self.decay * found[step - 1]
        return found + prior

    @cached_property
    def _columns(self) -> Any:
        return self.similarity.tocsc()


def decayed(histories: Sequence[Ints], decay: float, products: int) -> Any:
    """Sparse float64[histories, products]: decay^age of each product of each history, repeats added."""
    kept = [history[-LONGEST_HISTORY:] for history in histories]
    lengths = [len(history) for history in kept]
    columns = np.concatenate([*kept, np.empty(0, np.int32)]).astype(np.int64)
    ages = np.concatenate([np.arange(length)[::-1] for length in lengths] + [np.empty(0)])
    rows = np.repeat(np.arange(len(kept)), lengths)
    return sp.csr_matrix((decay**ages, (rows, columns)), shape=(len(kept), products))


def popularity(data: Interactions, text: Any = None, recency: float = 0.0) -> tuple[Any, NDArray[np.float32]]:
    """No similarity; the prior is the (weighted) number of shoppers of each product, each times e^(−recency · age).

    An age is 0 for the latest event and 1 for the first, so that a rate suits data of any length; 0 counts all alike.
    """
    size = len(data.products)
    nothing = sp.csr_matrix((size, size), dtype=np.float32)
    if recency == 0.0 or not len(data):
        return nothing, np.asarray(data.weighted.sum(axis=0), dtype=np.float32).ravel()
    span = float(np.ptp(data.time)) or 1.0
    weights = np.exp(-recency * (data.time.max() - data.time) / span)
    weights = weights if data.weight is None else weights * data.weight
    return nothing, np.bincount(data.product, weights, size).astype(np.float32)


def item_knn(data: Interactions, text: Any = None, shrink: float = 5.0) -> tuple[Any, NDArray[np.float32]]:
    """Cosine of shopper sets: n_ij / (√(n_i n_j) + shrink), with n_ij = Σ_u w_ui w_uj and n_i = n_ii."""
    together = (data.weighted.T @ data.weighted).tocoo()
    squares = np.asarray(data.weighted.power(2).sum(axis=0), dtype=np.float32).ravel()
    off = together.row != together.col
    row, col, both = together.row[off], together.col[off], together.data[off]
    size = np.sqrt(squares[row] * squares[col]) + np.float32(shrink)
    return _strongest(sp.csr_matrix((both / size, (row, col)), shape=together.shape)), _tie_break(data)


def rp3beta(
    data: Interactions, text: Any = None, alpha: float = 0.8, beta: float = 0.5
) -> tuple[Any, NDArray[np.float32]]:
    """Three-step random walk product → shopper → product, probabilities to the α, over popularity to the β."""
    to_shopper = _rows_to_one(data.weighted.T.tocsr()).power(alpha)
    to_product = _rows_to_one(data.weighted).power(alpha)
    damp = sp.diags(np.power(np.maximum(data.counts, 1.0), -beta).astype(np.float32))
    walk = (to_shopper @ to_product @ damp).tocsr()
    walk.setdiag(0.0)
    return _strongest(walk), _tie_break(data)


def ease(data: Interactions, text: Any = None, ridge: float = 100.0) -> tuple[Any, NDArray[np.float32]]:
    """The ridge regression of products on each other with zero diagonal, in closed form: B = I − P · diag(1/diag P)."""
    return _regression(data, ridge), _tie_break(data)


@lru_cache(maxsize=1)
def _regression(data: Interactions, ridge: float) -> Any:
    # Kept for the next call, as EASE + text is tuned over shares of text with the same regression.
    chosen = np.sort(np.argsort(-data.counts, kind="stable")[:EASE_PRODUCTS])
    shoppers = data.weighted[:, chosen]
    gram = (shoppers.T @ shoppers).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    inverse = _inverse(gram)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    small = _strongest(sp.csr_matrix(weights.astype(np.float32)), signed=True).tocoo()
    size = len(data.products)
    return sp.csr_matrix((small.data, (chosen[small.row], chosen[small.col])), shape=(size, size))


def _inverse(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a symmetric positive definite matrix, by its Cholesky factor: half the work of a general inverse. Raises
    LinAlgError for another matrix."""
    half, _ = dpotri(cholesky(gram, lower=True), lower=True)
    lower = np.tril(half)
    return np.asarray(lower + np.tril(half, -1).T)


def bpr_mf(data: Interactions, text: Any = None, penalty: float = 0.03) -> tuple[Any, NDArray[np.float32]]:
    """Products' dot products in BPR-MF's space, the NEIGHBOURS strongest of each.

    Not the textbook's scorer: the learned shopper vectors are thrown away, and a shopper is the decayed sum of the
    vectors of the history (the mean would rank alike). So anybody with a history is scored, at a price in accuracy
    for those who were there in training.
    """
    return text_similarity(factorise(data, penalty).products), _tie_break(data)


def text_similarity(vectors: Any) -> Any:
    """Sparse float32[products, products]: dot products of text vectors, the NEIGHBOURS strongest of each product.

    ``vectors`` is float32[products, size], sparse or dense; for cosines its rows are of length one (or zero).
    """
    parts = []
    for start in range(0, vectors.shape[0], 1_024):
        part = sp.csr_matrix(vectors[start : start + 1_024] @ vectors.T).tocoo()
        off = part.col != part.row + start
        kept = sp.csr_matrix((part.data[off], (part.row[off], part.col[off])), shape=part.shape)
        parts.append(_strongest(kept))
    return sp.vstack(parts).tocsr()


def text_knn(data: Interactions, text: Any = None) -> tuple[Any, NDArray[np.float32]]:
    """Cosine of text vectors; ``text`` is what ``text_similarity`` gives."""
    if text is None:
        raise DataError("Text kNN needs text vectors.", where="baseline", remedy="Switch text on.")
    return text, _tie_break(data)


def item_knn_text(
    data: Interactions, text: Any = None, shrink: float = 5.0, share: float = 0.3
) -> tuple[Any, NDArray[np.float32]]:
    """(1 − share) · ItemKNN + share · text kNN."""
    taken, prior = item_knn(data, shrink=shrink)
    written, _ = text_knn(data, text)
    return ((1.0 - share) * taken + share * written).tocsr().astype(np.float32), prior


def ease_text(
    data: Interactions, text: Any = None, ridge: float = 30.0, share: float = 0.2
) -> tuple[Any, NDArray[np.float32]]:
    """(1 − share) · EASE + share · text kNN. Text fills in for products that are too rare for a regression."""
    taken, prior = ease(data, ridge=ridge)
    written, _ = text_knn(data, text)
    return ((1.0 - share) * taken + share * written).tocsr().astype(np.float32), prior


Fit = Callable[..., tuple[Any, NDArray[np.float32]]]
_DECAYS = (0.5, 0.7, 0.85, 1.0)
GRID: dict[str, tuple[Fit, dict[str, tuple[float, ...]]]] = {
    "popularity": (popularity, {"recency": (0.0, 2.0, 5.0, 10.0, 20.0)}),
    "itemknn": (item_knn, {"shrink": (0.0, 5.0, 20.0), "decay": _DECAYS}),
    "rp3beta": (rp3beta, {"alpha": (0.8, 1.0), "beta": (0.3, 0.6), "decay": _DECAYS}),
    "ease": (ease, {"ridge": (50.0, 300.0, 1_000.0), "decay": _DECAYS}),
    "bpr_mf": (bpr_mf, {"penalty": (0.03, 0.06, 0.1), "decay": _DECAYS}),
    "textknn": (text_knn, {"decay": _DECAYS}),
    "itemknn_text": (item_knn_text, {"shrink": (5.0, 20.0), "share": (0.2, 0.4, 0.6), "decay": _DECAYS}),
    "ease_text": (ease_text, {"ridge": (30.0, 100.0), "share": (0.1, 0.2, 0.35), "decay": _DECAYS}),
}
NEEDS_TEXT = frozenset({"textknn", "itemknn_text", "ease_text"})


def fit(name: str, data: Interactions, params: Mapping[str, float], text: Any = None) -> Baseline:
    """Fit a baseline with given parameters on given interactions."""
    function, _ = GRID[name]
    own = {key: value for key, value in params.items() if key != "decay"}
    similarity, prior = function(data, text, **own)
    return Baseline(name, dict(params), similarity, prior.astype(np.float32))


def tuned(
    name: str, train: Interactions, valid: Cases, text: Any = None, check: Callable[[], None] = lambda: None
) -> tuple[dict[str, float], float]:
    """The grid's best parameters by validation NDCG@10, and that NDCG. Fitted on ``train`` only."""
    function, grid = GRID[name]
    cases = valid.some(TUNING_CASES)
    best: tuple[dict[str, float], float] = ({}, -1.0)
    fitted = {key: values for key, values in grid.items() if key != "decay"}
    for own in _combinations(fitted):
        similarity, prior = function(train, text, **own)
        for decay in grid.get("decay", (1.0,)):
            check()
            params = own | ({"decay": decay} if "decay" in grid else {})
            model = Baseline(name, params, similarity, prior)
            value = evaluate(model.score, cases, train.counts).mean("ndcg@10")
            if value > best[1]:
                best = (params, value)
    return best


def _combinations(grid: Mapping[str, Sequence[float]]) -> Iterator[dict[str, float]]:
    for values in product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def _tie_break(data: Interactions) -> NDArray[np.float32]:
    # Without it, products and shoppers that nothing is known of would be ranked by their place in the file.
    return (TIE_BREAK * data.counts / max(1.0, float(data.counts.max(initial=0.0)))).astype(np.float32)


def _rows_to_one(matrix: Any) -> Any:
    size = np.asarray(matrix.sum(axis=1)).ravel()
    return (sp.diags(1.0 / np.maximum(size, 1.0)).astype(np.float32) @ matrix).tocsr()


def _strongest(matrix: Any, *, signed: bool = False) -> Any:
    """Keep the largest NEIGHBOURS entries of each row (by absolute value where ``signed``)."""
    matrix = matrix.tocsr().astype(np.float32)
    matrix.eliminate_zeros()
    keep = np.ones(len(matrix.data), dtype=bool)
    strength = np.abs(matrix.data) if signed else matrix.data
    for row in np.flatnonzero(np.diff(matrix.indptr) > NEIGHBOURS):
        here = slice(matrix.indptr[row], matrix.indptr[row + 1])
        weakest = np.argpartition(strength[here], -NEIGHBOURS)[:-NEIGHBOURS]
        keep[matrix.indptr[row] + weakest] = False
    matrix.data[~keep] = 0.0
    matrix.eliminate_zeros()
    return matrix
