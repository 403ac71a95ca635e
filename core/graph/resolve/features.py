"""What is compared of a pair of records, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.graph.resolve.constraints import differ
from core.graph.resolve.records import Profile, Record, words_of
from core.graph.resolve.space import Floats, Side, cosines

GROUPS: dict[str, tuple[str, ...]] = {
    "words": ("word_cosine", "shared_rarity", "contained", "rarest_shared", "left_out_max", "left_out_min",
    "same_title"), "letters": ("letter_cosine", "sequence"),
    "meaning": ("meaning_cosine",),
    "code": ("code_equal", "code_part", "code_found", "code_against", "code_likeness", "gtin_equal"),
    "numbers": ("numbers_shared", "numbers_alone_max", "numbers_alone_min", "amounts_shared", "amounts_against"),
    "brand": ("brand_equal", "brand_named", "brand_share", "brand_against"),
    "price": ("price_ratio", "price_known"),
    "description": ("text_cosine", "title_in_text", "cross_cosine"),
    "standing": (
        "row_gap_words", "row_gap_letters", "row_gap_shared", "row_gap_code", "row_gap_text", "row_gap_price",
        "column_gap_words", "column_gap_letters", "column_gap_shared", "row_rank", "column_rank", "mutual",
    ),
}  # fmt: skip
"""The names of all features by what they are about; the bars of the evidence are these groups."""
NAMES: tuple[str, ...] = tuple(name for names in GROUPS.values() for name in names)
GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}
Rows = NDArray[np.int64]
_SHORTEST_PART = 4
_WORST_RANK = 10
_PART = 65_536


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of positions, int64[pairs] each. ``row_groups`` says which pairs compete for a left record,
    ``column_groups`` which do for a right one: a record may have one partner in each other catalogue."""

    rows: Rows
    columns: Rows
    row_groups: Rows
    column_groups: Rows

    @staticmethod
    def of(rows: Rows, columns: Rows) -> Pairs:
        """Pairs of two catalogues: all pairs of a record compete."""
        return Pairs(rows, columns, rows, columns)

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, kept: NDArray[np.bool_]) -> Pairs:
        """Those where ``kept`` is true."""
        return Pairs(self.rows[kept], self.columns[kept], self.row_groups[kept], self.column_groups[kept])


def features(
    records: tuple[Sequence[Record], Sequence[Record]], spaces: tuple[Side, Side], pairs: Pairs
) -> Floats:
    """float32[pairs, features] in the order of ``NAMES``. A missing price, brand or description is 0 in all that speak
    of it; without sentence vectors their cosine is NaN, which a matcher takes for an average one."""
    left, right = spaces
    rows, columns = pairs.rows, pairs.columns
    table = np.zeros((len(rows), len(NAMES)), np.float32)
    at = {name: place for place, name in enumerate(NAMES)}

    def put(name: str, values: Floats) -> None:
        table[:, at[name]] = values

    put("word_cosine", cosines(left.words, right.words, rows, columns))
    put("letter_cosine", cosines(left.letters, right.letters, rows, columns))
    put("text_cosine", cosines(left.text, right.text, rows, columns))
    put(
        "cross_cosine",
        np.maximum(
            cosines(left.text, right.words, rows, columns), cosines(left.words, right.text, rows, columns)
        ),
    )
    if left.meaning is not None and right.meaning is not None:
        put("meaning_cosine", cosines(left.meaning, right.meaning, rows, columns))
    else:
        put("meaning_cosine", np.full(len(rows), np.nan, np.float32))
    _overlap(table, at, left, right, rows, columns)
    for place, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        found = _pair(records[0][row], records[1][column], left.profiles[row], right.profiles[column])
        for name, value in found.items():
            table[place, at[name]] = value
    return standing(table, pairs)


def _overlap(table: Floats, at: dict[str, int], left: Side, right: Side, rows: Rows, columns: Rows) -> None:
    """Words in common and words that only one has, weighed by their rarity."""
    for start in range(0, len(rows), _PART):
        part = slice(start, start + _PART)
        one, other = left.rarity[rows[part]], right.rarity[columns[part]]
        shared = one.minimum(other)
        common = np.asarray(shared.sum(1)).ravel()
        first, second = left.weight[rows[part]], right.weight[columns[part]]
        alone = [np.asarray((side - shared).max(1).todense()).ravel() for side in (one, other)]
        table[part, at["shared_rarity"]] = common / np.maximum(first + second - common, 1e-6)
        table[part, at["contained"]] = common / np.maximum(np.minimum(first, second), 1e-6)
        table[part, at["rarest_shared"]] = np.asarray(shared.max(1).todense()).ravel()
        table[part, at["left_out_max"]] = np.maximum(*alone)
        table[part, at["left_out_min"]] = np.minimum(*alone)


def _pair(one: Record, other: Record, a: Profile, b: Profile) -> dict[str, float]:
    found = {"same_title": float(sorted(a.words) == sorted(b.words) and bool(a.words))}
    found["sequence"] = _alike(" ".join(a.words), " ".join(b.words))
    found |= _codes(a, b) | _numbers(a, b) | _brand(a, b)
    if one.price and other.price:
        found["price_ratio"] = min(one.price, other.price) / max(one.price, other.price)
        found["price_known"] = 1.0
    inside = max(_inside(a.words, b.text), _inside(b.words, a.text))
    return {**found, "title_in_text": inside}


