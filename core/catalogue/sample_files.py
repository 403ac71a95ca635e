"""Compiles the sample catalogue and its simulated shoppers into files, the same byte for byte on every run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.catalogue.sample import MarkedText, SampleProduct, load_catalogue
from core.catalogue.sample_shoppers import DAY, Rules, Shopper
from core.catalogue.simulator import Purchase, Simulation, simulate
from core.domain import canonical_json


@dataclass(frozen=True, slots=True)
class DatedReview:
    """A review of the sample with the buyer who wrote it (none where nobody bought the product) and its time."""

    id: str
    product_id: str
    shopper_id: str
    rating: int
    time: float
    body: MarkedText


def compile_sample(folder: Path, rules: Rules | None = None) -> dict[str, str]:
    """File name → content, for all files made from the catalogue in a folder."""
    rules = rules or Rules()
    products = load_catalogue(folder)
    simulation = simulate(products, rules)
    reviews = sign_reviews(products, simulation, rules)
    return {
        "products.csv": _products(products),
        "reviews.csv": _reviews(reviews),
        "events.csv": _events(simulation),
        "gold.jsonl": _gold(products, reviews),
        "tastes.json": _tastes(simulation, rules),
    }


def write_sample(files: Mapping[str, str], folder: Path) -> None:
    """Write compiled files into a folder."""
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", newline="")


def sign_reviews(
    products: Sequence[SampleProduct], simulation: Simulation, rules: Rules
) -> list[DatedReview]:
    """Give each review a buyer of its product and a date after the purchase.

    Praise comes from the buyers whose purchase a fact they like drove, complaints from the others, where both exist.
    No buyer writes twice about a product. A review nobody could have written here has no shopper and an early date.
    """
    dice = np.random.default_rng([rules.seed, 1_000_000])
    buyers: dict[str, list[Purchase]] = {}
    for purchase in simulation.purchases:
        buyers.setdefault(purchase.product_id, []).append(purchase)
    signed = []
    for product in products:
        free = list({item.shopper_id: item for item in buyers.get(product.id, ())}.values())
        for number, review in enumerate(product.reviews, start=1):
            delay = (3 + 25 * float(dice.random())) * DAY
            draw = float(dice.random())
            content = [item for item in free if (item.driver.kind == "fact") == (review.rating >= 4)]
            pool = content or free
            shopper, time = "", rules.end - rules.days * DAY * (0.1 + 0.9 * draw)
            if pool:
                author = pool[int(draw * len(pool))]
                free.remove(author)
                shopper, time = author.shopper_id, min(author.time + delay, rules.end - 1)
            name = f"{product.id}-r{number}"
            signed.append(DatedReview(name, product.id, shopper, review.rating, time, review.body))
    return signed


def _instant(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _csv(header: str, rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue()


def _products(products: Sequence[SampleProduct]) -> str:
    rows = [
        (
            product.id,
            product.title.text,
            product.description.text,
            product.brand or "",
            product.category or "",
            "" if product.price is None else f"{product.price:.2f}",
            "" if product.price is None else product.currency,
        )
        for product in products
    ]
    return _csv("product_id,title,description,brand,category,price,currency", rows)


def _reviews(reviews: Sequence[DatedReview]) -> str:
    rows = [
        (item.id, item.product_id, item.shopper_id, item.rating, _instant(item.time)[:10], item.body.text)
        for item in reviews
    ]
    return _csv("review_id,product_id,shopper_id,rating,date,text", rows)


def _events(simulation: Simulation) -> str:
    rows = [
        (event.shopper_id, event.product_id, event.kind.value, _instant(event.time))
        for event in simulation.events
    ]
    return _csv("shopper_id,product_id,event,timestamp", rows)


def _gold(products: Sequence[SampleProduct], reviews: Sequence[DatedReview]) -> str:
    by_product: dict[str, list[dict[str, Any]]] = {}
    for item in reviews:
        by_product.setdefault(item.product_id, []).append(_document(f"{item.id}/text", item.body))
    lines = []
    for product in products:
        documents = [
            _document(f"{product.id}/title", product.title),
            _document(f"{product.id}/description", product.description),
            *by_product.get(product.id, ()),
        ]
        lines.append(_line({"id": product.id, "category": product.group, "documents": documents}))
    return "\n".join(lines) + "\n"


def _document(name: str, marked: MarkedText) -> dict[str, Any]:
    return {"id": name, "text": marked.text, "facts": [asdict(fact) for fact in marked.facts]}


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _tastes(simulation: Simulation, rules: Rules) -> str:
    """JSON with one shopper or purchase a line, so that a change is seen in a diff."""
    purchases = [
        {**asdict(item), "time": _instant(item.time), "driver": asdict(item.driver)}
        for item in simulation.purchases
    ]
    parts = {
        "rules": canonical_json(asdict(rules)),
        "unsold": canonical_json(simulation.unsold),
        "arrivals": canonical_json({name: _instant(time) for name, time in simulation.arrivals.items()}),
        "shoppers": _lines(_shopper(person) for person in simulation.shoppers),
        "purchases": _lines(purchases),
    }
    return "{\n" + ",\n".join(f'"{name}": {content}' for name, content in parts.items()) + "\n}\n"


def _shopper(person: Shopper) -> dict[str, Any]:
    return {**asdict(person), "brand": asdict(person.brand) if person.brand else None}


def _lines(items: Iterable[Mapping[str, Any]]) -> str:
    return "[\n" + ",\n".join(_line(item) for item in items) + "\n]"
