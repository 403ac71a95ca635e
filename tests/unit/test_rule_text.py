"""Rules as one line: what is understood, and what is said of what is not."""

from __future__ import annotations

import pytest

from core.errors import RuleError
from core.graph.rule_text import parse, rule_entry


def test_a_rule_is_understood_in_words_names_and_chinese() -> None:
    english = parse('If material is leather and used for is hiking, then suited to is "wet weather".')
    assert english["if"] == [
        {"relation": "material", "values": ["leather"]},
        {"relation": "usedFor", "values": ["hiking"]},
    ]
    assert english["then"] == {"relation": "suitedTo", "value": "wet weather"}
    assert rule_entry("if usedFor = hiking and material = leather then suitedTo is wet weather").target == (
        rule_entry(english["text"]).target
    )
    chinese = parse("如果材质是皮革或绒面革且容量 >= 1.5 l，则适合是“雨天”")
    assert [part["relation"] for part in chinese["if"]] == ["capacity", "material"]
    assert chinese["if"][1]["values"] == ["皮革", "绒面革"]


@pytest.mark.parametrize(
    "line",
    [
        "if material is leather then feature is tough",
        'if material is "salt and pepper" or steel and capacity <= 500 ml then style is "is it"',
        "if audience is any then netContent is 5",
    ],
)
def test_the_plain_form_means_the_same(line: str) -> None:
    once = parse(line)
    assert parse(once["text"]) == once


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("", "no rule"),
        ("material is leather then a is b", "begins with"),
        ("if material is leather", "no “then”"),
        ("if material then a is b", "no “is”"),
        ("if material is then a is b", "no “is”"),
        ("if is leather then a is b", "no “is”"),
        ("if capacity > big then a is b", "no amount"),
        ("if material is leather then capacity > 1 l", "comparison"),
        ("if material is leather then a is b or c", "One value"),
        ("if material is leather then material is leather", "says nothing"),
        ("if " + " and ".join(f"a{k} is b" for k in range(9)) + " then c is d", "more than 8"),
        ("if a is " + "b" * 600 + " then c is d", "longer"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_reason(line: str, what: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(line)
    assert what in caught.value.what
