"""What the simulator knows of the sample's assortment: who carries which value, what fits what, what is in season."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.catalogue.sample import SampleProduct, fold_value

Fact = tuple[str, str]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

TASTE_RELATIONS = frozenset(
    [
        "material",
        "ingredient",
        "color",
        "style",
        "flavor",
        "scent",
        "feature",
        "usedFor",
        "usedIn",
        "solves",
        "audience",
        "suitedTo",
    ]
)
"""Relations that a taste may be about; quantities, types and links are not tastes."""

MIN_CARRIERS = 3
"""A value is a possible taste or liked brand when at least this many products carry it."""

CNY_PER_EUR = 7.8

PEAK_MONTH = {
    **dict.fromkeys(
        ["camping", "picnics", "backpacking", "tent", "sunburn", "campsite", "露营", "野餐", "户外", "防晒"],
        7,
    ),
    **dict.fromkeys(["hiking", "cycling", "garden", "balcony", "grilling", "徒步", "登山", "骑行"], 6),
    **dict.fromkeys(
        ["travel", "planes", "cold brew", "frequent travellers", "旅行", "出差", "飞机", "高铁"], 8
    ),
    **dict.fromkeys(["gifts", "baking", "送礼"], 12),
    **dict.fromkeys(["dry skin", "chapped lips", "afternoon tea", "poor sleep", "干燥", "干皮", "起皮"], 1),
    **dict.fromkeys(["students", "school", "desk", "home office", "学生党", "宿舍", "办公室"], 9),
}
"""Values that sell with the calendar, and the month in which they sell best."""


@dataclass(frozen=True)
class Market:
    """The assortment as arrays over the products, in the order given."""

    products: Sequence[SampleProduct]

    @cached_property
    def position(self) -> dict[str, int]:
        """Index of a product by its id."""
        return {product.id: index for index, product in enumerate(self.products)}

    @cached_property
    def facts(self) -> tuple[frozenset[Fact], ...]:
        """What the text of each product states."""
        return tuple(product.facts for product in self.products)

    @cached_property
    def carriers(self) -> dict[Fact, Flags]:
        """For every possible taste, which products carry it; sorted by relation and value."""
        wanted = sorted({fact for facts in self.facts for fact in facts if fact[0] in TASTE_RELATIONS})
        flags = {fact: np.array([fact in facts for facts in self.facts]) for fact in wanted}
        return {fact: carried for fact, carried in flags.items() if carried.sum() >= MIN_CARRIERS}

    @cached_property
    def carried(self) -> Floats:
        """The carriers as a matrix of ones and zeros: possible tastes by products."""
        return np.stack([*self.carriers.values()]).astype(np.float64)

    @cached_property
    def brands(self) -> tuple[str, ...]:
        """The folded brand of each product: of its column, else of its text, else empty."""
        return tuple(_brand(product) for product in self.products)

    @cached_property
    def liked_brands(self) -> tuple[str, ...]:
        """Brands with enough products to be liked."""
        names = sorted(set(self.brands) - {""})
        return tuple(name for name in names if self.brands.count(name) >= MIN_CARRIERS)

    @cached_property
    def dearness(self) -> Floats:
        """How dear each product is among its category, in standard deviations of the log price; 0 where unpriced."""
        rates = {"CNY": CNY_PER_EUR}
        logs = np.array(
            [math.log(p.price / rates.get(p.currency, 1.0)) if p.price else math.nan for p in self.products]
        )
        result = np.zeros(len(self.products))
        groups = np.array([product.group for product in self.products])
        for group in sorted(set(groups.tolist())):
            member = (groups == group) & ~np.isnan(logs)
            if member.sum() > 1 and logs[member].std() > 0:
                result[member] = (logs[member] - logs[member].mean()) / logs[member].std()
        return result

    @cached_property
    def popularity(self) -> Floats:
        """Base popularity, 0 for the long tail to 4 for the best sellers."""
        return np.array([product.popularity - 1.0 for product in self.products])

    @cached_property
    def chinese(self) -> Flags:
        """Which products are written in Chinese."""
        return np.array([product.language == "zh" for product in self.products])

    @cached_property
    def fits(self) -> Flags:
        """``fits[a, b]``: the text of product a says that it is an accessory or spare part for product b."""
        known = frozenset(self.brands) - {""}
        targets = [_names(product, brand) for product, brand in zip(self.products, self.brands, strict=True)]
        result = np.zeros((len(targets), len(targets)), dtype=np.bool_)
        for a, facts in enumerate(self.facts):
            values = [value for relation, value in facts if relation == "isAccessoryOrSparePartFor"]
            for b, target in enumerate(targets):
                result[a, b] = a != b and any(target.is_meant_by(value, known) for value in values)
        return result

    @cached_property
    def uses(self) -> tuple[frozenset[str], ...]:
        """What each product is used for."""
        return tuple(
            frozenset(value for relation, value in facts if relation == "usedFor") for facts in self.facts
        )

    @cached_property
    def shared_use(self) -> Floats:
        """``shared_use[a, b]``: share of the uses of b that a has too; 0 on the diagonal."""
        size = len(self.products)
        result = np.zeros((size, size))
        for a, uses in enumerate(self.uses):
            for b, others in enumerate(self.uses):
                if a != b and others:
                    result[a, b] = len(uses & others) / len(others)
        return result

    def in_season(self, index: int, month: int) -> Fact:
        """The fact of a product that is nearest to its peak in a month; empty strings where it has no season."""
        seasonal = [fact for fact in self.facts[index] if fact[1] in PEAK_MONTH]
        return min(
            seasonal,
            key=lambda fact: (-math.cos((month - PEAK_MONTH[fact[1]]) * math.pi / 6), fact),
            default=("", ""),
        )

    @cached_property
    def seasonal(self) -> Floats:
        """``seasonal[month - 1, product]``: -1 out of season to 1 in the middle of it, 0 without a season."""
        months = np.arange(1, 13)
        columns = []
        for facts in self.facts:
            peaks = np.array(sorted(PEAK_MONTH[value] for _, value in facts if value in PEAK_MONTH))
            waves = np.cos((months[:, None] - peaks[None, :]) * (math.pi / 6))
            columns.append(waves.mean(axis=1) if peaks.size else np.zeros(12))
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class _Names:
    """The words by which other products' texts may mean a product."""

    words: frozenset[str]
    types: tuple[str, ...]
    brand: str

    def is_meant_by(self, value: str, brands: frozenset[str]) -> bool:
        if value.isascii():
            return _words(value) <= self.words
        named = any(brand in value for brand in brands)
        return any(kind in value for kind in self.types) and (
            not named or (bool(self.brand) and self.brand in value)
        )


def _names(product: SampleProduct, brand: str) -> _Names:
    title = product.title.text
    for fact in reversed(product.title.facts):
        if fact.relation == "isAccessoryOrSparePartFor":
            title = title[: fact.start] + title[fact.end :]
    types = tuple(sorted(value for relation, value in product.facts if relation == "productType"))
    return _Names(_words(f"{title} {brand}"), types, brand)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.removesuffix("s") for word in re.findall(r"[\w&'’-]+", text.casefold()))


def _brand(product: SampleProduct) -> str:
    if product.brand:
        return fold_value(product.brand)
    return min((value for relation, value in product.facts if relation == "brand"), default="")
