"""What may never be merged, however alike it looks: different trade item numbers, sizes, packs and, where it matters,
colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from core.extract.normalise import normalise
from core.graph.resolve.records import Profile, Record

SAME, SAME_ROUNDED = 0.01, 0.03
"""How far two amounts may be apart to count as one, relative to the larger: with equal units, and where one is imperial
and rounded (a 1.5 m cable is sold as 5 ft)."""


class Conflict(StrEnum):
    """Why two records are kept apart."""

    GTIN = "gtin"
    SIZE = "size"
    PACK = "pack"
    COLOR = "color"


@dataclass(frozen=True, slots=True)
class Rules:
    """``deciding`` are the names of attributes (folded, without separators) whose different values mean different
    products; ``color`` whether colours do."""

    deciding: frozenset[str] = frozenset(
        {
            "size",
            "packsize",
            "capacity",
            "volume",
            "netcontent",
            "netweight",
            "netquantity",
            "尺码",
            "规格",
            "容量",
            "净含量",
        }
    )
    color: bool = False
    colors: frozenset[str] = frozenset({"color", "colour", "颜色"})


def conflict(
    one: Record, other: Record, a: Profile, b: Profile, rules: Rules | None = None
) -> Conflict | None:
    """Why these two cannot be one thing; None where nothing forbids it. Symmetric, and None for a record and itself."""
    how = rules or Rules()
    if a.gtins and b.gtins and not a.gtins & b.gtins:
        return Conflict.GTIN
    if a.packs and b.packs and not a.packs & b.packs:
        return Conflict.PACK
    if any(differ(a.amounts[base], b.amounts[base]) for base in a.amounts.keys() & b.amounts.keys()):
        return Conflict.SIZE
    first, second = _named(one.attributes), _named(other.attributes)
    for name in first.keys() & second.keys():
        if name in how.deciding and _values_differ("size", first[name], second[name]):
            return Conflict.PACK if "pack" in name else Conflict.SIZE
        if how.color and name in how.colors and _values_differ("color", first[name], second[name]):
            return Conflict.COLOR
    return None


def differ(one: frozenset[tuple[float, bool]], other: frozenset[tuple[float, bool]]) -> bool:
    """Whether none of the amounts is among the others."""
    return not any(_near(x, y) for x, y in product(one, other))


def _near(x: tuple[float, bool], y: tuple[float, bool]) -> bool:
    allowed = SAME if x[1] == y[1] else SAME_ROUNDED
    return abs(x[0] - y[0]) <= allowed * max(abs(x[0]), abs(y[0]))


def _named(attributes: Mapping[str, str]) -> dict[str, str]:
    return {
        "".join(c for c in name.casefold() if c.isalnum()): value
        for name, value in attributes.items()
        if value.strip()
    }


def _values_differ(relation: str, one: str, other: str) -> bool:
    return normalise(relation, one).key != normalise(relation, other).key
