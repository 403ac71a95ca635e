"""A value that people cut out of a word is cut out of that word again, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.extract.ground import Span
from core.extract.trims import Trims, covering, learn


def test_what_the_labels_cut_off_most_often_is_cut_off() -> None:
    seen = [("Printed shorts", {"Pattern": ["Print"], "Item": ["shorts"]})] * 2
    trims = learn([*seen, ("a Printed cap", {"Pattern": ["Printed"]})])
    text = "PRINTED shorts"
    assert trims.apply(text, Span(0, 7, "Pattern")) == Span(0, 5, "Pattern")
    assert trims.apply(text, Span(0, 7, "Item")) == Span(0, 7, "Item")
    assert trims.apply(text, Span(8, 14, "Item")) == Span(8, 14, "Item")


def test_a_value_inside_a_word_has_that_word_around_it() -> None:
    assert covering("for Mens caps", "Men") == (4, 8)
    assert covering("for Men and Mens", "Men") == (4, 7)
    assert covering("for women", "Men") is None


@given(st.text("aAbß ,İ杯", max_size=25), st.integers(0, 24), st.integers(1, 6), st.text("abß", max_size=8))
def test_a_trimmed_span_is_within_the_span_and_not_empty(text: str, at: int, size: int, other: str) -> None:
    value = text[at : at + size]
    trims = learn([(text, {"x": [value]}), (other, {"x": [other]})])
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            made = trims.apply(text, Span(start, end, "x"))
            assert start <= made.start < made.end <= end
    assert Trims().apply(text + "a", Span(0, 1, "x")) == Span(0, 1, "x")
