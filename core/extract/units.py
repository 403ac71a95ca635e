"""Units as shops write them, and what they are in a base unit.

The table comes first because spellings of the trade mean something else to a units library: pint reads "dpi" as dry
pints, "ct" as carats and "fl oz" as femtolitre ounces. Its factors are pint's (a test compares them), and what it
lacks is looked up in pint, but only where a schema says which unit is expected: then a reading of the wrong dimension
is refused. pint is imported when that first happens, since it takes longer to load than a page to draw.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

Entry = tuple[str, float, bool]
"""Base unit, factor to it, and whether the unit is metric."""

_METRIC: dict[str, tuple[str, float, str]] = {
    # pint's name: base unit, factor to it, spellings
    "milliliter": ("ml", 1, "ml mls millilitre millilitres milliliter milliliters 毫升 cc"),
    "centiliter": ("ml", 10, "cl centilitre centilitres centiliter centiliters"),
    "liter": ("ml", 1000, "l ltr ltrs litre litres liter liters 升 公升"),
    "milligram": ("g", 0.001, "mg milligram milligrams 毫克"),
    "gram": ("g", 1, "g gr gram grams gramme grammes 克"),
    "500 gram": ("g", 500, "斤 市斤"),
    "kilogram": ("g", 1000, "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes 千克 公斤"),
    "millimeter": ("mm", 1, "mm millimetre millimetres millimeter millimeters 毫米"),
    "centimeter": ("mm", 10, "cm cms centimetre centimetres centimeter centimeters 厘米 公分"),
    "meter": ("mm", 1000, "m metre metres meter meters 米"),
    "watt": ("W", 1, "w watt watts 瓦 瓦特"),
    "kilowatt": ("W", 1000, "kw kilowatt kilowatts 千瓦"),
    "milliampere_hour": ("mAh", 1, "mah 毫安 毫安时"),
    "volt": ("V", 1, "v volt volts 伏 伏特"),
    "megabyte": ("GB", 0.001, "mb"),
    "gigabyte": ("GB", 1, "gb"),
    "terabyte": ("GB", 1000, "tb"),
    "minute": ("h", 1 / 60, "min mins minute minutes 分钟"),
    "hour": ("h", 1, "h hr hrs hour hours 小时"),
    "gram / meter ** 2": ("gsm", 1, "gsm"),
}
_IMPERIAL: dict[str, tuple[str, float, str]] = {
    "fluid_ounce": ("ml", 29.5735295625, "floz fluidounce fluidounces"),
    "cup": ("ml", 236.5882365, "cup cups"),
    "pint": ("ml", 473.176473, "pt pint pints"),
    "quart": ("ml", 946.352946, "qt quart quarts"),
    "gallon": ("ml", 3785.411784, "gal gallon gallons"),
    "ounce": ("g", 28.349523125, "oz ounce ounces 盎司"),
    "pound": ("g", 453.59237, "lb lbs pound pounds 磅"),
    "inch": ("mm", 25.4, "in inch inches ″ 英寸 寸"),
    "foot": ("mm", 304.8, "ft foot feet 英尺"),
    "yard": ("mm", 914.4, "yd yard yards"),
}
_FURTHER: dict[str, tuple[str, float, str]] = {
    "microliter": ("ml", 0.001, "µl μl ul 微升"),
    "meter ** 3": ("ml", 1_000_000, "m3 立方米"),
    "microgram": ("g", 0.000001, "µg μg ug mcg 微克"),
    "50 gram": ("g", 50, "两"),
    "metric_ton": ("g", 1_000_000, "t tonne tonnes 吨"),
    "micrometer": ("mm", 0.001, "µm μm um micron microns 微米"),
    "kilometer": ("mm", 1_000_000, "km kilometre kilometres kilometer kilometers 公里 千米"),
    "milliwatt": ("W", 0.001, "mw"),
    "horsepower": ("W", 745.6998715822702, "hp horsepower 马力"),
    "ampere_hour": ("mAh", 1000, "ah 安时"),
    "kilovolt": ("V", 1000, "kv 千伏"),
    "millivolt": ("V", 0.001, "mv"),
    "kilobyte": ("GB", 0.000001, "kb kilobyte kilobytes"),
    "1 megabyte": ("GB", 0.001, "megabyte megabytes"),
    "1 gigabyte": ("GB", 1, "gigabyte gigabytes"),
    "1 terabyte": ("GB", 1000, "terabyte terabytes"),
    "second": ("h", 1 / 3600, "s sec secs second seconds 秒"),
    "day": ("h", 24, "d day days 天"),
    "week": ("h", 168, "wk week weeks 周"),
    "1 gram / meter ** 2": ("gsm", 1, "g/m2 g/m² 克/平方米"),
    "ampere": ("A", 1, "a amp amps ampere amperes 安 安培"),
    "milliampere": ("A", 0.001, "ma"),
    "hertz": ("Hz", 1, "hz hertz 赫兹"),
    "kilohertz": ("Hz", 1_000, "khz 千赫"),
    "megahertz": ("Hz", 1_000_000, "mhz 兆赫"),
    "gigahertz": ("Hz", 1_000_000_000, "ghz 吉赫"),
    "watt_hour": ("Wh", 1, "wh"),
    "kilowatt_hour": ("Wh", 1000, "kwh 千瓦时 度"),
    "bar": ("bar", 1, "bar bars 巴"),
    "kilopascal": ("bar", 0.01, "kpa 千帕"),
    "megapascal": ("bar", 10, "mpa 兆帕"),
    "pound_force_per_square_inch": ("bar", 0.06894757293168362, "psi"),
    "centimeter ** 2": ("cm²", 1, "cm2 cm² 平方厘米"),
    "millimeter ** 2": ("cm²", 0.01, "mm2 mm² 平方毫米"),
    "meter ** 2": ("cm²", 10_000, "m2 m² sqm 平方米 平米"),
    "revolutions_per_minute": ("rpm", 1, "rpm r/min 转 转/分"),
    "lumen": ("lm", 1, "lm lumen lumens 流明"),
    "1 / inch": ("dpi", 1, "dpi"),
    "carat": ("carat", 1, "carat carats ctw cttw 克拉"),
    "dimensionless": ("karat", 1, "kt karat karats"),
    "year": ("year", 1, "yr yrs year years 年 岁 周岁"),
    "month": ("year", 1 / 12, "mo month months 个月 月"),
    "decibel": ("dB", 1, "db decibel decibels 分贝"),
    "percent": ("%", 1, "% percent pct 百分比"),
    "megabit / second": ("Mbit/s", 1, "mbps mbit/s 兆"),
    "gigabit / second": ("Mbit/s", 1000, "gbps gbit/s"),
    "degree_Celsius": ("°C", 1, "°c ℃ celsius 摄氏度"),
}
_FURTHER_IMPERIAL: dict[str, tuple[str, float, str]] = {
    "1 foot": ("mm", 304.8, "' ′"),
    "mile": ("mm", 1_609_344, "mile miles 英里"),
    "foot ** 2": ("cm²", 929.0304, "sqft ft2 ft² 平方英尺"),
    "inch ** 2": ("cm²", 6.4516, "sqin in2 in² 平方英寸"),
    "stone": ("g", 6350.29318, "stone"),
}
_USUAL = "l kg cm m kW TB MB kWh MHz GHz in ft yd oz lb psi month day"
_LONGEST = 24
_PLAIN = re.compile(r"[^\W\d_]+(?:_[^\W\d_]+)*(?: ?[/*] ?[^\W\d_]+(?:_[^\W\d_]+)*)*")


class Told(NamedTuple):
    """One unit for tests and lists: pint's name of it, its base unit, and its factor to that."""

    pint: str
    base: str
    factor: float


