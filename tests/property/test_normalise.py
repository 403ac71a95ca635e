"""Normalisation is total, stable, and blind to how a shop happens to write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract.normalise import normalise
from core.ontology import RELATIONS

relations = st.sampled_from(sorted(RELATIONS))


@given(relations, st.text(min_size=1, max_size=40).filter(str.strip))
def test_every_value_has_a_key_that_does_not_depend_on_case_or_outer_space(relation: str, words: str) -> None:
    value = normalise(relation, words)
    assert value.key
    assert value.label
    assert value.rule
    assert normalise(relation, f"  {words} ").key == value.key


@given(st.integers(1, 9_999), st.sampled_from([("l", "ml", 1000), ("kg", "g", 1000), ("cm", "mm", 10)]))
def test_a_quantity_has_one_key_in_every_unit(number: int, units: tuple[str, str, int]) -> None:
    large, small, factor = units
    relation = {"l": "capacity", "kg": "weight", "cm": "size"}[large]
    whole = normalise(relation, f"{number} {small}")
    assert normalise(relation, f"{number / factor:.4f}{large}").key == whole.key
    assert normalise(relation, f"{number / factor:.4f} {large}".replace(".", ",")).key == whole.key


@pytest.mark.parametrize(
    ("relation", "same"),
    [
        ("capacity", ["1.5 l", "1500 ml", "1,5 Liter", "1½ litres", "1.5升", "1500毫升"]),
        ("capacity", ["12 fl oz", "12 oz", "355 ml"]),
        ("weight", ["340 g", "12 oz", "0.34 kg", "340克", "约340克"]),
        ("weight", ["1.5kg", "3斤", "1.5公斤"]),
        ("size", ["22 × 19 × 7 cm", "22x19x7cm", "220 x 190 x 70 mm", "22 cm x 19 cm x 7 cm"]),
        ("size", ["10 inch", '10"', "10-inch", "25.4 cm"]),
        ("packSize", ["pack of 6", "6-pack", "six pack", "6 pieces", "6片", "6片装", "set of 6"]),
        ("packSize", ["twin pack", "pack of two", "两支装"]),
        ("power", ["1.5 kW", "1500W", "1500瓦"]),
        ("color", ["Grey", "gray", "GREY ", "灰色"]),
        ("color", ["matte black", "Matt Black", "哑光黑"]),
        ("material", ["stainless steel", "Stainless-Steel", "不锈钢"]),
        ("material", ["aluminium", "Aluminum", "铝"]),
        ("productType", ["coffee mugs", "Coffee Mug"]),
        ("audience", ["women", "Woman", "女士"]),
        ("brand", ["Sonvaro", "SONVARO®", "Sonvaro Ltd"]),
    ],
)
def test_the_same_thing_written_differently_is_one_value(relation: str, same: list[str]) -> None:
    assert len({normalise(relation, words).key for words in same}) == 1


@pytest.mark.parametrize(
    ("relation", "one", "other"),
    [
        ("capacity", "500 ml", "500 l"),
        ("weight", "12 oz", "12 g"),
        ("productType", "glass", "glas"),
        ("size", "A5", "A6"),
        ("packSize", "2 pieces", "12 pieces"),
        ("brand", "Harris", "Harri"),
        ("color", "navy blue", "sky blue"),
    ],
)
def test_different_things_stay_apart(relation: str, one: str, other: str) -> None:
    assert normalise(relation, one).key != normalise(relation, other).key
