"""A small shop with a known taste: shoppers stay with one use and one brand, so the graph says what they take next."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import numpy as np

from core.catalogue.ingest import ingest
from core.catalogue.store import Catalogue
from core.domain import Fact, Product, content_hash
from core.graph.log import Log
from core.recommend.config import TrainConfig, config_of
from core.recommend.data import Interactions, Split, temporal_split
from core.recommend.experiment import Outcome, run_training
from core.storage.workspaces import Workspace
from tests.devices import DEVICE
from tests.graph_world import read

USES = ("camping", "travel", "home office", "small kitchens")
BRANDS = ("Aldo", "Birk", "Cove")
PRODUCTS, SHOPPERS = 48, 90
START = 1_700_000_000


@cache
def products() -> tuple[Product, ...]:
    """48 products; the use goes round with the number, the brand with the number over four."""
    return tuple(
        Product(
            f"p{n:02d}",
            f"{brand_of(n)} item {n} for {use_of(n)}",
            f"A thing number {n}, made for {use_of(n)}.",
            brand_of(n),
            price=5.0 + n if n % 5 else None,
        )
        for n in range(PRODUCTS)
    )


def use_of(number: int) -> str:
    return USES[number % len(USES)]


def brand_of(number: int) -> str:
    return BRANDS[number // 4 % len(BRANDS)]


@cache
def facts() -> dict[str, tuple[Fact, ...]]:
    """Two facts a product."""
    return {
        f"p{n:02d}": (
            _fact(n, "usedFor", f"use:{use_of(n)}"),
            _fact(n, "brand", f"brand:{brand_of(n).lower()}"),
        )
        for n in range(PRODUCTS)
    }


def _fact(number: int, relation: str, node: str) -> Fact:
    subject = f"product:p{number:02d}"
    return Fact(
        content_hash(subject, relation, node), subject, relation, node, (f"a-{number}-{relation}",), 0.9
    )


@cache
def rows() -> tuple[tuple[str, str, float], ...]:
    """Events: nine in ten are of the shopper's own use; the last three products come late (cold)."""
    random = np.random.default_rng(7)
    found = []
    for shopper in range(SHOPPERS):
        own = [n for n in range(PRODUCTS) if n % len(USES) == shopper % len(USES)]
        for _ in range(int(random.integers(5, 11))):
            time = float(random.integers(0, 1_000_000))
            number = int(random.choice(own)) if random.random() < 0.9 else int(random.integers(PRODUCTS))
            if number >= PRODUCTS - 3 and time < 800_000:
                continue
            found.append((f"s{shopper:02d}", f"p{number:02d}", time))
    return tuple(found)


@cache
def interactions() -> Interactions:
    return Interactions.of(rows(), [product.id for product in products()], once=True)


@cache
def cut() -> Split:
    return temporal_split(interactions())


def small_config(**values: object) -> TrainConfig:
    """Seconds, not minutes."""
    return config_of(
        {
            "text": "lexical",
            "id_dim": 8,
            "text_dim": 8,
            "graph_dim": 4,
            "width": 16,
            "epochs": 3,
            "patience": 3,
            "batch_size": 32,
            "residual_folds": 2,
            "device": DEVICE,
            "threads": 1,
            "certificate": False,
            **values,
        }
    )


@cache
def outcome() -> Outcome:
    """One trained run, shared by all tests that only look at it."""
    return run_training("run-1", small_config(), cut(), interactions(), products(), facts())


def fill_graph(workspace: Workspace) -> None:
    """Read use and brand of each product of the imported shop into the log."""
    made = []
    for text in Catalogue(workspace).documents():
        number = int(text.product_id.removeprefix("p"))
        for relation, words in (("usedFor", use_of(number)), ("brand", brand_of(number))):
            if words in text.text:
                made.append(read(text, relation, words))
    Log(workspace).append(made)


def fill(workspace: Workspace) -> None:
    """Import the shop into a workspace, as files of products and events."""
    shelf = ["product_id,title,description,brand,price"]
    shelf += [f'{p.id},"{p.title}","{p.description}",{p.brand},{p.price or ""}' for p in products()]
    bought = ["shopper_id,product_id,event,timestamp"]
    bought += [
        f"{s},{p},purchase,{datetime.fromtimestamp(START + t, UTC):%Y-%m-%dT%H:%M:%SZ}" for s, p, t in rows()
    ]
    for name, lines in (("products", shelf), ("events", bought)):
        ingest(workspace, "\n".join(lines).encode(), f"{name}.csv", kind=name)
