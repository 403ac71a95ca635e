"""Exact spans in Chinese titles: five folds, beside a plain conditional random field over characters.

    python -m bench.chinese_spans --data FOLDER             all five folds
    python -m bench.chinese_spans --data FOLDER --folds 0   some of them

``FOLDER`` holds ``dev/titles.parquet`` (columns text, entities).
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pycrfsuite

from bench.common import machine, table
from core.extract import tagger_training
from core.extract.chain import labels_of
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.score import span_scores
from core.extract.span_files import read_spans, scores_of

FOLDS = 5


def plain(train: Sequence[Example], test: Sequence[Example]) -> list[set[tuple[int, int, str]]]:
    """A CRF that sees each character and two on either side, alone and in pairs, and the kinds of three."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params({"c1": 0.1, "c2": 0.05, "max_iterations": 80})
    for example in train:
        spans = [(span.start, span.end - 1, span.relation) for span in example.spans]
        trainer.append(_window(example.text), labels_of(len(example.text), spans))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.crf"
        trainer.train(str(path))
        model = pycrfsuite.Tagger()
        model.open(str(path))
        return [_spans(model.tag(_window(example.text))) for example in test]


def _window(text: str) -> list[list[str]]:
    around = f"<<{text}>>"
    kinds = [
        "0" if c.isdigit() else "a" if c.isascii() and c.isalpha() else "c" if c.isalpha() else "."
        for c in around
    ]
    return [
        [
            *(f"{place}={around[at + 2 + place]}" for place in (-2, -1, 0, 1, 2)),
            *(f"{place}={around[at + 2 + place : at + 4 + place]}" for place in (-2, -1, 0, 1)),
            f"3={around[at + 1 : at + 4]}",
            f"k={''.join(kinds[at + 1 : at + 4])}",
        ]
        for at in range(len(text))
    ]


def _spans(labels: Sequence[str]) -> set[tuple[int, int, str]]:
    found, start = set(), 0
    for at, label in enumerate(labels):
        if label[0] in "BS":
            start = at
        if label[0] in "ES":
            found.add((start, at + 1, label[2:]))
    return found


def gold(example: Example) -> set[tuple[int, int, str]]:
    """The labelled spans."""
    return {(span.start, span.end, span.relation) for span in example.spans}


def run(examples: Sequence[Example], chosen: Sequence[int]) -> None:
    """Train and read the chosen folds; print a row for each, then means and the types."""
    folds = np.random.default_rng(0).permutation(len(examples)) % FOLDS
    told: list[dict[str, Any]] = []
    rows: list[Sequence[object]] = []
    for number in chosen:
        train = [example for example, fold in zip(examples, folds, strict=True) if fold != number]
        test = [example for example, fold in zip(examples, folds, strict=True) if fold == number]
        began, spent = time.perf_counter(), time.process_time()
        model = tagger_training.train(train)
        seconds, cpu = time.perf_counter() - began, time.process_time() - spent
        began, spent = time.perf_counter(), time.process_time()
        found: list[tuple[Span, ...]] = [model.read(example.text).spans for example in test]
        wall, reading = time.perf_counter() - began, time.process_time() - spent
        made = scores_of(test, found)
        told.append(made)
        peer = span_scores([gold(example) for example in test], plain(train, test))
        rows.append(
            (number, *(f"{100 * made[name]:.2f}" for name in ("f1", "precision", "recall")), f"{made['ece']:.3f}",
             f"{100 * peer['f1']:.2f}", f"{seconds:.0f}", f"{cpu:.0f}", f"{len(test) / wall:.0f}",
             f"{len(test) / reading:.0f}")
        )  # fmt: skip
        print(rows[-1], flush=True)
    means = [statistics.mean(float(str(row[column])) for row in rows) for column in range(1, 10)]
    rows.append(
        ("mean", *(f"{mean:.2f}" if at not in (3,) else f"{mean:.3f}" for at, mean in enumerate(means)))
    )
    heads = (
        "fold",
        "F1",
        "precision",
        "recall",
        "ECE",
        "plain CRF F1",
        "train, s",
        "train, CPU s",
        "titles/s",
        "titles/CPU s",
    )
    print("\n" + table(heads, rows) + "\n")
    kinds = sorted(told[0]["by_type"])
    print(table(
        ("type", "F1", "precision", "recall"),
        [(kind, *(f"{100 * statistics.mean(made['by_type'][kind][name] for made in told):.1f}"
                  for name in ("f1", "precision", "recall"))) for kind in kinds],
    ))  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    root = Path(os.environ.get("SHELFGRAPH_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=root / "cn_ecommerce_ner")
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)))
    chosen = parser.parse_args()
    examples = read_spans(chosen.data / "dev" / "titles.parquet")
    print(f"{len(examples):,} titles")
    run(examples, chosen.folds)
    print(machine())


if __name__ == "__main__":
    main()
