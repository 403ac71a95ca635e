"""Labelled files are read line by line, scored both ways, and every mistake gets its kind."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.extract.evaluate import Mistake, evaluate, reliability
from core.extract.ground import Span
from core.extract.labelled import Labelled, asked_of, read_asked, read_labelled, read_rules, spans_of
from core.extract.normal_score import normalised_cells

TEXT = "Ellie Shoes Women's 8400 Red Patent 14 M"
ASKED = {"Shoes": dict.fromkeys(("Brand", "Color", "Size", "Gender", "Shoe type"), "")}


def labelled(**values: list[str]) -> Labelled:
    named = {name.replace("_", " "): tuple(found) for name, found in values.items()}
    return Labelled("p", "Shoes", TEXT, named)


def found(**values: str) -> dict[str, Span]:
    return {
        name: Span(TEXT.index(value), TEXT.index(value) + len(value), name, 0.9)
        for name, value in values.items()
    }


def test_lines_are_read_with_what_is_optional_left_out(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    line = {
        "category": "Tea",
        "text": "Green\u2028tea",
        "values": {"Kind": "Green", "Size": [], "Origin": None},
    }
    path.write_text("\ufeff" + json.dumps(line, ensure_ascii=False) + "\n\n", "utf-8")
    (item,) = read_labelled(path)
    assert item.values == {"Kind": ("Green",), "Size": (), "Origin": ()}
    assert item.text == "Green\u2028tea"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"text": "a", "values": {}}\n{"text": "b"}\nnot json\n', "line 2"),
        (b'{"text": 3, "values": {}}\n', "not a string"),
        (b'{"text": "a", "values": {"x": [1]}}\n', "not a string"),
        (b"\xff\xfe{", "UTF-8"),
        (b"\n", "no line"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=told) as error:
        read_labelled(path)
    assert error.value.remedy
    assert str(path) in error.value.where


def test_a_schema_is_a_list_of_names_or_names_with_descriptions(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text('{"Tea": ["Kind"], "Cup": {"Size": "how much it holds"}}', "utf-8")
    assert read_asked(path) == {"Tea": {"Kind": ""}, "Cup": {"Size": "how much it holds"}}
    path.write_text("[1]", "utf-8")
    with pytest.raises(DataError):
        read_asked(path)
    assert asked_of([labelled(Size=["14 M"], Brand=[])]) == {"Shoes": {"Brand": "", "Size": ""}}


def test_of_overlapping_values_the_longer_one_stands() -> None:
    spans = spans_of(TEXT, {"Brand": ["Ellie Shoes"], "Shoe type": ["Shoes"], "Color": ["Red", "Red Patent"]})
    assert [(TEXT[s.start : s.end], s.relation) for s in spans] == [
        ("Ellie Shoes", "Brand"),
        ("Red Patent", "Color"),
    ]


def test_one_word_may_answer_two_attributes_but_a_tagger_gives_it_one() -> None:
    gold = {"Body": ["Mahogany"], "Side": ["Mahogany"], "Look": ["Red", "Red Patent"]}
    item = Labelled("1", "Guitar", "Red Patent Mahogany guitar", {name: tuple(v) for name, v in gold.items()})
    places = [(item.text[s.start : s.end], s.relation) for s in item.spans]
    assert places == [("Red Patent", "Look"), ("Mahogany", "Body"), ("Mahogany", "Side")]
    assert [s.relation for s in item.example.spans] == ["Look", "Body"]


@given(
    st.text("ab ,杯", max_size=30),
    st.dictionaries(st.sampled_from("XYZ"), st.lists(st.text("ab杯 ", max_size=5))),
)
def test_spans_hold_a_value_and_never_overlap(text: str, values: dict[str, list[str]]) -> None:
    spans = spans_of(text, values)
    assert all(any(v in text[s.start : s.end] for v in values[s.relation]) for s in spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def test_each_mistake_gets_its_kind_and_both_scorers_their_cells() -> None:
    gold = labelled(Brand=["Ellie Shoes"], Color=["Red Patent"], Size=["14 M"], Gender=[])
    values = {**found(Brand="Ellie Shoes", Color="Red", Gender="Women's"), **found(**{"Shoe type": "14 M"})}
    result = evaluate([gold], [values], ASKED)
    assert {wrong.attribute: wrong.mistake for wrong in result.wrong} == {
        "Color": Mistake.BOUNDARY,
        "Size": Mistake.MISSED,
        "Gender": Mistake.INVENTED,
        "Shoe type": Mistake.WRONG_ATTRIBUTE,
    }
    assert (result.annotated_only.vc, result.annotated_only.nv, result.strict.nv) == (1, 1, 2)
    assert (result.absent, result.left_empty) == (1, 0.0)
    assert result.ece == pytest.approx(0.9 - 0.25)
    assert reliability(result.sure) == [(pytest.approx(0.9), 0.25, 4)]


def test_normalised_gold_is_met_by_what_the_rules_of_the_schema_make_of_the_words(tmp_path: Path) -> None:
    gold, schema = tmp_path / "gold.jsonl", tmp_path / "schema.json"
    normal = {"Width": ["61.0"], "Color": ["Blue"], "Brand": [], "Part": ["AB12"]}
    line = {"category": "Home", "text": 'Navy shelf 24" AB-12', "values": {}, "normalised": normal}
    gold.write_text(json.dumps(line), "utf-8")
    told = {
        "Width": {"description": "How wide", "type": "quantity", "unit": "cm"}
        | {"normalise": {"digits": 1, "show": "figure"}},
        "Color": {"normalise": {"categories": {"Blue": ["navy"]}}},
        "Part": {"normalise": {"keep": "letters"}},
        "Brand": "The maker",
        "Style": "",
    }
    schema.write_text(json.dumps({"Home": told}), "utf-8")
    (item,) = read_labelled(gold)
    read = {"Width": Span(11, 14, "Width"), "Color": Span(0, 4, "Color"), "Style": Span(5, 10, "Style")}
    annotated, strict = normalised_cells([item], [read], read_rules(schema))
    assert (annotated.vc, annotated.vn, annotated.nn, annotated.vw, annotated.nv) == (2, 1, 1, 0, 0)
    assert strict == annotated
    assert read_asked(schema)["Home"]["Width"] == "How wide"


def test_a_rule_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"Home": {"Width": {"normalise": {"case": "loud"}}}}), "utf-8")
    with pytest.raises(DataError, match="`case` cannot be loud") as error:
        read_rules(path)
    assert "Width" in error.value.where
