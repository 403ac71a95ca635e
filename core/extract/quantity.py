"""Quantities in product text: numbers, units, dimensions and pack counts, English and Chinese.

A table of its own rather than a units library: shops write units no library knows (片, ct, fl oz beside oz), the
fold of the log calls this for every assertion, and a library takes longer to import than a page to draw.
Base units: ml, g, mm, W, mAh, V, GB, h, cm2.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

_METRIC: dict[str, tuple[str, float, str]] = {
    # base unit: spellings with their factor to it, "|" separated
    "volume": ("ml", 1, "ml mls millilitre millilitres milliliter milliliters 毫升 cc"),
    "volume_cl": ("ml", 10, "cl centilitre centilitres centiliter centiliters"),
    "volume_l": ("ml", 1000, "l ltr ltrs litre litres liter liters 升 公升"),
    "mass_mg": ("g", 0.001, "mg milligram milligrams 毫克"),
    "mass": ("g", 1, "g gr gram grams gramme grammes 克"),
    "mass_jin": ("g", 500, "斤 市斤"),
    "mass_kg": ("g", 1000, "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes 千克 公斤"),
    "length": ("mm", 1, "mm millimetre millimetres millimeter millimeters 毫米"),
    "length_cm": ("mm", 10, "cm cms centimetre centimetres centimeter centimeters 厘米 公分"),
    "length_m": ("mm", 1000, "m metre metres meter meters 米"),
    "power": ("W", 1, "w watt watts 瓦 瓦特"),
    "power_kw": ("W", 1000, "kw kilowatt kilowatts 千瓦"),
    "charge": ("mAh", 1, "mah 毫安 毫安时"),
    "voltage": ("V", 1, "v volt volts 伏 伏特"),
    "data_mb": ("GB", 0.001, "mb"),
    "data": ("GB", 1, "gb"),
    "data_tb": ("GB", 1000, "tb"),
    "time_min": ("h", 1 / 60, "min mins minute minutes 分钟"),
    "time": ("h", 1, "h hr hrs hour hours 小时"),
    "weave": ("gsm", 1, "gsm"),
}
_IMPERIAL: dict[str, tuple[str, float, str]] = {
    "fl_oz": ("ml", 29.5735, "floz fluidounce fluidounces"),
    "cup": ("ml", 236.588, "cup cups"),
    "pint": ("ml", 473.176, "pt pint pints"),
    "quart": ("ml", 946.353, "qt quart quarts"),
    "gallon": ("ml", 3785.41, "gal gallon gallons"),
    "ounce": ("g", 28.3495, "oz ounce ounces 盎司"),
    "pound": ("g", 453.592, "lb lbs pound pounds 磅"),
    "inch": ("mm", 25.4, "in inch inches ″ 英寸 寸"),
    "foot": ("mm", 304.8, "ft foot feet 英尺"),
    "yard": ("mm", 914.4, "yd yard yards"),
}
_LARGER = {"ml": ("l", 1000.0), "g": ("kg", 1000.0), "mm": ("cm", 10.0)}
_COUNT_WORDS = (
    "pack packs pk count ct piece pieces pcs pc pair pairs set sets bag bags sachet sachets capsule capsules "
    "pod pods tablet tablets sheet sheets roll rolls bottle bottles can cans box boxes unit units stick sticks "
    "片 支 个 只 件 包 袋 盒 瓶 罐 枚 粒 颗 条 双 对 套 张 卷 抽 入 组 块 杯"
)
_NUMBER = r"(?:\d+(?:[.,]\d+)*(?:\s*[½¼¾⅓⅔⅛]|\s+\d/\d+)?|[½¼¾⅓⅔⅛]|\d/\d+)"
_TIMES = r"\s*(?:[x×*✕]|by)\s*"
_FRACTIONS = {c: unicodedata.numeric(c) for c in "½¼¾⅓⅔⅛"}
_CHINESE = {c: i for i, c in enumerate("零一二三四五六七八九十")} | {"两": 2, "半": 0.5, "双": 2}
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "a": 1, "single": 1, "twin": 2, "double": 2, "dozen": 12, "half": 0.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """``value`` in ``unit`` (a base unit, ``count``, or ``×``-joined dimensions in mm)."""

    key: str
    label: str
    kind: str


@cache
def units() -> dict[str, tuple[str, float, bool]]:
    """Spelling → (base unit, factor to it, whether it is metric)."""
    table = {
        name: (base, factor, source is _METRIC)
        for source in (_METRIC, _IMPERIAL)
        for base, factor, names in source.values()
        for name in names.split()
    }
    return table | {"fl oz": table["floz"], "fluid ounce": table["floz"], '"': table["in"]}


@cache
def count_words() -> frozenset[str]:
    """Words that count what is in a pack."""
    return frozenset(_COUNT_WORDS.split())


def parse_number(text: str) -> float | None:
    """ "1,5" → 1.5, "1,000" → 1000, "1½" → 1.5, "3/4" → 0.75, "两" → 2; None when it is not a number."""
    text = text.strip()
    if text.casefold() in _WORDS:
        return float(_WORDS[text.casefold()])
    if text in _CHINESE:
        return float(_CHINESE[text])
    if re.fullmatch(r"\d+\s+\d/\d+", text):
        whole, part = text.split()
        return float(whole) + (parse_number(part) or 0.0)
    if re.fullmatch(r"\d/\d+", text):
        top, bottom = text.split("/")
        return float(top) / float(bottom) if float(bottom) else None
    if text and text[-1] in _FRACTIONS:
        whole = text[:-1].strip()
        return _FRACTIONS[text[-1]] + (float(whole) if whole.isdecimal() else 0.0)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"\d+,\d+", text):
        text = text.replace(",", ".")
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


@lru_cache(maxsize=65_536)
def parse(surface: str, relation: str = "") -> Quantity | None:
    """Read a quantity, its dimensions or a pack count; None when the words are something else.

    ``relation`` settles what the words leave open: ounces of a capacity are fluid ounces.
    """
    text = " ".join(surface.replace("″", '"').replace("''", '"').casefold().split())
    text = re.sub(
        r"(?<=[a-z])\.(?= |$)", "", re.sub(r"^(?:approx\.?|about|ca\.?|约|净含量[:：]?)\s*", "", text)
    )
    return _dimensions(text) or _measure(text, relation) or (_count(text) if _counts(relation) else None)


def _counts(relation: str) -> bool:
    folded = relation.casefold()
    return relation == "" or any(word in folded for word in ("pack", "count", "content", "size", "quantity"))


def _measure(text: str, relation: str) -> Quantity | None:
    match = re.fullmatch(
        rf"({_NUMBER}|[一二两三四五六七八九十半])\s*-?\s*(fl\.? ?oz|fluid ounces?|\D+?)", text
    )
    if not match:
        return None
    name = match[2].replace(".", "").strip("- ").replace("fl oz", "floz").replace("fluid ounce", "floz")
    name = "floz" if name in ("floz", "flozs") else name
    if name == "oz" and relation == "capacity":
        name = "floz"
    found, value = units().get(name), parse_number(match[1])
    if found is None or value is None:
        return None
    base, factor, metric = found
    return _quantity(value * factor, base, metric)


def _dimensions(text: str) -> Quantity | None:
    match = _dimensions_pattern().fullmatch(text)
    if not match:
        return None
    numbers = [parse_number(n) for n in (match[1], match[3], match[5]) if n]
    names = [match[2], match[4], match[6]][: len(numbers)]
    if names[-1] is None or any(n is None for n in numbers):
        return None
    factors = [units()[name or names[-1]] for name in names]
    sizes = [
        _rounded(n * factor, metric)
        for n, (_, factor, metric) in zip(numbers, factors, strict=True)
        if n is not None
    ]
    return Quantity(
        "×".join(_show(s) for s in sizes) + " mm",
        " × ".join(_show(s / 10) for s in sizes) + " cm",
        "dimensions",
    )


def _count(text: str) -> Quantity | None:
    match = next((found for pattern in _count_patterns() if (found := pattern.fullmatch(text))), None)
    value = parse_number(match[1]) if match else None
    return Quantity(f"{_show(value)} count", f"{_show(value)} ct", "count") if value else None


@cache
def _dimensions_pattern() -> re.Pattern[str]:
    unit = _any_of(name for name, (base, _, _) in units().items() if base == "mm")
    part = rf"({_NUMBER})\s*-?\s*({unit})?"
    return re.compile(rf"{part}{_TIMES}{part}(?:{_TIMES}{part})?")


@cache
def _count_patterns() -> tuple[re.Pattern[str], ...]:
    words = _any_of(count_words())
    number = rf"({_NUMBER}|{_any_of(_WORDS)}|[一二两三四五六七八九十双])"
    return (
        re.compile(rf"(?:a )?(?:{words}|value pack|bundle)\s+of\s+{number}"),
        re.compile(rf"{number}[\s-]*(?:{words})(?:装)?"),
        re.compile(rf"{number}(?:装|入装)"),
        re.compile(r"x?(\d+)x?"),
    )


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))


def _quantity(value: float, base: str, metric: bool) -> Quantity:
    value = _rounded(value, metric)
    larger, step = _LARGER.get(base, (base, 1.0))
    shown = f"{_show(value / step)} {larger}" if value >= step else f"{_show(value)} {base}"
    return Quantity(f"{_show(value)} {base}", shown, "quantity")


def _rounded(value: float, metric: bool) -> float:
    # 12 oz are 340.19 g, and the shop next door writes 340 g: three digits are all that imperial labels carry.
    return round(value, 6) if metric else float(f"{value:.3g}")


def _show(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