@cache
def units() -> dict[str, Entry]:
    """Spellings that mean a unit wherever they stand after a number in running text."""
    table = _entries(_METRIC, metric=True) | _entries(_IMPERIAL, metric=False)
    return table | {"fl oz": table["floz"], "fluid ounce": table["floz"], '"': table["in"]}


@cache
def further() -> dict[str, Entry]:
    """Spellings that are units in a value that is nothing else; in running text most of them are other words."""
    return _entries(_FURTHER, metric=True) | _entries(_FURTHER_IMPERIAL, metric=False)


@cache
def table() -> tuple[Told, ...]:
    """Every unit of the tables once."""
    listed = (_METRIC, _IMPERIAL, _FURTHER, _FURTHER_IMPERIAL)
    return tuple(Told(name, base, factor) for source in listed for name, (base, factor, _) in source.items())


@cache
def bases() -> tuple[str, ...]:
    """The base units, in alphabetical order."""
    return tuple(sorted({told.base for told in table()}))


@cache
def symbols() -> tuple[str, ...]:
    """What a schema may be offered as the unit of an attribute: base units, and others that are usual on labels."""
    return tuple(sorted({*bases(), *_USUAL.split()}, key=str.casefold))


def known(name: str) -> Entry | None:
    """A unit of the table by any spelling; None for others."""
    folded = name.strip().casefold().replace(".", "")
    base = next((base for base in bases() if base.casefold() == folded), None)
    if base is not None:
        return base, 1.0, True
    return units().get(folded) or further().get(folded)


def is_unit(name: str) -> bool:
    """Whether a schema may name it: a unit of the table, or one that pint knows."""
    return known(name) is not None or _named(name) is not None


def factor_between(name: str, expected: str) -> float | None:
    """How many ``expected`` one ``name`` is; None where they do not measure the same thing, or are no units.

    >>> factor_between("kg", "g")
    1000.0
    """
    one, other = known(name), known(expected)
    if one and other:
        return one[1] / other[1] if one[0] == other[0] else None
    left = _registry().Quantity(_pint_name(one)) if one else _named(name)
    right = _registry().Quantity(_pint_name(other)) if other else _named(expected)
    if left is None or right is None or left.dimensionality != right.dimensionality:
        return None
    return float(left.to(right.units).magnitude) / float(right.magnitude)


def _pint_name(entry: Entry) -> str:
    return next(told.pint for told in table() if (told.base, told.factor) == entry[:2])


@cache
def _named(name: str) -> Any:
    """One of that unit in pint, None for what it does not know or what has an offset. Only plain names, products and
    quotients are asked for: an expression such as 9**9**9 would never end."""
    if len(name) > _LONGEST or not _PLAIN.fullmatch(name):
        return None
    import pint

    try:
        found = _registry().Quantity(1.0, name)
    except (pint.errors.PintError, AttributeError, TypeError, ValueError, AssertionError):
        return None
    linear = _registry().Quantity(0.0, name).to_root_units().magnitude == 0.0
    return found if linear and not found.dimensionless else None


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry()


def _entries(source: dict[str, tuple[str, float, str]], *, metric: bool) -> dict[str, Entry]:
    return {name: (base, factor, metric) for base, factor, names in source.values() for name in names.split()}
