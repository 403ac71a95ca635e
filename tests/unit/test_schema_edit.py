"""Editing a schema: as text with errors at their lines, as tables that lose nothing, and told as differences."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.extract import schema
from core.extract.schema_diff import Change, changes, lines, removed_relations
from core.extract.schema_edit import (
    ALL,
    Row,
    moved,
    number_of,
    placed,
    renamed,
    rows,
    with_category,
    with_rows,
    without_category,
)
from core.extract.schema_text import check, head_of, write

TEXT = schema.DEFAULT_PATH.read_text("utf-8")
SMALL = """# Kept
attributes:
  brand:
    label: {en: Brand, zh: 品牌}
    aliases: [make]
  roast:
    label: Roast
    examples: [dark, light]
  power: {type: quantity, unit: W}
general: [brand]
categories:
  - names: [Coffee, 咖啡]
    ask: [roast, brand]
    examples: {roast: [medium]}
  - names: [Kettles]
    ask: [brand, power]
"""


def raw_of(text: str) -> dict[str, Any]:
    raw = check(text).raw
    assert raw is not None, check(text).remarks
    return raw


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("attributes:\n  a: {}\n  b: [", 3, "yaml"),
        ("name: x\nattribute: {}", 1, "no_attributes"),
        ("attributes:\n  a:\n    label: A\n    type: colour", 4, "value_type"),
        ("attributes:\n  a:\n    label: A\n    unit: blorp\n    type: text", 4, "unit"),
        ("attributes:\n  a: {}\n  b: {}\n  a: {}", 4, "key_twice"),
        ("attributes:\n  a: {}\ncategories:\n  - names: [A]\n    ask:\n      - a\n      - b", 7, "undefined"),
        ("attributes:\n  a: {}\ncategories:\n- names: [A]\n  ask: [a]\n- names: [a]\n  ask: [a]", 6, "named_twice"),
        ("attributes:\n  a:\n    examples:\n      - 2020-10-09", 4, "plain"),
        ("attributes:\n  on: {}", 2, "key"),
        ("attributes: &x\n  a: {}\nmore: *x", 3, "alias"),
        ("[" * 5000, 1, "too_deep"),
        ("#" * 500_000, 1, "too_long"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_used_is_refused_at_its_line(text: str, line: int, code: str) -> None:
    found = check(text)
    assert found.raw is None
    assert (line, code) in {(remark.line, remark.code) for remark in found.remarks}


def test_all_faults_are_told_at_once_and_a_hint_does_not_stop_anything() -> None:
    text = "attributes:\n  a: {type: x}\n  b: {unit: y}\n  c: 3"
    assert [remark.line for remark in check(text).remarks] == [2, 3, 4]
    hinted = check(SMALL)
    assert hinted.raw is not None
    assert [(r.line, r.code, r.fatal) for r in hinted.remarks] == [(5, "unknown_key", False)]


def test_the_shipped_schema_is_written_as_it_was_read() -> None:
    shipped = check(TEXT)
    assert shipped.remarks == ()
    written = write(raw_of(TEXT), head_of(TEXT))
    assert check(written).raw == shipped.raw
    assert written.startswith("# What a shop wants")
    assert max(map(len, written.splitlines())) < 400


def test_the_shipped_schema_links_products_and_knows_schema_org() -> None:
    shop = schema.default()
    links = {a.relation: a.schema_type for a in shop.general if a.value_type == "product"}
    assert {"isAccessoryOrSparePartFor", "isCompatibleWith", "isPartOf", "isSimilarTo"} <= links.keys()
    assert set(links.values()) == {"Product"}
    assert {"usedFor", "usedIn", "audience"} <= {a.relation for a in shop.general}
    brand, weight = shop.attribute("brand"), shop.attribute("weight")
    assert brand is not None
    assert weight is not None
    assert (brand.schema_org, brand.schema_type) == ("brand", "Brand")
    assert (weight.schema_org, weight.schema_type) == ("weight", "QuantitativeValue")


names = some.text("abcdefg", min_size=1, max_size=5)
words = some.text(some.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)
texts = some.one_of(words, some.dictionaries(some.sampled_from(["en", "zh"]), words, min_size=1))
examples = some.one_of(
    some.lists(words, max_size=3),
    some.dictionaries(some.sampled_from(["en", "zh"]), some.lists(words, min_size=1, max_size=3)),
)


@some.composite
def schemas(draw: some.DrawFn) -> dict[str, Any]:
    attribute = some.fixed_dictionaries(
        {"label": texts},
        optional={"description": texts, "type": some.sampled_from(schema.VALUE_TYPES), "examples": examples},
    )
    made: dict[str, Any] = {"attributes": draw(some.dictionaries(names, attribute, min_size=1, max_size=5))}
    known = sorted(made["attributes"])
    chosen = some.lists(some.sampled_from(known), min_size=1, unique=True)
    if draw(some.booleans()):
        made["general"] = draw(chosen)
    made["categories"] = [
        {"names": [f"c{at}"], "ask": draw(chosen)} for at in range(draw(some.integers(0, 3)))
    ]
    return made


@given(schemas())
def test_any_schema_survives_being_written_and_shown_as_a_table(raw: dict[str, Any]) -> None:
    assert check(write(raw)).raw == raw
    version = schema.from_dict(raw).version
    for category in range(len(raw["categories"])):
        assert schema.from_dict(with_rows(raw, rows(raw, category), category)).version == version
    again = with_rows(raw, rows(raw))
    assert changes(raw, again) == []
    assert changes(raw, raw) == []


@given(schemas(), some.data())
def test_whatever_rows_remain_the_schema_stays_sound(raw: dict[str, Any], data: some.DataObject) -> None:
    category = data.draw(some.integers(ALL, len(raw["categories"]) - 1))
    kept = data.draw(
        some.lists(some.sampled_from(rows(raw, category)), min_size=1, unique_by=lambda r: r.relation)
    )
    typed = [Row(label={"en": label}) for label in data.draw(some.lists(names, max_size=2))]
    made = with_rows(raw, [*kept, *typed], category)
    fatal = [remark for remark in check(write(made)).remarks if remark.fatal]
    # A category whose attributes all left the schema asks nothing: that is for the user to see, not to hide.
    assert {remark.code for remark in fatal} <= {"list"}
    if not fatal:
        assert {row.relation for row in kept} <= {row.relation for row in rows(made, category)}


def test_an_edit_touches_only_what_was_edited() -> None:
    raw = raw_of(SMALL)
    coffee = number_of(raw, "咖啡")
    roast, brand = rows(raw, coffee)
    assert roast.examples == {"en": ("medium",)}
    other = Row(
        "roast", {"en": "Roast level"}, roast.description, examples={"en": ("blonde",)}, general=False
    )
    made = with_rows(raw, [brand, other, Row(label={"en": "brand"}), Row(label={"en": "Cup Score"})], coffee)
    assert made["attributes"]["brand"] == raw["attributes"]["brand"], "what the table does not show stays"
    assert made["attributes"]["roast"]["examples"] == ["dark", "light"], "a category's examples are its own"
    assert made["categories"][coffee]["ask"] == ["brand", "roast", "brand2", "cupScore"]
    assert made["categories"][coffee]["examples"] == {"roast": {"en": ["blonde"]}}
    assert made["categories"][1] == raw["categories"][1]


def test_a_typed_label_means_the_attribute_that_has_it() -> None:
    raw = raw_of(SMALL)
    made = with_rows(raw, [*rows(raw, 0), Row(label={"en": "power"})], 0)
    assert made["categories"][0]["ask"] == ["roast", "brand", "power"]
    assert made["attributes"] == raw["attributes"]


def test_what_leaves_a_category_leaves_the_schema_when_nothing_else_asks_for_it() -> None:
    raw = raw_of(SMALL)
    assert "power" not in without_category(raw, 1)["attributes"]
    assert "brand" in without_category(raw, 1)["attributes"]
    made = with_rows(raw, [row for row in rows(raw) if row.relation != "brand"])
    assert [entry["ask"] for entry in made["categories"]] == [["roast"], ["power"]]


def test_rows_come_to_stand_where_their_number_says() -> None:
    a, b, c, new = (Row(name) for name in "abcd")
    assert placed([a, b, c], [1, 2, 3], [1, 2, 1]) == [c, a, b]
    assert placed([a, b, c], [1, 2, 3], [3, 2, 3]) == [b, c, a]
    assert placed([a, c, new], [1, 3, None], [1, 3, None]) == [a, c, new], "a gap is no move"
    assert placed([a, b], [1, 2], [99, 2]) == [b, a]


def test_differences_are_told_once_each() -> None:
    raw = raw_of(SMALL)
    made = with_rows(raw, [*rows(raw, 1)[::-1], Row(label={"en": "Colour"})], 1)
    made = with_category(renamed(moved(made, 1, 0), 1, ["Coffee & tea", "咖啡"]), ["Mugs"], ["brand"])
    made["attributes"]["roast"] = {"label": "Roast degree", "examples": ["dark", "light"]}
    assert changes(raw, made) == [
        Change("attribute_added", relation="colour"),
        Change("attribute_changed", "", "roast", "label", "Roast", "Roast degree"),
        Change("order", "Kettles", before="brand, power", after="power, brand, colour"),
        Change("category_renamed", "Coffee & tea", before="Coffee, 咖啡", after="Coffee & tea, 咖啡"),
        Change("category_added", "Mugs", after="brand"),
        Change("order", "", "", "categories", "Coffee; Kettles", "Kettles; Coffee & tea; Mugs"),
    ]
    assert removed_relations(made, raw) == ["colour"]
    assert "+    label: Roast degree" in lines(write(raw), write(made))
