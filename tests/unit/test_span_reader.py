"""The span reader remembers what it was taught by, so that nobody judges it on that."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract.ground import Span
from core.extract.labelled import Labelled
from core.extract.methods import taught
from core.extract.query import Query
from core.extract.span_reader import SpanReader, SpanReaderConfig, epochs_for, train
from core.llm.files import SENTENCES, status
from tests.conftest import need

ONE = Query("Sonvaro mug, red", "Mugs", {"Brand": "Brand"}, (Span(0, 7, "Brand"),))
OTHER = Query("Brindle jug, blue", "Jugs", {"Brand": "Brand"}, (Span(0, 7, "Brand"),))
QUICK = SpanReaderConfig(epochs=1, frozen=6)


@pytest.fixture(scope="module")
def reader() -> SpanReader:
    present = any(one.name == SENTENCES and one.present for one in status())
    need(present, "The sentence encoder is not here: python -m core models fetch")
    return train([ONE], QUICK)


def test_it_knows_the_texts_it_and_the_one_before_it_were_taught_by(
    reader: SpanReader, tmp_path: Path
) -> None:
    train([OTHER], QUICK, start=reader).save(tmp_path)
    later = SpanReader.load(tmp_path)
    assert later.has_seen(ONE.text)
    assert later.has_seen("  SONVARO mug,  red ")
    assert later.has_seen(OTHER.text)
    assert not reader.has_seen(OTHER.text)


def test_learning_goes_on_from_the_shipped_reader_only_where_that_may_be_judged(
    reader: SpanReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.extract.shipped.default_reader", lambda: reader)
    lessons = [Labelled("1", "Jugs", OTHER.text, {"Brand": ("Brindle",)})]
    seen, unseen = (Labelled("2", "Mugs", text, {}) for text in (ONE.text, "Farrow mug"))
    asked = {"Jugs": {"Brand": ""}}
    assert taught(lessons, asked, QUICK, judged=[seen, unseen]).reader.about["start"] == ""
    assert taught(lessons, asked, QUICK, judged=[unseen]).reader.about["start"] == reader.version


@given(st.integers(1, 20_000), st.sampled_from((8, 16)), st.booleans())
def test_a_few_texts_are_seen_often_and_many_no_less_than_they_need(
    texts: int, batch: int, anew: bool
) -> None:
    epochs = epochs_for(texts, batch, anew=anew)
    assert (9 if anew else 6) <= epochs <= 40
    assert epochs_for(texts + 1, batch, anew=anew) <= epochs
