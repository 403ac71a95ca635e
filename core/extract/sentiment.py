"""Sentiment of reviews: three linear readings of a text, weighed against each other on texts they did not see.

Two read words and one reads characters, as tf-idf weights (support vector machine) or as weights times the log-count
ratio of the two classes (NB-SVM: Wang and Manning, 2012). All of them see what stands at the beginning and at the end
of a review apart, since that is where its verdict is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.extract.tokens import fold, has_cjk, tokenize

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Featurise = Callable[[str], list[str]]

_EDGE = 10
_LONGEST_GRAM = 5
_LONGEST_CLAUSE = 9
_INNER_FOLDS = 4
_SMOOTHING = 0.3
_CLAUSE = re.compile(r"[^\W_]+(?:\s+[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class SentimentConfig:
    """``strength`` is the machines' C; a feature in fewer than ``min_texts`` texts is left out."""

    strength: float = 0.5
    min_texts: int = 2


class SentimentModel:
    """A trained model; ``n_train`` is the number of texts it learned from."""

    def __init__(self, views: Sequence[_View], judge: Any, n_train: int) -> None:
        self._views = tuple(views)
        self._judge = judge
        self.n_train = n_train

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """The probability in [0, 1] that each text is positive, ``[n]``."""
        if not len(texts):
            return np.zeros(0)
        folded = [fold(text) for text in texts]
        scores = np.hstack([view.scores(folded) for view in self._views])
        return np.asarray(self._judge.predict_proba(scores)[:, 1], dtype=np.float64)


def train(
    texts: Sequence[str], labels: Sequence[int], config: SentimentConfig | None = None
) -> SentimentModel:
    """Learn from texts labelled 1 (positive) or 0.

    Raises DataError where the lengths differ, a label is neither, or either class has fewer than four texts.
    """
    chosen = config or SentimentConfig()
    wanted = _checked(texts, labels)
    folded = [fold(text) for text in texts]
    inner = _inner_folds(wanted)
    views, held_out = [], []
    for featurise, boosts in ((words_and_edges, (False, True)), (characters_and_clauses, (True,))):
        view = _View(featurise, boosts, chosen)
        weights = view.learn_features(folded)
        held_out.append(_held_out(view, weights, wanted, inner))
        view.fit(weights, wanted)
        views.append(view)
    from sklearn.linear_model import LogisticRegression

    judge = LogisticRegression(C=1.0).fit(np.hstack(held_out), wanted)
    return SentimentModel(views, judge, len(wanted))


def score(train_parquet: Path, test_parquet: Path) -> dict[str, float | int]:
    """Train on one file and measure on another, both with the columns ``review`` and ``label`` (0 or 1).

    ``accuracy``; ``f1`` of the positive class (label 1); ``n`` and ``n_train`` rows; ``majority``: the accuracy of
    always giving the commoner label of the training file. Raises DataError for a file that cannot be used.
    """
    learned, learned_labels = read_reviews(train_parquet)
    if len(set(learned_labels)) < 2:
        raise DataError(
            f"Every review has the label {learned_labels[0]}.",
            where=str(train_parquet),
            remedy="Give a training file with positive (1) and negative (0) reviews.",
        )
    asked, gold = read_reviews(test_parquet)
    found = train(learned, learned_labels).predict_proba(asked) >= 0.5
    return measure(np.array(gold), found) | {
        "n_train": len(learned),
        "majority": float(np.mean(np.array(gold) == round(float(np.mean(learned_labels))))),
    }


def measure(gold: Labels, found: NDArray[np.bool_]) -> dict[str, float | int]:
    """``accuracy``, ``f1`` of the positive class (0 where none is found or wanted) and ``n``."""
    right = int(np.sum(found & (gold == 1)))
    return {
        "accuracy": float(np.mean(found == (gold == 1))),
        "f1": 2 * right / max(1, int(found.sum()) + int(np.sum(gold == 1))),
        "n": len(gold),
    }


