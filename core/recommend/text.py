"""Text vectors of products: words (TF-IDF, reduced by SVD) and sentences (a frozen encoder)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.domain import Product

MAX_WORDS = 60_000
MAX_LETTERS = 4_000
_PIECES = re.compile(r"[぀-ヿ㐀-鿿豈-﫿가-힯]+|[^\W_]+")


class Encoder(Protocol):
    """Sentences to vectors of length one."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[texts, size]."""
        ...


def product_text(product: Product) -> str:
    """What is read of a product: title, brand and description."""
    return "\n".join(part for part in (product.title, product.brand or "", product.description) if part)


def words(text: str) -> list[str]:
    """Lower-case words and pairs of words; scripts without spaces give characters and pairs of characters."""
    found: list[str] = []
    for piece in _PIECES.findall(text[:MAX_LETTERS].lower()):
        found.extend(piece if "぀" <= piece[0] <= "힯" else [piece])
    return found + [f"{first} {second}" for first, second in pairwise(found)]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """TF-IDF vectors over the words of a catalogue, and their projection to fewer dimensions.

    ``vocabulary`` maps a word to its column, ``idf`` is float32[words], ``axes`` float32[words, size]: right singular
    vectors of the TF-IDF matrix (latent semantic analysis).
    """

    vocabulary: dict[str, int]
    idf: NDArray[np.float32]
    axes: NDArray[np.float32]

    @staticmethod
    def of(texts: Sequence[str], size: int, seed: int = 0) -> Lexicon:
        """Learn words that occur in two texts at least, and the ``size`` strongest axes."""
        spread: Counter[str] = Counter()
        for text in texts:
            spread.update(set(words(text)))
        frequent = sorted(
            (item for item in spread.items() if item[1] >= min(2, len(texts))),
            key=lambda item: (-item[1], item[0]),
        )[:MAX_WORDS]
        vocabulary = {word: column for column, (word, _) in enumerate(sorted(frequent))}
        idf = np.ones(len(vocabulary), np.float32)
        for word, column in vocabulary.items():
            idf[column] = np.log((1 + len(texts)) / (1 + spread[word])) + 1.0
        plain = Lexicon(vocabulary, idf, np.zeros((len(vocabulary), 0), np.float32))
        return Lexicon(vocabulary, idf, principal_axes(plain.sparse(texts), size, seed))

    def sparse(self, texts: Iterable[str]) -> Any:
        """Sparse float32[texts, words], rows of length one (zero for a text without a known word)."""
        values: list[float] = []
        columns: list[int] = []
        ends = [0]
        for text in texts:
            found = Counter(self.vocabulary[word] for word in words(text) if word in self.vocabulary)
            weight = np.array([(1 + np.log(n)) * self.idf[column] for column, n in found.items()])
            values.extend(weight / max(float(np.linalg.norm(weight)), 1e-12))
            columns.extend(found)
            ends.append(len(values))
        return sp.csr_matrix(
            (np.array(values, np.float32), columns, ends), shape=(len(ends) - 1, len(self.vocabulary))
        )

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[texts, size], rows of length one (zero where nothing is known)."""
        return unit(np.asarray(self.sparse(texts) @ self.axes, dtype=np.float32))


def principal_axes(matrix: Any, size: int, seed: int = 0) -> NDArray[np.float32]:
    """float32[columns, size]: right singular vectors, strongest first, padded with zeros where the rank is smaller."""
    rank = min(size, min(matrix.shape) - 1)
    axes = np.zeros((matrix.shape[1], size), np.float32)
    if rank < 1 or matrix.count_nonzero() == 0:
        return axes
    right = _right_vectors(matrix.astype(np.float64), rank, seed)
    # The sign of a singular vector is arbitrary; fixing it keeps runs alike across machines.
    right *= np.sign(right[np.arange(rank), np.abs(right).argmax(1)])[:, None]
    axes[:, :rank] = right.T
    return axes


def _right_vectors(matrix: Any, rank: int, seed: int) -> NDArray[np.float64]:
    """float64[rank, columns], strongest first. As scipy's ``svds``, which lets ARPACK draw at random where singular
    values are equal, or fewer than asked for; with its generator given, equal inputs give equal vectors."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    wide = matrix.shape[0] < matrix.shape[1]
    tall = matrix.T if wide else matrix
    size = tall.shape[1]
    gram = LinearOperator((size, size), matvec=lambda x: tall.T @ (tall @ x), dtype=np.float64)
    random = np.random.default_rng(seed)
    _, found = eigsh(gram, k=rank, v0=random.standard_normal(size), rng=random)
    basis, _ = np.linalg.qr(found)
    left, _, turn = np.linalg.svd(tall @ basis, full_matrices=False)
    return np.asarray(left.T if wide else turn @ basis.T)


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length one; zero rows stay zero."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), dtype=np.float32)
