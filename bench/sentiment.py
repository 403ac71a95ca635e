"""Sentiment of Chinese reviews: five folds, beside a linear model over character tf-idf.

    python -m bench.sentiment --data FOLDER

``FOLDER`` holds ``dev/reviews.parquet`` (columns review, label). Reviews that differ only in signs and spaces are
counted, and the folds are made a second time with such reviews kept together.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.common import machine, peak_memory_mb, table
from core.extract import sentiment
from core.extract.tokens import fold

FOLDS = 5


def groups_of(texts: Sequence[str]) -> NDArray[np.int64]:
    """A number for every text, equal where only signs and spaces differ."""
    seen: dict[str, int] = {}
    keys = ["".join(c for c in fold(text) if c.isalnum()) or text for text in texts]
    return np.array([seen.setdefault(key, len(seen)) for key in keys])


def by_row(n: int) -> NDArray[np.int64]:
    """A fold for each row."""
    return np.random.default_rng(0).permutation(n) % FOLDS


def by_group(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold for each row, the same for all of a group."""
    return by_row(int(groups.max()) + 1)[groups]


def baseline(train: Sequence[str], labels: NDArray[np.int64], test: Sequence[str]) -> NDArray[np.bool_]:
    """Logistic regression over tf-idf of one to three characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    cut = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, dtype=np.float32)
    model = LogisticRegression(C=10.0, solver="liblinear").fit(cut.fit_transform(train), labels)
    return np.asarray(model.predict(cut.transform(test)) == 1)


def run(
    texts: Sequence[str],
    labels: NDArray[np.int64],
    folds: NDArray[np.int64],
    name: str,
    chosen: Sequence[int],
    *,
    beside: bool,
) -> None:
    """Print the table of one way to make folds, of which only the chosen are trained."""
    rows: list[Sequence[object]] = []
    for fold_number in chosen:
        out = folds == fold_number
        learned, asked = ([texts[at] for at in np.flatnonzero(mask)] for mask in (~out, out))
        began, spent = time.perf_counter(), time.process_time()
        model = sentiment.train(learned, labels[~out].tolist())
        seconds, cpu = time.perf_counter() - began, time.process_time() - spent
        began = time.perf_counter()
        found = sentiment.measure(labels[out], model.predict_proba(asked) >= 0.5)
        speed = len(asked) / (time.perf_counter() - began)
        plain = sentiment.measure(labels[out], baseline(learned, labels[~out], asked)) if beside else {}
        rows.append(
            (fold_number, found["accuracy"], found["f1"], plain.get("accuracy", "-"), f"{seconds:.0f}",
             f"{cpu:.0f}", f"{speed:,.0f}")
        )  # fmt: skip
        print(rows[-1], flush=True)
    for how, sign in ((statistics.mean, "mean"), (_sd, "sd")):
        fold_values = [[float(str(row[column])) for row in rows] for column in (1, 2)]
        base = how([float(str(row[3])) for row in rows]) if beside else "-"
        rows.append((sign, *(how(values) for values in fold_values), base, "", "", ""))
    print(f"\n{name}\n")
    print(table(("fold", "accuracy", "F1", "baseline accuracy", "train, s", "train, CPU s", "texts/s"), rows))


def _sd(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    root = Path(os.environ.get("SHELFGRAPH_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=root / "cn_online_shopping")
    parser.add_argument("--only", choices=("rows", "groups"))
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    chosen = parser.parse_args()
    texts, given = sentiment.read_reviews(chosen.data / "dev" / "reviews.parquet")
    labels = np.array(given)
    groups = groups_of(texts)
    print(f"{len(texts):,} reviews, {len(texts) - int(groups.max()) - 1} of them repeat another one")
    if chosen.only != "groups":
        run(texts, labels, by_row(len(texts)), "Rows dealt at random", chosen.folds, beside=True)
    if chosen.only != "rows":
        run(texts, labels, by_group(groups), "Repeated reviews kept together", chosen.folds, beside=False)
    print(f"{machine()}; {peak_memory_mb():,.0f} MB at most")


if __name__ == "__main__":
    main()
