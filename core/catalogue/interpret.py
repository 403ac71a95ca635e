"""From a row of text to a product, a review or an event, with what did not fit.

A required value that is missing or bad keeps the row apart. A bad optional value is left out, the row is admitted, and
the problem is listed, so that no good row is lost to a bad price.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from core.catalogue import values
from core.catalogue.clean import clean, clean_line
from core.catalogue.limits import CELL_CHARS, ID_CHARS, TITLE_CHARS
from core.catalogue.mapping import ColumnMapping
from core.catalogue.rows import Issue, RawRow
from core.catalogue.synonyms import EVENTS, PRODUCTS, REVIEWS
from core.catalogue.times import parse_time
from core.domain import Event, EventKind, Product, Review, content_hash

Item = Product | Review | Event
T = TypeVar("T")


class Reading(NamedTuple):
    """What became of a row: the item (None: kept apart because of ``issues[0]``), what was left out of it, and the
    raw text of the fields that cleaning changed (field → raw)."""

    item: Item | None
    issues: tuple[Issue, ...] = ()
    raw_texts: Mapping[str, str] = {}


@dataclass(frozen=True)
class Interpreter:
    """Reads rows by a mapping. ``latest`` is the last moment (epoch seconds) that is not in the future."""

    mapping: ColumnMapping
    latest: float = math.inf

    def read(self, row: RawRow) -> Reading:
        """The item of one row."""
        if row.issue:
            return Reading(None, (row.issue,))
        for column, cell in row.cells.items():
            if len(cell) > CELL_CHARS:
                return Reading(None, (Issue(column, "cell_too_long", f"{len(cell):,}"),))
        return _READERS[self.mapping.kind](_Cells(row.cells, self.mapping, self.latest))


class _Cells:
    """The cells of one row by field, collecting what does not fit."""

    def __init__(self, cells: Mapping[str, str], mapping: ColumnMapping, latest: float) -> None:
        self.cells = cells
        self.mapping = mapping
        self.latest = latest
        self.issues: list[Issue] = []
        self.raw_texts: dict[str, str] = {}
        self._identifiers: dict[str, str] = {}

    def raw(self, field: str) -> str:
        column = self.mapping.fields.get(field, "")
        return self.cells.get(column, "") if column else ""

    def issue(self, field: str, code: str, detail: str = "") -> Issue:
        found = Issue(self.mapping.fields.get(field, ""), code, detail[:200])
        self.issues.append(found)
        return found

    def identifier(self, field: str) -> str:
        known = self._identifiers.get(field)
        if known is not None:
            return known
        text = " ".join(self.raw(field).split())
        if "&" in text or not text.isprintable():
            text = clean_line(text)
        text = text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text
        self._identifiers[field] = text
        return text

    def text(self, field: str, *, line: bool = False) -> str:
        raw = self.raw(field)
        if not raw or values.is_blank(raw):
            return ""
        cleaned = clean(raw)
        if cleaned.steps:
            self.raw_texts[field] = raw
        return cleaned.text.replace("\n", " ") if line else cleaned.text

    def optional(self, field: str, parse: Callable[[str], T | None]) -> T | None:
        raw = self.raw(field)
        if values.is_blank(raw):
            if raw.strip().casefold() in ("nan", "#n/a"):
                self.issue(field, f"bad_{field}", raw)
            return None
        value = parse(raw)
        if value is None:
            self.issue(field, f"bad_{field}", raw)
        return value

    def time(self) -> float | None:
        found = self.optional(
            "time",
            lambda text: parse_time(text, day_first=self.mapping.day_first, zone_name=self.mapping.time_zone),
        )
        if found is not None and found > self.latest:
            self.issue("time", "future_date", self.raw("time"))
            return None
        return found

    def admit(self, item: Item) -> Reading:
        return Reading(item, tuple(self.issues), self.raw_texts)

    def refuse(self, field: str, code: str, detail: str = "") -> Reading:
        self.issues.clear()
        return Reading(None, (self.issue(field, code, detail),))

    def bad_identifier(self, *fields: str) -> Reading | None:
        for field in fields:
            name = self.identifier(field)
            if not name or values.is_blank(name):
                return self.refuse(field, f"missing_{field}")
            if len(name) > ID_CHARS:
                return self.refuse(field, "id_too_long", name)
        return None


def _product(cells: _Cells) -> Reading:
    title = cells.text("title", line=True)
    if not title:
        return cells.refuse("title", "missing_title")
    if len(title) > TITLE_CHARS:
        return cells.refuse("title", "title_too_long", f"{len(title):,}")
    if cells.mapping.fields.get("id") and (bad := cells.bad_identifier("id")):
        return bad
    price = cells.optional("price", values.parse_price)
    currency = cells.optional("currency", values.currency_code) if price else None
    product = Product(
        id=cells.identifier("id"),
        title=title,
        description=cells.text("description"),
        brand=cells.text("brand", line=True) or None,
        category=cells.text("category", line=True) or None,
        price=price.amount if price else None,
        currency=(price.currency or currency or cells.mapping.currency or None) if price else None,
        attributes=_attributes(cells),
    )
    return cells.admit(product if product.id else _named(product))


def _attributes(cells: _Cells) -> dict[str, str]:
    found = {}
    for column in cells.mapping.attributes:
        raw = cells.cells.get(column, "")
        if not values.is_blank(raw):
            found[column] = clean_line(raw)
    return {column: value for column, value in found.items() if value}


def _named(product: Product) -> Product:
    """A product without an id is known by what is said of it."""
    parts = (product.title, product.description, product.brand or "", product.category or "")
    return Product(
        "p-" + content_hash(*parts)[:12],
        product.title,
        product.description,
        product.brand,
        product.category,
        product.price,
        product.currency,
        product.attributes,
    )


def _review(cells: _Cells) -> Reading:
    if bad := cells.bad_identifier("product_id"):
        return bad
    text = cells.text("text")
    if not text:
        return cells.refuse("text", "missing_text")
    product, shopper, time = cells.identifier("product_id"), cells.identifier("shopper_id"), cells.time()
    name = cells.identifier("id")
    if len(name) > ID_CHARS:
        return cells.refuse("id", "id_too_long", name)
    name = name or "r-" + content_hash(product, shopper, text, str(time))[:12]
    rating = cells.optional("rating", values.parse_rating)
    return cells.admit(Review(name, product, text, rating, shopper[:ID_CHARS] or None, time))


def _event(cells: _Cells) -> Reading:
    if bad := cells.bad_identifier("shopper_id", "product_id"):
        return bad
    time = cells.time()
    if time is None:
        if cells.issues:
            return Reading(None, (cells.issues[0],))
        return cells.refuse("time", "missing_time")
    kind = EventKind(cells.mapping.event_kind)
    if cells.mapping.fields.get("kind"):
        raw = cells.raw("kind")
        read = values.parse_event_kind(raw)
        if read is None:
            return cells.refuse("kind", "unknown_event_kind" if raw.strip() else "missing_kind", raw)
        kind = read
    value = cells.optional("value", values.parse_number)
    if value is not None and value < 0:
        return cells.refuse("value", "negative_quantity", cells.raw("value"))
    amount = 1.0 if value is None else value
    return cells.admit(
        Event(cells.identifier("shopper_id"), cells.identifier("product_id"), kind, time, amount)
    )


_READERS: dict[str, Callable[[_Cells], Reading]] = {PRODUCTS: _product, REVIEWS: _review, EVENTS: _event}
