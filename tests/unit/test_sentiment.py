"""Sentiment of reviews: learned from labels in either language, and strict about its files."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from core.errors import DataError
from core.extract import sentiment

PRAISE = ["很好用", "质量不错", "非常满意", "works well", "great quality", "very happy with it"]
BLAME = ["太差了", "质量很差", "非常失望", "broke at once", "poor quality", "very unhappy with it"]
THINGS = ["杯子", "耳机", "the kettle", "this lamp"]


def reviews(path: Path) -> Path:
    rows = [{"review": f"{thing} {said}", "label": 1} for thing, said in product(THINGS, PRAISE)]
    rows += [{"review": f"{thing} {said}", "label": 0} for thing, said in product(THINGS, BLAME)]
    pd.DataFrame(rows).to_parquet(path)
    return path


def test_what_was_praised_and_blamed_is_told_apart(tmp_path: Path) -> None:
    texts, labels = sentiment.read_reviews(reviews(tmp_path / "train.parquet"))
    model = sentiment.train(texts, labels)
    good, bad = model.predict_proba(["雨伞 很好用", "the umbrella broke at once"])
    assert good > 0.5 > bad


def test_a_file_is_scored_with_the_commoner_label_beside_it(tmp_path: Path) -> None:
    told = sentiment.score(reviews(tmp_path / "train.parquet"), reviews(tmp_path / "test.parquet"))
    assert told["accuracy"] > 0.9
    assert told["f1"] > 0.9
    assert (told["n"], told["n_train"], told["majority"]) == (48, 48, 0.5)


@pytest.mark.parametrize(
    "rows",
    [[], [{"review": "好"}], [{"review": "好", "label": 3}], [{"review": "好", "label": 1}]],
    ids=["empty", "no label", "a third label", "one label only"],
)
def test_a_file_that_teaches_nothing_is_refused(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    path = tmp_path / "bad.parquet"
    pd.DataFrame(rows, columns=["review", "label"] if not rows else None).to_parquet(path)
    with pytest.raises(DataError):
        sentiment.score(path, path)
