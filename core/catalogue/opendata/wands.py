"""WANDS, Wayfair's data for product search: 42,994 products (MIT). Reads ``product.csv``, separated by tabs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.catalogue.mapping import ColumnMapping
from core.catalogue.opendata.base import Dataset, Feed, Files, Part, derived, require
from core.catalogue.read import ReadOptions, read_table
from core.catalogue.rows import RawRow
from core.catalogue.synonyms import PRODUCTS

ATTRIBUTES = 20
"""Of the many features only those that most products of a shop have are kept as columns."""

_KEPT = ("product_id", "product_name", "product_class", "product_description")
_SURVEYED = 5_000


def feeds(files: Files) -> list[Feed]:
    """The products; the most frequent features become structured attributes."""
    raw = read_table(files["products"], "product.csv", ReadOptions(delimiter="\t"))
    require(raw, *_KEPT, "product_features")
    frequent = _frequent(raw.head(_SURVEYED))

    def change(cells: dict[str, str]) -> dict[str, str]:
        features = parse_features(cells.get("product_features", ""))
        kept = {name: features.get(name, "") for name in frequent}
        return {name: cells.get(name, "") for name in _KEPT} | kept

    fields = {
        "id": "product_id",
        "title": "product_name",
        "category": "product_class",
        "description": "product_description",
    }
    mapping = ColumnMapping(PRODUCTS, fields, frequent)
    return [Feed(derived(raw, (*_KEPT, *frequent), change), mapping, "WANDS: products")]


def parse_features(text: str) -> dict[str, str]:
    """ "color: red|color: blue|material : oak" → {"color": "red; blue", "material": "oak"}."""
    found: dict[str, dict[str, None]] = {}
    for entry in text.split("|"):
        name, colon, value = entry.partition(":")
        if colon and name.strip() and value.strip():
            found.setdefault(name.strip().casefold(), {})[value.strip()] = None
    return {name: "; ".join(values) for name, values in found.items()}


def _frequent(rows: Sequence[RawRow]) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(parse_features(row.cells.get("product_features", "")).keys() - set(_KEPT))
    return tuple(name for name, _ in counts.most_common(ATTRIBUTES))


WANDS = Dataset(
    "wands",
    "WANDS",
    "MIT",
    "https://github.com/wayfair/WANDS",
    (
        Part(
            "products",
            "product.csv",
            "https://raw.githubusercontent.com/wayfair/WANDS/main/dataset/product.csv",
        ),
    ),
    feeds,
)
