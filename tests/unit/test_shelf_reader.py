"""Known patterns found in texts: nothing is made up, names and labels are heeded, and what is vague is left."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.extract.query import Query
from core.extract.shelf_reader import default_shelf_reader

TEXT = (
    'Sonvaro Bar Refrigerator BB48GSY-1-B, 48" W, 34" H, 115v, stainless steel, black, 12 Pack, '
    "UPC: 012345678905, decaf, 30 oz"
)


def found(text: str, *asked: str) -> dict[str, list[tuple[str, bool]]]:
    matches = default_shelf_reader().read(Query(text, "", {name: name for name in asked}))
    made: dict[str, list[tuple[str, bool]]] = {name: [] for name in asked}
    for match in matches:
        made[match.span.relation].append((text[match.span.start : match.span.end], match.labelled))
    return made


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        ("Voltage", "115v"),
        ("Material", "stainless steel"),
        ("Color(s)", "black"),
        ("Pack Quantity", "12 Pack"),
        ("Retail UPC", "012345678905"),
        ("Model Number", "BB48GSY-1-B"),
        ("Caffeine content", "decaf"),
    ],
)
def test_a_value_is_found_under_any_name_of_its_attribute(asked: str, value: str) -> None:
    assert value in [text for text, _ in found(TEXT, asked)[asked]]


def test_of_two_lengths_each_goes_by_its_label() -> None:
    sides = found(TEXT, "Width", "Height")
    assert [text for text, labelled in sides["Width"] if labelled] == ['48"']
    assert [text for text, labelled in sides["Height"] if labelled] == ['34"']


def test_a_bare_number_is_a_value_only_beside_a_label() -> None:
    assert found("Tidemark pan 38 deep", "Size") == {"Size": []}
    assert found("Tidemark coat, Size: 38", "Size") == {"Size": [("38", True)]}


def test_brands_are_not_guessed() -> None:
    assert found(TEXT, "Brand", "Manufacturer") == {"Brand": [], "Manufacturer": []}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from((*TEXT.split(), "红色", "🙂", "½", "x", "(", "[", "\\", "$9")), max_size=12),
    st.lists(st.sampled_from(("Width", "Color", "Net Content", "Capacity", "Scent Name")), unique=True),
)
def test_at_most_three_places_within_the_text_and_none_within_another(
    words: list[str], asked: list[str]
) -> None:
    text = " ".join(words)
    for places in found(text, *asked).values():
        assert len(places) <= 3
    matches = default_shelf_reader().read(Query(text, "", {name: name for name in asked}))
    for match in matches:
        assert 0 <= match.span.start < match.span.end <= len(text)
        assert not any(
            other is not match
            and other.span.relation == match.span.relation
            and other.span.start <= match.span.start
            and match.span.end <= other.span.end
            for other in matches
        )