def read_reviews(path: Path) -> tuple[list[str], list[int]]:
    """Texts and labels of a Parquet file, in the order of its rows.

    Raises DataError where it is missing, damaged, empty, lacks a column, or holds another label than 0 and 1.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        names = pq.read_schema(path).names
        absent = [name for name in ("review", "label") if name not in names]
        rows = None if absent else pq.read_table(path, columns=["review", "label"])
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"The file cannot be read ({str(error)[:200]}).", where=str(path), remedy="Give a Parquet file."
        ) from error
    if rows is None:
        raise DataError(
            f"The file has no column {absent[0]!r}; it has {', '.join(names) or 'none'}.",
            where=str(path),
            remedy="Name the columns review (text) and label (0 or 1).",
        )
    if not rows.num_rows:
        raise DataError("The file has no row.", where=str(path), remedy="Give a file with reviews.")
    labels = rows.column("label").to_pylist()
    odd = next((row for row, label in enumerate(labels) if label not in (0, 1)), None)
    if odd is not None:
        raise DataError(
            f"The label {labels[odd]!r} is neither 0 nor 1.",
            where=f"{path}, row {odd + 1}",
            remedy="Label positive reviews 1 and negative ones 0.",
        )
    return [str(text or "") for text in rows.column("review").to_pylist()], [int(label) for label in labels]


def words_and_edges(text: str) -> list[str]:
    """Words, pairs of neighbours, and the words at both edges marked as such; Chinese is cut into words."""
    words = list(_words(text))
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    first = [f"H:{word}" for word in words[:_EDGE]]
    return [*words, *pairs, *first, *(f"T:{word}" for word in words[-_EDGE:])]


def characters_and_clauses(text: str) -> list[str]:
    """Stretches of one to five characters, those of the first and last clause marked, short clauses whole, what
    stands on both sides of a stop, and the length."""
    clauses = _CLAUSE.findall(text)
    found = _grams(text, _LONGEST_GRAM)
    found += [f"={clause}" for clause in clauses if len(clause) <= _LONGEST_CLAUSE]
    if clauses:
        found += [f"H:{gram}" for gram in _grams(clauses[0], 3)]
        found += [f"T:{gram}" for gram in _grams(clauses[-1], 3)]
    found += [f">{a[-2:]}|{b[:2]}" for a, b in pairwise(clauses)]
    return [*found, f"L{int(np.log2(len(text) + 1) * 2)}", f"N{min(len(clauses), 8)}"]


class _View:
    """One way to cut texts into features, and the machines that read them."""

    def __init__(self, featurise: Featurise, boosts: Sequence[bool], config: SentimentConfig) -> None:
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

        self._counts = CountVectorizer(analyzer=featurise, min_df=config.min_texts, dtype=np.float32)
        self._weights = TfidfTransformer(sublinear_tf=True)
        self._boosts = tuple(boosts)
        self._strength = config.strength
        self._coefficients: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._intercepts: Floats = np.zeros(0)

    def learn_features(self, texts: Sequence[str]) -> Any:
        """The sparse weights ``[n, features]`` of the texts the features are taken from."""
        try:
            return self._weights.fit_transform(self._counts.fit_transform(texts))
        except ValueError as error:
            raise DataError(
                "The reviews share no words.", remedy="Give more reviews, and not only empty ones."
            ) from error

    def fit(self, weights: Any, labels: Labels) -> None:
        """Train the machines; a boosted one's ratios are folded into its coefficients."""
        columns, intercepts = [], []
        for boosted in self._boosts:
            ratio = _log_ratio(weights, labels) if boosted else np.ones(weights.shape[1], np.float32)
            column, intercept = _machine(weights.multiply(ratio).tocsr(), labels, self._strength)
            columns.append((column * ratio).astype(np.float32))
            intercepts.append(intercept)
        self._coefficients = np.stack(columns, axis=1)
        self._intercepts = np.array(intercepts)

    def scores(self, texts: Sequence[str]) -> Floats:
        """Signed distances ``[n, machines]``; positive means a positive review."""
        return self.scores_of(self._weights.transform(self._counts.transform(texts)))

    def scores_of(self, weights: Any) -> Floats:
        """The same of weights."""
        return np.asarray(weights @ self._coefficients + self._intercepts, dtype=np.float64)


def _machine(weights: Any, labels: Labels, strength: float) -> tuple[Floats, float]:
    from sklearn.svm import LinearSVC

    fitted = LinearSVC(C=strength, max_iter=2_000, random_state=0).fit(weights, labels)
    return fitted.coef_.ravel(), float(fitted.intercept_[0])


def _log_ratio(weights: Any, labels: Labels) -> NDArray[np.float32]:
    present = (weights > 0).astype(np.float32)
    positive, negative = (
        np.asarray(present[labels == label].sum(axis=0)).ravel() + _SMOOTHING for label in (1, 0)
    )
    ratio = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    return np.asarray(ratio, dtype=np.float32)


def _held_out(view: _View, weights: Any, labels: Labels, inner: Labels) -> Floats:
    """Scores of every text by machines that were trained without it."""
    made: list[tuple[NDArray[np.bool_], Floats]] = []
    for number in range(_INNER_FOLDS):
        out = inner == number
        view.fit(weights[~out], labels[~out])
        made.append((out, view.scores_of(weights[out])))
    scores = np.zeros((len(labels), made[0][1].shape[1]))
    for out, values in made:
        scores[out] = values
    return scores


def _inner_folds(labels: Labels) -> Labels:
    """A fold for every text, each with its share of both classes, the same on every run."""
    folds = np.zeros(len(labels), dtype=np.int64)
    for label in (0, 1):
        places = np.random.default_rng(label).permutation(np.flatnonzero(labels == label))
        folds[places] = np.arange(len(places)) % _INNER_FOLDS
    return folds


def _checked(texts: Sequence[str], labels: Sequence[int]) -> Labels:
    if len(texts) != len(labels):
        raise DataError(
            f"There are {len(texts)} texts and {len(labels)} labels.", remedy="Give one label a text."
        )
    if odd := set(labels) - {0, 1}:
        raise DataError(
            f"The label {sorted(odd)[0]!r} is neither 0 nor 1.", remedy="Label positive reviews 1, others 0."
        )
    made = np.array(labels, dtype=np.int64)
    counts = [int(np.sum(made == label)) for label in (0, 1)]
    if min(counts) < _INNER_FOLDS:
        raise DataError(
            f"There are {counts[1]} positive and {counts[0]} negative reviews.",
            remedy=f"Give at least {_INNER_FOLDS} of each.",
        )
    return made


def _words(text: str) -> Iterator[str]:
    run = ""
    for token in tokenize(text):
        if has_cjk(token.text):
            run += token.text
            continue
        yield from _cut(run)
        run = ""
        yield token.text
    yield from _cut(run)


def _cut(run: str) -> list[str]:
    if not run:
        return []
    import jieba

    jieba.setLogLevel("ERROR")
    return list(jieba.cut(run))


def _grams(text: str, longest: int) -> list[str]:
    return [text[at : at + n] for n in range(1, longest + 1) for at in range(len(text) - n + 1)]
