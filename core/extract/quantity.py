"""Quantities in product text: numbers with units, ranges, dimensions and pack counts, English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from core.extract.numbers import NUMBER, WORDS, parse_number, plain, show
from core.extract.units import bases, factor_between, further, known, units

__all__ = ["Quantity", "count_words", "parse", "parse_number", "units"]

_LARGER = {
    "ml": ("l", 1000.0), "g": ("kg", 1000.0), "mm": ("cm", 10.0), "Hz": ("GHz", 1e9), "cm²": ("m²", 10_000.0),
    "Wh": ("kWh", 1000.0),
}  # fmt: skip
_COUNT_WORDS = (
    "pack packs pk count ct piece pieces pcs pc pair pairs set sets bag bags sachet sachets capsule capsules "
    "pod pods tablet tablets sheet sheets roll rolls bottle bottles can cans box boxes unit units stick sticks "
    "片 支 个 只 件 包 袋 盒 瓶 罐 枚 粒 颗 条 双 对 套 张 卷 抽 入 组 块 杯"
)
_TIMES = r"\s*(?:[x×*✕]|by)\s*"
_PER = (
    r"(?:\s*(?:/|per|a|每)\s*(?:pack|package|box|carton|case|bag|set|bundle|roll|pad|each|盒|包|箱|袋|件)s?)"
)
_NUMERAL = r"[零〇一二两三四五六七八九十百千万半]+"
_LEADING = re.compile(r"^(?:approx\.?|approximately|about|up to|circa|ca\.?|约|大约|约为|净含量[:：]?)\s*")
_FAHRENHEIT = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:°\s*f|℉|fahrenheit|华氏度)")


@dataclass(frozen=True, slots=True)
class Quantity:
    """``values`` are amounts of ``base``, a base unit or ``count``; ``kind`` is ``quantity``, ``range`` (two values,
    ascending), ``dimensions`` (two or three) or ``count``. ``metric`` says whether the label gave metric units."""

    values: tuple[float, ...]
    base: str
    kind: str
    metric: bool = True

    @property
    def key(self) -> str:
        """Equal for equal amounts, whatever unit they were written in."""
        return f"{self._joined(1.0, '×', '–')} {self.base}"

    @property
    def label(self) -> str:
        """In the unit that gives handy figures."""
        if self.kind == "count":
            return f"{self._joined(1.0, '×', '–')} ct"
        unit, step = _LARGER.get(self.base, (self.base, 1.0))
        if self.kind != "dimensions" and any(value < step for value in self._rounded()):
            unit, step = self.base, 1.0
        return f"{self._joined(step, ' × ', '–')} {unit}"

    def in_unit(self, unit: str, digits: int | None = None) -> tuple[str, ...] | None:
        """The amounts as figures in that unit, with exactly ``digits`` decimals where they are given; None where the
        unit measures something else."""
        factor = 1.0 if unit in (self.base, "") else factor_between(self.base, unit)
        if factor is None:
            return None
        amounts = [value * factor for value in self.values]
        if digits is not None:
            return tuple(f"{amount:.{digits}f}" for amount in amounts)
        return tuple(show(amount if self.metric else float(f"{amount:.3g}")) for amount in amounts)

    def _rounded(self) -> tuple[float, ...]:
        # 12 oz are 340.19 g, and the shop next door writes 340 g: three digits are all that imperial labels carry.
        return tuple(round(v, 6) if self.metric else float(f"{v:.3g}") for v in self.values)

    def _joined(self, step: float, times: str, to: str) -> str:
        mark = times if self.kind == "dimensions" else to
        return mark.join(show(value / step) for value in self._rounded())


@cache
def count_words() -> frozenset[str]:
    """Words that count what is in a pack."""
    return frozenset(_COUNT_WORDS.split())


@lru_cache(maxsize=65_536)
def parse(surface: str, relation: str = "", unit: str = "") -> Quantity | None:
    """Read a quantity, a range, dimensions or a pack count; None when the words are something else.

    ``relation`` settles what the words leave open: ounces of a capacity are fluid ounces. ``unit`` is the unit a
    schema expects: it lets units be read that are not in the table.
    """
    text = _LEADING.sub("", plain(surface))
    text = re.sub(r"(?<=[a-z])\.(?= |$|-)", "", text)
    return (
        _dimensions(text)
        or _measure(text, relation, unit)
        or _range(text, relation, unit)
        or (_count(text, relation) if _counts(relation) else None)
    )


def _counts(relation: str) -> bool:
    folded = relation.casefold()
    return relation == "" or any(word in folded for word in ("pack", "count", "content", "size", "quantity"))


def _measure(text: str, relation: str, unit: str) -> Quantity | None:
    if degrees := _FAHRENHEIT.fullmatch(text):
        return Quantity(((float(degrees[1]) - 32.0) / 1.8,), "°C", "quantity", metric=False)
    match = _measure_pattern().fullmatch(text)
    value = parse_number(match[1]) if match else None
    if match is None or value is None:
        return None
    found = _unit(match[2], relation, unit)
    return Quantity((value * found[1],), found[0], "quantity", found[2]) if found else None


def _range(text: str, relation: str, unit: str) -> Quantity | None:
    match = _range_pattern().fullmatch(text)
    if not match:
        return None
    low, high = parse_number(match[1]), parse_number(match[3])
    second = _unit(match[4], relation, unit)
    first = _unit(match[2], relation, unit) if match[2] else second
    if low is None or high is None or first is None or second is None or first[0] != second[0]:
        return None
    ends = sorted((low * first[1], high * second[1]))
    return Quantity(tuple(ends), second[0], "range", second[2]) if ends[0] < ends[1] else None


def _unit(written: str, relation: str, expected: str) -> tuple[str, float, bool] | None:
    name = written.replace(".", "").strip("- ")
    name = re.sub(r"^(?:fl ?ozs?|fluid ?ounces?)$", "floz", name)
    name = re.sub(r"(?:^|\s)(?:sq|square) ?(ft|feet|foot|in|inch|inches)$", r"sq\1", name)
    name = {"sqfeet": "sqft", "sqfoot": "sqft", "sqinch": "sqin", "sqinches": "sqin"}.get(name, name)
    if name in ("oz", "ounce", "ounces", "盎司") and (relation == "capacity" or _base(expected) == "ml"):
        name = "floz"
    if found := units().get(name) or further().get(name) or _spoken(name):
        return found
    if not expected or (name in count_words() and _base(expected) != "carat"):
        return None
    factor = factor_between(written.strip("- "), expected)
    entry = known(expected)
    scale, base = (entry[1], entry[0]) if entry else (1.0, expected)
    return (base, factor * scale, True) if factor else None


def _base(unit: str) -> str:
    entry = known(unit) if unit else None
    return entry[0] if entry else ""


def _spoken(name: str) -> tuple[str, float, bool] | None:
    base = next((base for base in bases() if base.casefold() == name), None)
    return (base, 1.0, True) if base else None


def _dimensions(text: str) -> Quantity | None:
    match = _dimensions_pattern().fullmatch(text)
    if not match:
        return None
    numbers = [parse_number(n) for n in (match[1], match[3], match[5]) if n]
    names = [match[2], match[4], match[6]][: len(numbers)]
    if names[-1] is None or any(n is None for n in numbers):
        return None
    found = [units()[name or names[-1]] for name in names]
    sizes = tuple(n * unit[1] for n, unit in zip(numbers, found, strict=True) if n is not None)
    return Quantity(sizes, "mm", "dimensions", found[-1][2])


def _count(text: str, relation: str) -> Quantity | None:
    patterns = _count_patterns()[: None if relation != "size" else -1]
    match = next((found for pattern in patterns if (found := pattern.fullmatch(text))), None)
    value = parse_number(match[1]) if match else None
    return Quantity((value,), "count", "count") if value else None


@cache
def _measure_pattern() -> re.Pattern[str]:
    return re.compile(rf"({NUMBER}|{_NUMERAL})\s*-?\s*([^\d\s-](?:[^\d]*?[^\s\d-])?[23²³]?|\")")


@cache
def _range_pattern() -> re.Pattern[str]:
    unit = r"[^\d\s-](?:[^\d-]*[^\d\s-])?[23²³]?"
    return re.compile(
        rf"({NUMBER}|{_NUMERAL})\s*({unit})?\s*(?:-|to|至|到|/)\s*({NUMBER}|{_NUMERAL})\s*-?\s*({unit})"
    )


@cache
def _dimensions_pattern() -> re.Pattern[str]:
    unit = _any_of(name for name, (base, _, _) in units().items() if base == "mm")
    part = rf"(?:[lwhd][:\s]*)?({NUMBER})\s*-?\s*({unit})?\s*(?:[lwhd](?![a-z])\s*)?"
    return re.compile(rf"{part}{_TIMES}{part}(?:{_TIMES}{part})?")


@cache
def _count_patterns() -> tuple[re.Pattern[str], ...]:
    """The last one is a bare number."""
    words = _any_of(count_words())
    number = rf"({NUMBER}|{_any_of(WORDS)}|[一二两三四五六七八九十百千双]+)"
    return (
        re.compile(rf"(?:a )?(?:{words}|value pack|bundle)\s+of\s+{number}"),
        re.compile(rf"{number}[\s-]*(?:{words})?{_PER}"),
        re.compile(rf"{number}[\s-]*(?:{words})(?:装)?"),
        re.compile(rf"{number}(?:装|入装)"),
        re.compile(r"x?(\d+)x?"),
    )


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))
