"""Scores on a benchmark's files: what is in the files decides, and every model is measured alike."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.errors import ConfigError, DataError, UnreadableFile
from core.recommend.files import Benchmark, read_benchmark
from core.stages.score_recommendation import score
from tests.recommend_world import facts, products, rows

PARTS = ("items", "train", "valid", "test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small shop in the form of the public sets: leave-one-out, positions for times."""
    home = tmp_path_factory.mktemp("bench")
    pd.DataFrame([{"item": p.id, "title": p.title, "brand": p.brand} for p in products()]).to_parquet(
        home / "items.parquet"
    )
    by_user: dict[str, list[str]] = {}
    for user, item, _time in sorted(rows(), key=lambda row: row[2]):
        by_user.setdefault(user, [])
        if item not in by_user[user]:
            by_user[user].append(item)
    parts: dict[str, list[tuple[str, str, int]]] = {"train": [], "valid": [], "test": []}
    for user, items in by_user.items():
        for at, item in enumerate(items):
            part = "test" if at == len(items) - 1 else "valid" if at == len(items) - 2 else "train"
            parts[part].append((user, item, at))
    for part, told in parts.items():
        pd.DataFrame(told, columns=["user", "item", "pos"]).to_parquet(home / f"{part}.parquet")
    triples = [(product, fact.relation, fact.object) for product, own in facts().items() for fact in own]
    pd.DataFrame(triples, columns=["head", "relation", "tail"]).to_parquet(home / "triples.parquet")
    return home


def bench(folder: Path, triples: bool = True) -> Benchmark:
    return read_benchmark(
        *(folder / f"{part}.parquet" for part in PARTS), folder / "triples.parquet" if triples else None
    )


def test_each_model_is_told_alike_and_the_graph_is_seen_to_pay(folder: Path) -> None:
    models = ("popularity", "itemknn", "graph_knn", "shelfgraph")
    told = score(bench(folder), models, 2, "quick", settings={"epochs": "3"})
    assert set(told["models"]) == {"popularity", "itemknn", "graph_knn", "shelfgraph"}
    for figures in told["models"].values():
        assert {
            "hr@10",
            "ndcg@10",
            "recall@20",
            "mrr",
            "coverage",
            "interval",
            "fit_seconds",
            "p_value",
        } <= set(figures)
        assert figures["interval"][0] <= figures["ndcg@10"] <= figures["interval"][1]
    assert told["models"]["shelfgraph"]["seeds"] == 2
    assert told["models"]["graph_knn"]["ndcg@10"] > told["models"]["itemknn"]["ndcg@10"]
    assert told["n"] + told["repeats_left_out"] == 90
    assert told["facts"] == 96
    assert told["config"]["epochs"] == 3, "a single setting stands instead of the preset's"


def test_without_triples_the_titles_are_read(folder: Path) -> None:
    told = score(bench(folder, triples=False), ("graph_knn",), 1, "quick")
    assert told["read_by"] == "shelfgraph"
    assert told["facts"] >= 48, "the brands at least"


def test_what_is_wrong_is_named_with_its_place(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"nowhere\.parquet"):
        read_benchmark(*(folder / f"{part}.parquet" for part in PARTS), tmp_path / "nowhere.parquet")
    pd.DataFrame({"who": ["s1"], "item": ["p01"], "pos": [0]}).to_parquet(tmp_path / "odd.parquet")
    paths = [folder / f"{part}.parquet" for part in PARTS]
    with pytest.raises(DataError, match=r"user or user_id.*who, item, pos"):
        read_benchmark(paths[0], tmp_path / "odd.parquet", *paths[2:], None)
    pd.DataFrame({"user": ["s1"], "item": ["elsewhere"], "pos": [0]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(DataError, match=r"None of its items"):
        read_benchmark(*paths[:3], tmp_path / "other.parquet", None)
    with pytest.raises(ConfigError, match="svd"):
        score(bench(folder), ("svd",))
    with pytest.raises(ConfigError, match="epoch"):
        score(bench(folder), ("itemknn",), settings={"epoch": "3"})