def _codes(a: Profile, b: Profile) -> dict[str, float]:
    equal = bool(a.codes & b.codes)
    part = any(_part(x, y) for x in a.codes for y in b.codes)
    named = any(len(code) >= _SHORTEST_PART and code in b.compact for code in a.codes) or any(
        len(code) >= _SHORTEST_PART and code in a.compact for code in b.codes
    )
    likeness = max((_alike(x, y) for x in a.codes for y in b.codes), default=0.0)
    return {
        "code_equal": float(equal),
        "code_part": float(part and not equal),
        "code_found": float(named),
        "code_against": float(bool(a.codes and b.codes) and not (equal or part or named)),
        "code_likeness": likeness,
        "gtin_equal": float(bool(a.gtins & b.gtins)),
    }


def _part(x: str, y: str) -> bool:
    return min(len(x), len(y)) >= _SHORTEST_PART and (x in y or y in x)


def _numbers(a: Profile, b: Profile) -> dict[str, float]:
    alone = (len(a.numbers - b.numbers), len(b.numbers - a.numbers))
    bases = a.amounts.keys() & b.amounts.keys()
    against = sum(differ(a.amounts[base], b.amounts[base]) for base in bases)
    return {
        "numbers_shared": float(len(a.numbers & b.numbers)),
        "numbers_alone_max": float(max(alone)),
        "numbers_alone_min": float(min(alone)),
        "amounts_shared": float(len(bases) - against),
        "amounts_against": float(against),
    }


def _brand(a: Profile, b: Profile) -> dict[str, float]:
    known = bool(a.brand and b.brand)
    equal = known and a.brand == b.brand
    named = (bool(a.brand) and _names(a.brand, b)) or (bool(b.brand) and _names(b.brand, a))
    first = bool(a.words and b.words) and a.words[0] == b.words[0]
    share = max(
        (_inside(words_of(x.brand), f"{y.title} {y.brand}") for x, y in ((a, b), (b, a)) if x.brand),
        default=0.0,
    )
    return {
        "brand_share": share,
        "brand_equal": float(equal),
        "brand_named": float(named or first),
        "brand_against": float(known and not equal and not named),
    }


def _names(brand: str, profile: Profile) -> bool:
    return brand in profile.title or (
        profile.brand != "" and (brand in profile.brand or profile.brand in brand)
    )


def _inside(words: Sequence[str], text: str) -> float:
    return sum(word in text for word in words) / len(words) if words else 0.0


@lru_cache(maxsize=262_144)
def _alike(x: str, y: str) -> float:
    """Ratcliff and Obershelp's share of matching characters, in [0, 1]."""
    return SequenceMatcher(None, x, y, autojunk=False).ratio()


def standing(table: Floats, pairs: Pairs) -> Floats:
    """The table with how each pair stands among all pairs of its left record, and of its right one, told anew."""
    table = table.copy()
    at = {name: place for place, name in enumerate(NAMES)}
    rows, columns = pairs.row_groups, pairs.column_groups
    names = {"words": "word_cosine", "letters": "letter_cosine", "shared": "shared_rarity"}
    total = np.zeros(len(rows), np.float32)
    for short, name in names.items():
        values = table[:, at[name]]
        total += values
        table[:, at[f"row_gap_{short}"]] = gap(values, rows)
        table[:, at[f"column_gap_{short}"]] = gap(values, columns)
    strongest = (
        table[:, at["code_equal"]] + 0.5 * table[:, at["code_found"]] + 0.25 * table[:, at["code_likeness"]]
    )
    table[:, at["row_gap_code"]] = gap(strongest, rows)
    table[:, at["row_gap_text"]] = gap(table[:, at["text_cosine"]], rows)
    table[:, at["row_gap_price"]] = gap(table[:, at["price_ratio"]], rows)
    total += strongest
    table[:, at["row_rank"]] = rank(total, rows)
    table[:, at["column_rank"]] = rank(total, columns)
    table[:, at["mutual"]] = (table[:, at["row_rank"]] == 0) & (table[:, at["column_rank"]] == 0)
    return table


def gap(values: Floats, groups: Rows) -> Floats:
    """The value less the best of the others in its group: positive for the one best."""
    if not len(values):
        return values
    groups = np.unique(groups, return_inverse=True)[1]
    size = int(groups.max()) + 1
    best = np.full(size, -np.inf, np.float32)
    np.maximum.at(best, groups, values)
    is_best = values == best[groups]
    ties = np.bincount(groups[is_best], minlength=size)
    second = np.full(size, -np.inf, np.float32)
    np.maximum.at(second, groups[~is_best], values[~is_best])
    rival = np.where(
        is_best & (ties[groups] == 1), np.where(np.isinf(second), 0.0, second)[groups], best[groups]
    )
    return np.asarray(values - rival, np.float32)


def rank(values: Floats, groups: Rows) -> Floats:
    """0 for the best of its group, 1 for the next …; at most 10."""
    order = np.lexsort((-values, groups))
    starts = np.r_[0, np.nonzero(np.diff(groups[order]))[0] + 1] if len(order) else np.zeros(0, np.int64)
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    ranks = np.zeros(len(values), np.float32)
    ranks[order] = np.minimum(place, _WORST_RANK)
    return ranks
