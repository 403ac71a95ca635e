"""Structured columns assert facts with no model: the span of such a fact is the cell, or one value in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from core.domain import Assertion, Document, DocumentKind
from core.extract.schema import Schema
from core.extract.tokens import fold
from core.ontology import RELATIONS, relation_name

EXTRACTOR = "columns"
VERSION = "1"
_FIELDS = {"brand": "brand", "category": "category"}
_SYNONYMS = {
    "colour": "color", "colours": "color", "colors": "color", "materials": "material", "fabric": "material",
    "dimensions": "size", "net weight": "weight", "item weight": "weight", "volume": "capacity",
    "pack": "packSize", "pack size": "packSize", "count": "packSize", "quantity per pack": "packSize",
    "wattage": "power", "type": "productType", "product type": "productType", "item type": "productType",
    "taste": "flavor", "flavour": "flavor", "fragrance": "scent", "ingredients": "ingredient",
    "country": "countryOfOrigin", "made in": "countryOfOrigin", "origin": "countryOfOrigin",
    "target audience": "audience", "gender": "audience", "age group": "audience", "use": "usedFor", "uses": "usedFor",
    "features": "feature", "accessory for": "isAccessoryOrSparePartFor",
    "spare part for": "isAccessoryOrSparePartFor", "replacement for": "isAccessoryOrSparePartFor",
    "compatible with": "isCompatibleWith", "compatibility": "isCompatibleWith", "works with": "isCompatibleWith",
    "fits": "isCompatibleWith", "适配": "isCompatibleWith", "适用型号": "isCompatibleWith",
    "兼容型号": "isCompatibleWith",
    "part of": "isPartOf", "belongs to": "isPartOf",
    "substitute for": "isSimilarTo", "substitutes": "isSimilarTo", "alternative to": "isSimilarTo",
    "alternatives": "isSimilarTo", "替代品": "isSimilarTo", "similar products": "isSimilarTo",
    "goes with": "isRelatedTo", "pairs with": "isRelatedTo", "related products": "isRelatedTo", "搭配": "isRelatedTo",
    "used by": "audience", "used for": "usedFor", "used in": "usedIn",
}  # fmt: skip
_SEPARATOR = re.compile(r"\s*[;|；、\n]\s*|\s+/\s+|\s*>\s*")
_NOTHING = frozenset(
    (
        "n/a",
        "na",
        "none",
        "null",
        "nil",
        "-",
        "--",
        "–",
        "—",
        ".",
        "?",
        "unknown",
        "无",
        "暂无",
        "未知",
        "没有",
    )
)


def relation_of(column: str, schema: Schema) -> str:
    """The relation a column speaks of: by name, synonym or label of the schema, else one named after it."""
    wanted = fold(column.replace("_", " "))
    labelled = _labels(schema)
    return labelled.get(wanted) or _SYNONYMS.get(wanted) or relation_name(column)


def values(cell: str) -> list[tuple[int, int]]:
    """Offsets of the values in a cell: lists separated by ``; | 、 >``, ``" / "`` or a line break are taken apart."""
    found, start = [], 0
    for match in [*_SEPARATOR.finditer(cell), None]:
        stop = match.start() if match else len(cell)
        part = cell[start:stop]
        if part.strip() and fold(part) not in _NOTHING:
            left = start + len(part) - len(part.lstrip())
            found.append((left, start + len(part.rstrip())))
        start = match.end() if match else stop
    return found


def read(document: Document, schema: Schema) -> Iterator[Assertion]:
    """The assertions of one cell document; none for other kinds, nor for prices, which are no node of the graph."""
    if document.kind is not DocumentKind.CELL or document.field == "price":
        return
    column = document.field.removeprefix("attr:")
    relation = _FIELDS.get(document.field) or relation_of(column, schema)
    for start, end in values(document.text):
        yield Assertion.of(
            document,
            relation,
            start,
            end,
            extractor=EXTRACTOR,
            extractor_version=VERSION,
            schema_version=schema.version,
        )


def read_all(documents: Iterable[Document], schema: Schema) -> list[Assertion]:
    """The assertions of all cells among the documents."""
    return [assertion for document in documents for assertion in read(document, schema)]


@cache
def _labels(schema: Schema) -> dict[str, str]:
    table = {fold(name): name for name in RELATIONS}
    for attribute in schema.every:
        table |= {fold(label): attribute.relation for label in attribute.label.values()}
        table[fold(attribute.relation)] = attribute.relation
    return table
