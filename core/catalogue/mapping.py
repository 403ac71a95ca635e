"""Which column of a file is which field: proposed from names and values, changed by the user, remembered.

A mapping belongs to the set of column names of a file (its signature), so the next export of the same shop system
is understood at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from core.catalogue import values
from core.catalogue.rows import RawRow
from core.catalogue.synonyms import EVENTS, FIELDS, HEADERS, KINDS, PRODUCTS, REQUIRED, REVIEWS, fold, words
from core.catalogue.times import parse_time, prefers_day_first
from core.domain import content_hash
from core.errors import MappingError

NAME, PART, VALUES = 3.0, 1.5, 1.0
_LONG_TEXT = 60
_ID = re.compile(r"[\w.:-]{1,64}")
_URL = re.compile(r"https?://|data:|\[?\{")
_DIFFUSE = 1_000  # a longer average is prose, and no attribute


@dataclass(frozen=True)
class ColumnMapping:
    """What the columns of a file mean.

    ``kind`` is products, reviews or events; ``fields`` maps a field to its column; ``attributes`` are columns kept as
    structured attributes of products; other columns are left out. ``event_kind`` is meant where no column tells what
    shoppers did; ``currency`` where a price has none; ``day_first`` says how 3/5/2024 is read; ``time_zone`` holds for
    times without one.
    """

    kind: str
    fields: Mapping[str, str]
    attributes: tuple[str, ...] = ()
    event_kind: str = "purchase"
    currency: str = ""
    day_first: bool = False
    time_zone: str = "UTC"

    def check(self, columns: Sequence[str] | None = None) -> None:
        """Raise MappingError for an unknown kind, a required field without a column, or a column that is not there."""
        if self.kind not in KINDS:
            raise MappingError(
                f"{self.kind!r} is not a kind of table.", remedy="Choose products, reviews or events."
            )
        missing = [name for name in REQUIRED[self.kind] if not self.fields.get(name)]
        if missing:
            raise MappingError(
                f"No column gives the {' or the '.join(missing)} of the {self.kind}.",
                where=", ".join(columns or ()),
                remedy="Choose a column for it.",
            )
        unknown = [name for name in self.fields if name not in FIELDS[self.kind]]
        absent = [name for name in self.fields.values() if columns is not None and name not in columns]
        if unknown or absent:
            raise MappingError(
                f"There is no {'field' if unknown else 'column'} called {(unknown or absent)[0]!r}.",
                where=", ".join(columns or ()),
                remedy="Choose from the list.",
            )

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {**asdict(self), "fields": dict(self.fields), "attributes": list(self.attributes)}

    @staticmethod
    def of(data: Mapping[str, Any]) -> ColumnMapping:
        """From plain data; raises MappingError for a malformed one."""
        try:
            return ColumnMapping(**{**data, "attributes": tuple(data.get("attributes", ()))})
        except TypeError as error:
            raise MappingError(f"The mapping is malformed ({error}).", remedy="Propose it anew.") from error


@dataclass(frozen=True)
class Proposal:
    """A mapping with, for each field, why its column was chosen ("name", "values" or "remembered")."""

    mapping: ColumnMapping
    reasons: Mapping[str, str] = field(default_factory=dict)
    ambiguous_dates: bool = False


def signature(columns: Sequence[str]) -> str:
    """The hash of a set of column names, whatever their order."""
    return content_hash(*sorted(columns))


def propose(columns: Sequence[str], sample: Sequence[RawRow], kind: str = "") -> Proposal:
    """The likeliest meaning of the columns, as ``kind`` where it is given. What is not found stays out."""
    shapes = {column: Shape.of([row.cells.get(column, "") for row in sample]) for column in columns}
    assigned = {one: _assign(columns, shapes, one) for one in ([kind] if kind else KINDS)}
    chosen = kind or _likeliest(assigned)
    fields = {name: column for name, (column, _) in assigned[chosen].items()}
    reasons = {name: "name" if score >= PART else "values" for name, (_, score) in assigned[chosen].items()}
    rest = [column for column in columns if column not in fields.values()]
    attributes = tuple(column for column in rest if chosen == PRODUCTS and shapes[column].is_attribute)
    day_first = prefers_day_first(shapes[fields["time"]].values) if "time" in fields else None
    ambiguous = day_first is None and "time" in fields and _has_slashes(shapes[fields["time"]])
    mapping = ColumnMapping(chosen, fields, attributes, day_first=bool(day_first))
    return Proposal(mapping, reasons, ambiguous)


def _likeliest(assigned: Mapping[str, Mapping[str, tuple[str, float]]]) -> str:
    """Of the kinds whose required fields were found, the one whose names fit best; events and reviews name a product
    and so would also pass for products."""

    def score(kind: str) -> tuple[bool, float]:
        found = assigned[kind]
        complete = all(name in found for name in REQUIRED[kind])
        total = sum(worth for _, worth in found.values())
        required = sum(found[name][1] for name in REQUIRED[kind] if name in found)
        return complete, required / len(REQUIRED[kind]) + 0.1 * total

    named = {
        kind: {name for name, (_, worth) in found.items() if worth >= PART}
        for kind, found in assigned.items()
    }
    if {"product_id", "text"} <= named[REVIEWS] and "title" not in named[PRODUCTS]:
        return REVIEWS
    if {"product_id", "text"} <= named[REVIEWS] and named[REVIEWS] & {"rating", "shopper_id"}:
        return REVIEWS
    if {"shopper_id", "product_id", "time"} <= set(assigned[EVENTS]) and {
        "shopper_id",
        "product_id",
    } <= named[EVENTS]:
        return EVENTS
    if "title" in assigned[PRODUCTS]:
        return PRODUCTS
    return max(KINDS, key=score)


def _assign(columns: Sequence[str], shapes: Mapping[str, Shape], kind: str) -> dict[str, tuple[str, float]]:
    """Field → (column, score), the best pairs first, each column and field once."""
    pairs = [
        (score, -FIELDS[kind].index(name), -place, name, column)
        for name in FIELDS[kind]
        for place, column in enumerate(columns)
        if (score := _score(kind, name, column, shapes[column])) > 0
    ]
    found: dict[str, tuple[str, float]] = {}
    taken: set[str] = set()
    for score, _, _, name, column in sorted(pairs, reverse=True):
        if name not in found and column not in taken:
            found[name] = (column, score)
            taken.add(column)
    return found


def _score(kind: str, name: str, column: str, shape: Shape) -> float:
    synonyms = HEADERS[kind][name]
    folded = fold(column)
    suits = _SUITS[name](shape)
    if folded in synonyms:
        # Earlier synonyms are the more telling; a column without values is still what its name says.
        order = 0.5 * synonyms.index(folded) / len(synonyms)
        return NAME - order + (VALUES if suits else 0.0 if shape.empty else -2.0)
    if shape.empty or not suits:
        return 0.0
    if name != "id" and _shares_word(column, synonyms):
        return PART
    by_values = _BY_VALUES.get((kind, name))
    return by_values(shape) if by_values else 0.0


def _shares_word(column: str, synonyms: Sequence[str]) -> bool:
    """Whether the name holds a whole synonym: "Preis price EUR", "商品标题(中文)"."""
    if words(column) & set(synonyms):
        return True
    han = re.sub(r"[^\u4e00-\u9fff]", "", column)
    return any(len(one) > 1 and one in han for one in synonyms if re.search(r"[\u4e00-\u9fff]", one))


def _has_slashes(shape: Shape) -> bool:
    return any(re.match(r"\d{1,2}[/-]\d{1,2}[/-]\d", value) for value in shape.values)


@dataclass(frozen=True)
class Shape:
    """What the values of a column look like; shares are of the values that are not blank, 0 to 1."""

    values: tuple[str, ...]
    filled: float
    distinct: float
    length: float

    @staticmethod
    def of(cells: Sequence[str]) -> Shape:
        """Measure a column."""
        kept = tuple(cell.strip()[:2_000] for cell in cells if not values.is_blank(cell))
        return Shape(
            kept,
            len(kept) / len(cells) if cells else 0.0,
            len(set(kept)) / len(kept) if kept else 0.0,
            sum(map(len, kept)) / len(kept) if kept else 0.0,
        )

    @property
    def empty(self) -> bool:
        """Whether no value was seen."""
        return not self.values

    def share(self, test: Callable[[str], object]) -> float:
        """The share of values that pass."""
        return sum(bool(test(value)) for value in self.values) / len(self.values) if self.values else 0.0

    @property
    def is_attribute(self) -> bool:
        """Whether the column is worth keeping as structured: not prose, no link, no picture, no empty column."""
        return not self.empty and self.length < _DIFFUSE and self.share(_URL.match) < 0.5


def _is_text(shape: Shape) -> bool:
    return shape.share(lambda value: any(c.isalpha() for c in value)) > 0.7 and shape.share(_URL.match) < 0.5


def _is_money(shape: Shape) -> bool:
    return shape.share(values.parse_price) > 0.6


def _is_time(shape: Shape) -> bool:
    return shape.share(parse_time) > 0.6


def _is_id(shape: Shape) -> bool:
    return shape.length <= 80


_SUITS: dict[str, Callable[[Shape], bool]] = {
    "id": lambda shape: _is_id(shape) and shape.distinct > 0.5,
    "product_id": _is_id,
    "shopper_id": _is_id,
    "title": lambda shape: _is_text(shape) and shape.length < 500,
    "description": _is_text,
    "text": _is_text,
    "brand": lambda shape: shape.length < 60 and shape.share(_URL.match) == 0,
    "category": lambda shape: shape.length < 200 and shape.share(_URL.match) == 0,
    "price": _is_money,
    "currency": lambda shape: shape.share(values.currency_code) > 0.6,
    "rating": lambda shape: shape.share(values.parse_rating) > 0.6,
    "time": _is_time,
    "kind": lambda shape: shape.share(values.parse_event_kind) > 0.6,
    "value": lambda shape: shape.share(lambda value: values.parse_number(value) is not None) > 0.6,
}


def _longest(shape: Shape) -> float:
    return VALUES * 0.9 if shape.length > _LONG_TEXT else 0.0


_BY_VALUES: dict[tuple[str, str], Callable[[Shape], float]] = {
    (PRODUCTS, "id"): lambda shape: (
        0.3 if shape.distinct == 1 == shape.filled and shape.share(_ID.fullmatch) == 1 else 0.0
    ),
    (PRODUCTS, "title"): lambda shape: 0.5 + min(shape.length, 100) / 500 if 8 < shape.length < 200 else 0.0,
    (PRODUCTS, "description"): _longest,
    (PRODUCTS, "price"): lambda shape: 0.6 if shape.share(_has_currency) > 0.6 else 0.0,
    (REVIEWS, "text"): _longest,
    (REVIEWS, "time"): lambda shape: VALUES,
    (EVENTS, "time"): lambda shape: VALUES,
    (EVENTS, "kind"): lambda shape: VALUES,
}


def _has_currency(text: str) -> bool:
    price = values.parse_price(text)
    return price is not None and price.currency is not None
