"""Amazon Reviews 2023 (McAuley Lab): per category a file of items and a file of reviews, JSON Lines, gzipped or not.

Each review is both a text and a dated rating by a shopper, so it becomes a review and an event.
"""

from __future__ import annotations

import json
from typing import Any

from core.catalogue.mapping import ColumnMapping
from core.catalogue.opendata.base import Dataset, Feed, Files, Part, derived, require
from core.catalogue.read import read_table
from core.catalogue.synonyms import EVENTS, PRODUCTS, REVIEWS

ATTRIBUTES = 20
_ITEM_COLUMNS = ("parent_asin", "title", "text", "store", "category", "price")
_REVIEW_COLUMNS = ("parent_asin", "user_id", "rating", "text", "timestamp")
_DETAILS = "details."
_NOT_TELLING = (
    "Date First Available",
    "UPC",
    "ASIN",
    "Best Sellers Rank",
    "Item model number",
    "Manufacturer",
)
_BASE = "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/raw"


def feeds(files: Files) -> list[Feed]:
    """Items (where given), reviews, and ratings as events."""
    found = [_items(files)] if "items" in files else []
    if "reviews" in files:
        found += _reviews(files)
    return found


def _items(files: Files) -> Feed:
    raw = require(read_table(files["items"], files["items"].name), "parent_asin", "title")
    details = [column for column in raw.columns if column.startswith(_DETAILS)]
    kept = [column for column in details if column.removeprefix(_DETAILS) not in _NOT_TELLING][:ATTRIBUTES]
    names = tuple(column.removeprefix(_DETAILS) for column in kept)

    def change(cells: dict[str, str]) -> dict[str, str]:
        categories = _listed(cells.get("categories", ""))
        texts = (*_listed(cells.get("description", "")), *_listed(cells.get("features", "")))
        return {
            "parent_asin": cells.get("parent_asin", ""),
            "title": cells.get("title", ""),
            "text": "\n".join(texts),
            "store": cells.get("details.Brand") or cells.get("store", ""),
            "category": categories[-1] if categories else cells.get("main_category", ""),
            "price": cells.get("price", ""),
            **{name: cells.get(column, "") for name, column in zip(names, kept, strict=True)},
        }

    fields = {
        "id": "parent_asin",
        "title": "title",
        "description": "text",
        "brand": "store",
        "category": "category",
        "price": "price",
    }
    mapping = ColumnMapping(PRODUCTS, fields, names, currency="USD")
    return Feed(derived(raw, (*_ITEM_COLUMNS, *names), change), mapping, f"Amazon 2023: {raw.name}")


def _reviews(files: Files) -> list[Feed]:
    raw = require(
        read_table(files["reviews"], files["reviews"].name), "parent_asin", "user_id", "timestamp", "rating"
    )

    def change(cells: dict[str, str]) -> dict[str, str] | str:
        text = "\n".join(part for part in (cells.get("title", ""), cells.get("text", "")) if part.strip())
        return (
            {**{name: cells.get(name, "") for name in _REVIEW_COLUMNS}, "text": text} if text else "no_text"
        )

    fields = {
        "product_id": "parent_asin",
        "text": "text",
        "rating": "rating",
        "shopper_id": "user_id",
        "time": "timestamp",
    }
    rated = {"shopper_id": "user_id", "product_id": "parent_asin", "time": "timestamp", "value": "rating"}
    return [
        Feed(
            derived(raw, _REVIEW_COLUMNS, change), ColumnMapping(REVIEWS, fields), f"Amazon 2023: {raw.name}"
        ),
        Feed(raw, ColumnMapping(EVENTS, rated, event_kind="rating"), f"Amazon 2023: {raw.name}, ratings"),
    ]


def _listed(cell: str) -> list[str]:
    """A list of texts that a reader has joined to one cell, as a list again."""
    if cell.startswith("["):
        try:
            value: Any = json.loads(cell)
        except ValueError:
            return [cell]
        return [str(entry) for entry in value]
    return [part.strip() for part in cell.split("; ") if part.strip()]


AMAZON_REVIEWS = Dataset(
    "amazon_reviews",
    "Amazon Reviews 2023",
    "see publisher (research)",
    "https://amazon-reviews-2023.github.io/",
    (
        Part(
            "items",
            "meta_All_Beauty.jsonl.gz",
            f"{_BASE}/meta_categories/meta_All_Beauty.jsonl.gz",
            required=False,
        ),
        Part(
            "reviews", "All_Beauty.jsonl.gz", f"{_BASE}/review_categories/All_Beauty.jsonl.gz", required=False
        ),
    ),
    feeds,
)
