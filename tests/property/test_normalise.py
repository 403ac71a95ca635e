"""Normalisation is total, stable, and blind to how a shop happens to write."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.extract import codes, units
from core.extract.normal_rules import Rule
from core.extract.normalise import RULES, normalise
from core.extract.numbers import parse_number
from core.extract.quantity import parse
from core.ontology import RELATIONS

relations = st.sampled_from(
    [*sorted(RELATIONS), "price", "upc", "releaseDate", "pageYield", "resolution", "width"]
)
PIECES = [
    "12", "1.5", "1,299.00", "½", "3/4", "１２", "一百二十", "半", " ", "-", "–", "×", " x ", "ml", "kg", "″", '"',
    "cm", "片", "oz", "€", "¥", "$", "navy", "midnight ", "XL", "均码", "EU 42", "K", "4K", "Ltd.", "有限公司", "(HP)",
    "yes", "2024年3月",
    "9780306406157", "\x00", "\u200f", "\u0301", "עב", "م", "👩‍👩‍👧", "\ufeff", "%", "°F", "/", "per pack",
]  # fmt: skip
words = st.text(min_size=1, max_size=40) | st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(
    "".join
)
shop_words = words.filter(str.strip)
rules = st.builds(
    Rule,
    kind=st.sampled_from(["text", "quantity", "count", "number", "price", "date", "gtin"]),
    unit=st.sampled_from(["", "cm", "l", "lb", "mm"]),
    assume=st.sampled_from(["", "in"]),
    several=st.sampled_from(["", "largest", "sum"]),
    digits=st.sampled_from([None, 0, 2]),
    show=st.sampled_from(["", "figure"]),
    expand=st.sampled_from([{}, {"HP": "Hewlett-Packard", "K": "Kilo"}]),
    categories=st.sampled_from([{}, {"Blue": ("navy",), "Red": ()}]),
    otherwise=st.sampled_from(["", "Other"]),
    keep=st.sampled_from(["", "letters", "digits"]),
    part=st.sampled_from([(), (2, 6)]),
    case=st.sampled_from(["", "upper"]),
)


@given(relations, shop_words)
def test_every_value_has_a_key_that_does_not_depend_on_case_or_outer_space(relation: str, words: str) -> None:
    value = normalise(relation, words)
    assert value.key
    assert value.label
    assert value.rule in RULES
    assert normalise(relation, f"  {words} ").key == value.key


@given(relations, shop_words)
def test_what_is_shown_of_a_value_is_that_value(relation: str, words: str) -> None:
    value = normalise(relation, words)
    assert normalise(relation, value.label).key == value.key


@settings(deadline=None)
@given(relations, shop_words, rules)
def test_no_rule_of_a_schema_leaves_words_without_a_value(relation: str, words: str, rule: Rule) -> None:
    value = normalise(relation, words, rule)
    assert value.key
    assert value.label
    assert value.rule in RULES
    assert Rule.from_json(rule.to_json()) == rule


def test_the_factors_of_the_table_are_those_of_pint() -> None:
    import pint

    registry = pint.UnitRegistry()
    told = units.table()
    for unit in told:
        base = registry.Quantity(
            next(other.pint for other in told if other.base == unit.base and other.factor == 1)
        )
        factor = registry.Quantity(unit.pint).to(base.units).magnitude / base.magnitude
        assert unit.factor == pytest.approx(factor, rel=1e-12), unit


@given(st.data())
def test_conversions_commute(data: st.DataObject) -> None:
    base = data.draw(st.sampled_from(["ml", "g", "mm", "GB", "h", "cm²", "Hz"]))
    alike = [name for name, entry in (units.units() | units.further()).items() if entry[0] == base]
    one, two, three = (data.draw(st.sampled_from(alike)) for _ in range(3))
    there, on, direct = (units.factor_between(*pair) for pair in ((one, two), (two, three), (one, three)))
    assert there is not None
    assert on is not None
    assert there * on == pytest.approx(direct)


@pytest.mark.parametrize(
    ("name", "unit", "factor"),
    [("lx", "lux", 1.0), ("hectare", "m2", 10_000.0), ("kPa", "psi", 0.145038), ("km/h", "m/s", 0.277778)],
)
def test_units_beyond_the_table_are_pints(name: str, unit: str, factor: float) -> None:
    assert units.factor_between(name, unit) == pytest.approx(factor, rel=1e-5)


@pytest.mark.parametrize(("name", "unit"), [("dpi", "l"), ("blorp", "m"), ("degF", "degC"), ("9**9**9", "m")])
def test_what_does_not_measure_the_same_is_not_converted(name: str, unit: str) -> None:
    assert units.factor_between(name, unit) is None


def test_a_pack_is_no_weight_in_carats() -> None:
    assert parse("44 ct", "weight", "g") is None
    assert parse("0.5 ct", "stoneWeight", "carat") is not None


@given(st.integers(0, 10**9 - 1), st.integers(0, 99))
def test_thousands_may_be_grouped_in_any_way(whole: int, cents: int) -> None:
    written = f"{whole:,}.{cents:02}"
    value = whole + cents / 100
    for thousands, decimal in ((",", "."), (".", ","), (" ", ","), ("'", "."), ("\u202f", ",")):
        if whole >= 1000 or decimal == ".":
            grouped = written.replace(",", "~").replace(".", decimal).replace("~", thousands)
            assert parse_number(grouped) == pytest.approx(value)


@given(st.integers(1, 99_999_999))
def test_chinese_numerals_are_numbers(number: int) -> None:
    assert parse_number(chinese(number)) == number


def chinese(number: int) -> str:
    """The numeral as it is written out in full."""
    if number >= 10_000:
        rest = number % 10_000
        return (
            f"{chinese(number // 10_000)}万{'零' if 0 < rest < 1_000 else ''}{chinese(rest) if rest else ''}"
        )
    signs, last = "", 4
    for place, step in ((3, "千"), (2, "百"), (1, "十"), (0, "")):
        if digit := number // 10**place % 10:
            signs += ("零" if signs and last - place > 1 else "") + "零一二三四五六七八九"[digit] + step
            last = place
    return signs


@given(st.integers(0, 10**13 - 1), st.integers(0, 9))
def test_a_trade_number_is_valid_with_one_check_digit_only(body: int, digit: int) -> None:
    right = next(end for end in range(10) if codes.gtin(f"{body or 1:013}{end}"))
    written = f"{body or 1:013}{digit}"
    value = normalise("gtin", written)
    assert (value.rule == "gtin") == (digit == right)
    assert value.label == written


@given(st.lists(st.floats(0.01, 9_999), min_size=2, max_size=2, unique=True))
def test_a_range_has_its_ends_in_order(ends: list[float]) -> None:
    found = parse(f"{ends[0]:.2f} - {ends[1]:.2f} kg", "weight")
    assert found is None or all(low < high for low, high in pairwise(found.values))


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
        (
            "size",
            ["22 × 19 × 7 cm", "22x19x7cm", "220 x 190 x 70 mm", "22 cm x 19 cm x 7 cm", "L22 x W19 x H7 cm"],
        ),
        ("size", ["10 inch", '10"', "10-inch", "25.4 cm"]),
        ("packSize", ["pack of 6", "6-pack", "six pack", "6 pieces", "6片", "6片装", "set of 6"]),
        ("packSize", ["twin pack", "pack of two", "两支装"]),
        ("power", ["1.5 kW", "1500W", "1500瓦"]),
        ("color", ["Grey", "gray", "GREY ", "灰色"]),
        ("color", ["navy", "Navy Blue", "Midnight Navy", "藏青色", "藏蓝"]),
        ("price", ["1,299.00 €", "€1.299,00", "1 299,00 EUR", "EUR 1299", "1.299 €"]),
        ("price", ["¥1,299", "￥1299.00", "1299元", "RMB 1299", "1,299 元"]),
        ("price", ["$5", "US$ 5.00", "5 USD"]),
        ("upc", ["885170049741", "UPC: 885170049741", "0885170049741", "8-85170-04974-1"]),
        ("isbn", ["0-306-40615-2", "978-0-306-40615-7", "ISBN 0306406152"]),
        ("size", ["XXL", "2XL", "XX-Large", "xx large".replace(" ", "-")]),
        ("size", ["one size", "One Size Fits All", "均码", "Free Size"]),
        ("size", ["EU 42", "42 EU", "eu42"]),
        ("pageYield", ["25K", "25,000 pages", "25000", "2.5万页"]),
        ("storage", ["1TB", "1000 GB", "1 tb"]),
        ("resolution", ["1920x1080", "1920 × 1080 px", "1080p", "Full HD"]),
        ("screenSize", ['15.6"', "15.6 inch", "15.6英寸", "15.6''"]),
        ("ageRange", ["10-12 years", "10 to 12 yrs", "10–12岁", "10岁至12岁"]),
        ("weight", ["5-8 kg", "5 – 8kg", "5000g-8000g", "5至8公斤"]),
        ("weight", ["250 g", "２５０ｇ", "二百五十克"]),
        ("humidity", ["95%", "95 percent", "95 ％"]),
        ("releaseDate", ["2024-03-05", "5 March 2024", "March 5, 2024", "2024年3月5日", "2024/3/5"]),
        ("dishwasherSafe", ["yes", "True", "是"]),
        ("brand", ["HP", "Hewlett-Packard", "Hewlett Packard Inc.", "惠普"]),
        ("brand", ["P&G", "Procter and Gamble", "Procter & Gamble Co.", "宝洁"]),
        ("brand", ["Nestlé", "Nestle", "Nestlé S.A.", "雀巢"]),
        ("brand", ["Acme", "Acme Co., Ltd.", "ACME GmbH & Co. KG", "Acme (Germany)"]),
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
        ("color", "dark red", "red"),
        ("color", "black and white", "white"),
        ("brand", "HP", "HPE"),
        ("price", "5 USD", "5 EUR"),
        ("size", "EU 42", "US 42"),
        ("weight", "5-8 kg", "8 kg"),
    ],
)
def test_different_things_stay_apart(relation: str, one: str, other: str) -> None:
    assert normalise(relation, one).key != normalise(relation, other).key


@pytest.mark.parametrize(
    ("rule", "words", "label"),
    [
        (Rule.of("quantity", "cm"), "300 mm", "30 cm"),
        (Rule.of("quantity", "cm", {"assume": "in", "digits": 1, "show": "figure"}), "8 1/2", "21.6"),
        (Rule.of("quantity", "cm", {"several": "largest", "digits": 1}), "18-24 in", "61.0 cm"),
        (Rule.of("quantity", "l"), "12 fl oz", "0.355 l"),
        (Rule.of("quantity", "lux"), "500 lx", "500 lux"),
        (Rule.of("number", "", {"show": "figure"}), "Quad-core", "4"),
        (
            Rule.of("count", "", {"several": "sum", "show": "figure"}),
            "2-port internal, 4 ports external",
            "6",
        ),
        (Rule.of("text", "", {"expand": {"GB": "Gigabytes", "G": "Generation"}}), "146-GB", "146 Gigabytes"),
        (Rule.of("text", "", {"expand": {"G": "Generation"}}), "G1-G7", "Generation 1-Generation 7"),
        (Rule.of("text", "", {"keep": "letters", "case": "upper"}), "14-3c24.x", "143C24X"),
        (Rule.of("text", "", {"part": [2, 6]}), "885170049741", "85170"),
        (Rule.of("text", "", {"categories": {"Blue": ["navy"], "Red": []}}), "deep red", "Red"),
        (
            Rule.of("text", "", {"categories": {"Blue": ["navy"], "Red": []}, "many": "Mixed"}),
            "red, navy",
            "Red",
        ),
        (Rule.of("text", "", {"categories": {"Red": [], "Blue": []}, "otherwise": "Other"}), "mint", "Other"),
    ],
)
def test_a_schema_says_what_its_values_become(rule: Rule, words: str, label: str) -> None:
    assert normalise("width", words, rule).label == label
