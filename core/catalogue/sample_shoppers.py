"""Simulated shoppers: what they read, what they like and how much, drawn from values the sample's products share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from core.catalogue.sample_market import MIN_CARRIERS, Fact, Flags, Floats, Market
from core.errors import DataError

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The constants of the simulation; utilities are log-odds."""

    seed: int = 20260930
    shoppers: int = 400
    cold_shoppers: int = 30
    days: int = 365
    end: float = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
    unsold: int = 6
    arrivals: int = 10
    arrival_days: int = 24
    sessions: float = 8.5
    taste: tuple[float, float] = (1.3, 2.6)
    brand: tuple[float, float] = (1.3, 2.4)
    brand_share: float = 0.4
    price: tuple[float, float] = (0.0, 0.9)
    popularity: tuple[float, float] = (0.15, 0.55)
    accessory: float = 4.6
    shared_use: float = 1.1
    fading_days: float = 45.0
    season: float = 0.7
    novelty: float = 1.6
    foreign: float = -5.0
    owned: float = -6.0
    exploration: float = 1.5
    reluctance: float = 3.6


@dataclass(frozen=True, slots=True)
class Taste:
    """A fact that a shopper likes, and how much."""

    relation: str
    value: str
    weight: float


@dataclass(frozen=True, slots=True)
class Shopper:
    """One simulated person. ``languages`` are those they read; ``brand`` is a liked brand, if any."""

    id: str
    languages: tuple[str, ...]
    tastes: tuple[Taste, ...]
    brand: Taste | None
    price_sensitivity: float
    popularity_pull: float
    cold: bool


def pick(weights: Floats, dice: np.random.Generator) -> int:
    """Draw an index with probability proportional to its weight."""
    edges = np.cumsum(weights)
    return min(int(np.searchsorted(edges, dice.random() * edges[-1], side="right")), len(weights) - 1)


def _uniform(bounds: tuple[float, float], dice: np.random.Generator) -> float:
    return round(bounds[0] + (bounds[1] - bounds[0]) * float(dice.random()), 3)


def draw_shopper(name: str, market: Market, rules: Rules, dice: np.random.Generator, cold: bool) -> Shopper:
    """Draw one person. Languages follow the share of Chinese products; some people read both."""
    chinese = float(market.chinese.mean())
    draw = float(dice.random())
    languages: tuple[str, ...] = ("en",)
    if draw < 0.8 * chinese:
        languages = ("zh",)
    elif draw < 1.2 * chinese:
        languages = ("en", "zh")
    shown = readable(market, languages)
    facts = _liked(market, shown, 2 + int(dice.random() < 0.55), dice)
    tastes = tuple(Taste(*fact, _uniform(rules.taste, dice)) for fact in facts)
    brands = [name for name in market.liked_brands if any(np.array(market.brands)[shown] == name)]
    likes_brand = bool(brands) and dice.random() < rules.brand_share
    brand = (
        Taste("brand", brands[int(dice.random() * len(brands))], _uniform(rules.brand, dice))
        if likes_brand
        else None
    )
    return Shopper(
        name, languages, tastes, brand, _uniform(rules.price, dice), _uniform(rules.popularity, dice), cold
    )


def readable(market: Market, languages: tuple[str, ...]) -> Flags:
    """Which products are in a language of the reader."""
    return np.where(market.chinese, "zh" in languages, "en" in languages)


def _liked(market: Market, shown: Flags, count: int, dice: np.random.Generator) -> list[Fact]:
    """Values that go together: the first by how many products carry it, the next by how often they meet the first."""
    seen = market.carried[:, shown]
    common = np.flatnonzero(seen.sum(axis=1) >= MIN_CARRIERS)
    facts = [list(market.carriers)[index] for index in common]
    if len(facts) < count:
        raise DataError("Too few values are shared by products.", where="sample catalogue")
    flags = seen[common]
    weights = np.sqrt(flags.sum(axis=1))
    liked: list[int] = []
    for _ in range(count):
        liked.append(pick(weights, dice))
        weights = weights if len(liked) > 1 else (flags @ flags[liked[0]]) / np.sqrt(flags.sum(axis=1)) + 0.15
        weights = np.where(np.isin(np.arange(len(facts)), liked), 0.0, weights)
    return [facts[index] for index in liked]
