"""What is true of the sample's shoppers: which of their known tastes speak for a product, and how much."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.catalogue.sample import load_catalogue
from core.catalogue.sample_data import SAMPLE
from core.catalogue.sample_market import Floats, Market
from core.catalogue.sample_shoppers import Rules, Shopper, Taste, readable
from core.catalogue.sample_utility import parts_at, steady_parts
from core.ontology import family


@dataclass(frozen=True, slots=True)
class Spoken:
    """A part of a shopper's utility: ``gain`` is by how much it raises the product above the average one on sale.

    ``kind`` is fact, brand, price, popularity, accessory, sharedUse, season or novelty; ``family`` that of its
    relation.
    """

    kind: str
    family: str
    relation: str
    value: str
    gain: float


@dataclass(frozen=True)
class SampleTruth:
    """The simulator's shoppers as they are after the last event."""

    market: Market
    rules: Rules
    shoppers: Mapping[str, Shopper]
    bought: Mapping[str, Mapping[int, float]]
    launched: Floats

    def spoken(self, shopper_id: str, product_id: str) -> list[Spoken]:
        """What speaks for a product and against it, largest first.

        The utility is a sum, so these are its exact Shapley values against the average product on sale that the
        shopper can read.
        """
        shopper, item = self.shoppers[shopper_id], self.market.position[product_id]
        time, shown = self.rules.end, self._on_sale & readable(self.market, shopper.languages)
        steady = steady_parts(shopper, self.market, self.rules, self.launched)
        parts = parts_at(time, steady, self.bought.get(shopper_id, {}), self.market, self.rules)
        month = datetime.fromtimestamp(time, UTC).month
        found = []
        for (kind, relation, value), table in parts:
            gain = float(table[item] - table[shown].mean())
            if kind == "season":
                relation, value = self.market.in_season(item, month)
            found.append(Spoken(kind, family(relation).value, relation, value, gain))
        return sorted(found, key=lambda part: -part.gain)

    @cached_property
    def _on_sale(self) -> Any:
        return self.launched <= self.rules.end


@lru_cache(maxsize=2)
def sample_titles(folder: Path = SAMPLE) -> Mapping[str, str]:
    """Titles of the sample's products by id: cheap to read, and enough to tell another shop's products."""
    with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
        return {row["product_id"]: row["title"] for row in csv.DictReader(file)}


@lru_cache(maxsize=2)
def sample_truth(folder: Path = SAMPLE) -> SampleTruth:
    """Read the committed truth; raises UnreadableFile for a damaged catalogue."""
    told = json.loads((folder / "tastes.json").read_text("utf-8"))
    market = Market(tuple(load_catalogue(folder / "catalogue")))
    launched = np.full(len(market.products), -np.inf)
    for product in told["unsold"]:
        launched[market.position[product]] = np.inf
    for product, moment in told["arrivals"].items():
        launched[market.position[product]] = _time(moment)
    bought: dict[str, dict[int, float]] = {}
    for purchase in told["purchases"]:
        place = market.position[purchase["product_id"]]
        bought.setdefault(purchase["shopper_id"], {})[place] = _time(purchase["time"])
    shoppers = {one["id"]: _shopper(one) for one in told["shoppers"]}
    return SampleTruth(market, Rules(), shoppers, bought, launched)


def _shopper(told: Mapping[str, Any]) -> Shopper:
    return Shopper(
        told["id"],
        tuple(told["languages"]),
        tuple(Taste(**taste) for taste in told["tastes"]),
        Taste(**told["brand"]) if told["brand"] else None,
        told["price_sensitivity"],
        told["popularity_pull"],
        told["cold"],
    )


def _time(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
