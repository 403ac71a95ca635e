"""Which words of the product's text carry its score: Owen values (SHAP) and LIME over the same segments.

A word that is off is taken out of the text and the text is encoded again by the served model's own encoder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.explain.model import Masks, Scores

_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")
MAX_SEGMENTS = 96
PHRASES = 12
"""Runs of neighbouring words instead of words, for a model that takes long to read a text."""

TextScore = Callable[[Sequence[str]], Scores]


@dataclass(frozen=True, slots=True)
class Segment:
    """A word of the text at code points ``start`` to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordShares:
    """Share of each segment in the score; ``method`` is ``shap`` or ``lime``."""

    method: str
    text: str
    segments: tuple[Segment, ...]
    values: Scores
    base: float
    score: float


def segment(text: str, most: int = MAX_SEGMENTS) -> tuple[Segment, ...]:
    """Words with their offsets: Chinese runs are cut by jieba, other scripts at their word boundaries.

    Texts of more than ``most`` words are cut into that many runs of neighbouring words.
    """
    words: list[Segment] = []
    for match in _WORD.finditer(text):
        words.extend(_cut(match.group(), match.start()))
    if len(words) <= most:
        return tuple(words)
    runs = np.array_split(np.arange(len(words)), most)
    return tuple(Segment(words[run[0]].start, words[run[-1]].end) for run in runs)


def _cut(word: str, start: int) -> list[Segment]:
    if not _CJK.search(word):
        return [Segment(start, start + len(word))]
    import jieba

    jieba.setLogLevel("ERROR")
    return [Segment(start + a, start + b) for _word, a, b in jieba.tokenize(word)]


def without(text: str, segments: Sequence[Segment], keep: np.ndarray) -> str:
    """The text with the segments that are not kept taken out."""
    parts, at = [], 0
    for part, kept in zip(segments, keep, strict=True):
        parts.append(text[at : part.start])
        if kept:
            parts.append(text[part.start : part.end])
        at = part.end
    parts.append(text[at:])
    return "".join(parts)


def _by_mask(score: TextScore, text: str, segments: Sequence[Segment]) -> Callable[[Masks], Scores]:
    def value(masks: Masks) -> Scores:
        return score([without(text, segments, row) for row in np.asarray(masks, dtype=bool)])

    return value


def shap_words(
    score: TextScore, text: str, *, evaluations: int = 256, seed: int = 0, most: int = MAX_SEGMENTS
) -> WordShares:
    """Owen values over a balanced tree of neighbouring words (shap's Partition explainer), ``most`` of them."""
    import shap

    segments = segment(text, most)
    value = _by_mask(score, text, segments)
    n = len(segments)
    if n < 2:
        ends = value(np.array([[False] * n, [True] * n]))
        return WordShares("shap", text, segments, np.diff(ends)[:n], float(ends[0]), float(ends[1]))
    tree = _neighbour_tree(n)

    class Switch(shap.maskers.Masker):  # type: ignore[misc]
        """Hands the mask itself to the model: what is off is decided there."""

        shape = (1, n)
        clustering = tree

        def __call__(self, mask: np.ndarray, _x: np.ndarray) -> tuple[np.ndarray]:
            return (np.asarray(mask, dtype=bool).reshape(1, -1),)

    explainer = shap.explainers.Partition(value, Switch(), seed=seed)
    found = explainer(
        np.ones((1, n), dtype=bool), max_evals=max(evaluations, 2 * n), batch_size=64, silent=True
    )
    base = float(np.ravel(found.base_values)[0])
    shares = np.asarray(found.values[0], dtype=np.float64).ravel()
    return WordShares("shap", text, segments, shares, base, base + float(shares.sum()))


def _neighbour_tree(n: int) -> np.ndarray:
    """A balanced binary tree over neighbours as a SciPy linkage, shape (n - 1, 4)."""
    rows: list[list[float]] = []
    level = [(i, 1) for i in range(n)]
    height = 0.0
    while len(level) > 1:
        height += 1.0
        merged = []
        for at in range(0, len(level) - 1, 2):
            (left, a), (right, b) = level[at], level[at + 1]
            rows.append([left, right, height, a + b])
            merged.append((n + len(rows) - 1, a + b))
        if len(level) % 2:
            merged.append(level[-1])
        level = merged
    return np.array(rows, dtype=float)


def lime_words(
    score: TextScore, text: str, *, samples: int = 200, seed: int = 0, most: int = MAX_SEGMENTS
) -> WordShares:
    """LIME over the places of at most ``most`` words; the random state is made anew each call."""
    from lime.lime_text import LimeTextExplainer

    segments = segment(text, most)
    if not segments:
        only = float(score([text])[0])
        return WordShares("lime", text, segments, np.zeros(0), only, only)
    value = _by_mask(score, text, segments)
    # LIME tells words from what lies between them by their text, so each segment gets a name of its own.
    names = [f"w{i}" for i in range(len(segments))]

    def predict(texts: Sequence[str]) -> np.ndarray:
        present = [set(t.split()) for t in texts]
        masks = np.array([[name in row for name in names] for row in present])
        return value(masks)[:, None]

    explainer = LimeTextExplainer(
        split_expression=r"\s+", bow=True, random_state=np.random.RandomState(seed), class_names=["score"]
    )
    found = explainer.explain_instance(
        " ".join(names), predict, labels=(0,), num_features=len(names), num_samples=samples
    )
    weights = dict(found.local_exp[0])
    order = found.domain_mapper.indexed_string
    shares = np.zeros(len(segments))
    for at, weight in weights.items():
        shares[names.index(order.word(at))] = weight
    return WordShares(
        "lime",
        text,
        segments,
        shares,
        float(found.intercept[0]),
        float(value(np.ones((1, len(names)), bool))[0]),
    )
