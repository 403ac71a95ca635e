"""What an import would do, told from the first rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from core.catalogue.documents import price_text
from core.catalogue.interpret import Item, Reading
from core.domain import Event, Product, Review

_TEXT_CHARS = 240


class Estimate(NamedTuple):
    """Rows that fit among those seen; rows that would fit, and that would be kept apart, among all."""

    good_seen: int
    good: int
    apart: int


def estimate(readings: Sequence[Reading], total: int) -> Estimate:
    """Scale what was seen up to ``total`` rows; exact where everything was seen."""
    good = sum(reading.item is not None for reading in readings)
    whole = max(total, len(readings)) if len(readings) >= 200 else len(readings)
    share = good / len(readings) if readings else 0.0
    scaled = round(share * whole)
    return Estimate(good, scaled, whole - scaled)


def cells_of(item: Item) -> dict[str, Any]:
    """An item as a row to show."""
    if isinstance(item, Product):
        shown = {"id": item.id, "title": item.title, "description": item.description[:_TEXT_CHARS]}
        return {
            **shown,
            "brand": item.brand or "",
            "category": item.category or "",
            "price": price_text(item),
            **item.attributes,
        }
    if isinstance(item, Review):
        moment = _moment(item.time) if item.time is not None else ""
        return {
            "id": item.id,
            "product_id": item.product_id,
            "text": item.text[:_TEXT_CHARS],
            "rating": item.rating,
            "shopper_id": item.shopper_id or "",
            "time": moment,
        }
    assert isinstance(item, Event)
    return {
        "shopper_id": item.shopper_id,
        "product_id": item.product_id,
        "kind": item.kind.value,
        "time": _moment(item.time),
        "value": item.value,
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
