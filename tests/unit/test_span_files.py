"""Files with labelled spans: read, learned from, scored; words of Chinese texts with their places."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.extract.segments import segments
from core.extract.span_files import read_spans, score_spans

PLACES = ["山野记", "云朵家", "北溪", "青木屋"]
THINGS = ["保温杯", "电热水壶", "陶瓷碗", "双肩背包", "遮阳伞"]


def write(path: Path, numbers: range) -> Path:
    rows = []
    for number in numbers:
        brand, thing = PLACES[number % 4], THINGS[number % 5]
        text = f"{brand}{thing} 新款包邮"
        spans = [
            {"start": 0, "end": len(brand), "type": "HPPX"},
            {"start": len(brand), "end": len(brand) + len(thing), "type": "HCCX"},
        ]
        rows.append({"text": text, "entities": json.dumps(spans)})
    pd.DataFrame(rows).to_parquet(path)
    return path


def test_spans_that_were_taught_are_found_exactly(tmp_path: Path) -> None:
    told = score_spans(
        write(tmp_path / "train.parquet", range(12)), write(tmp_path / "test.parquet", range(12, 20))
    )
    assert told["f1"] > 0.9
    assert set(told["by_type"]) == {"HPPX", "HCCX"}
    assert told["n"] == 8


@pytest.mark.parametrize("entities", ['[{"start": 2, "end": 9, "type": "x"}]', '[{"start": 0}]', "not json"])
def test_a_row_that_does_not_fit_is_named(tmp_path: Path, entities: str) -> None:
    path = tmp_path / "bad.parquet"
    rows = [{"text": "茶杯", "entities": "[]"}, {"text": "茶杯", "entities": entities}]
    pd.DataFrame(rows).to_parquet(path)
    with pytest.raises(DataError) as error:
        read_spans(path)
    assert "row 2" in error.value.where


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    path.write_text("no table", "utf-8")
    with pytest.raises(DataError):
        read_spans(path)


@given(st.text("不锈钢杯ab1 ，\u0301👍", max_size=30))
def test_segments_join_to_the_text_again(text: str) -> None:
    words = segments(text)
    assert [word.end - word.start for word in words] == [len(text[w.start : w.end]) for w in words]
    assert "".join(text[w.start : w.end] for w in words) == text
