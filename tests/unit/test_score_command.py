"""``score extraction`` as a caller sees it: the promised keys, taught or as shipped, and files that are no gold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main
from core.llm.files import SENTENCES, status
from tests.conftest import need

BRANDS = [
    "Oakmere",
    "Tilvane",
    "Norrock",
    "Pellori",
    "Sonvaro",
    "Halden",
    "Brimley",
    "Castor",
    "Wendle",
    "Farrow",
]
COLORS = ["red", "navy blue", "black", "sand"]
ITEMS = ["travel mug", "tea pot", "milk jug"]
KEYS = {"annotated_only", "strict", "products_per_second", "tokens_per_product", "llm_share", "ece", "n"}


@pytest.fixture
def _encoder() -> None:
    present = any(one.name == SENTENCES and one.present for one in status())
    need(present, "The sentence encoder is not here: python -m core models fetch")


def write(path: Path, numbers: range) -> Path:
    lines = []
    for number in numbers:
        brand, color = BRANDS[number % 10], COLORS[number % 4]
        item = ITEMS[number % 3]
        values: dict[str, list[str]] = {"Brand": [brand], "Color": [color], "Type": [item], "Size": []}
        line = {
            "id": f"p{number}",
            "category": "Kitchen",
            "text": f"{brand} {item}, {color}",
            "values": values,
        }
        lines.append(json.dumps(line))
    path.write_text("\n".join(lines), "utf-8")
    return path


def scored(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    code = main(["score", "extraction", *map(str, arguments), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("_encoder")
def test_what_was_taught_is_found_in_other_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"Kitchen": ["Brand", "Color", "Type", "Size"]}), "utf-8")
    train, test = write(tmp_path / "train.jsonl", range(40)), write(tmp_path / "test.jsonl", range(41, 47))
    code, told = scored(capsys, "--train", train, "--test", test, "--schema", schema)
    assert code == 0
    assert told.keys() >= KEYS
    assert told["strict"].keys() >= {"precision", "recall", "f1"}
    assert told["review"].keys() >= {"first_tenth", "first_tenth_by_value", "perfect", "wrong_share"}
    assert told["strict"]["f1"] > 0.8
    assert told["absent_left_empty"] == 1.0
    assert (told["n"], told["llm_share"], told["tokens_per_product"]) == (6, 0.0, 0.0)


@pytest.mark.usefixtures("_encoder")
def test_without_labels_the_shipped_reader_is_used_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = write(tmp_path / "test.jsonl", range(12))
    code, told = scored(capsys, "--test", test)
    assert code == 0
    assert told["by_attribute"]["Color"]["f1"] > 0.5


def test_a_file_that_is_not_labelled_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "a"}\n', "utf-8")
    code, told = scored(capsys, "--test", bad)
    assert code == 1
    assert str(bad) in told["error"]["where"]
    assert "line 1" in told["error"]["what"]
