"""Shoppers with known tastes: a seeded simulation of a year of views, carts and purchases of the sample.

What a shopper feels for a product is a sum of named parts (``Part``), so that for every purchase it is known what
drove it and explanations can be checked against the truth. ``assets/sample/README.md`` tells the model in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from core.catalogue.sample import SampleProduct
from core.catalogue.sample_market import Flags, Floats, Market
from core.catalogue.sample_shoppers import DAY, Rules, Shopper, draw_shopper, pick, readable
from core.catalogue.sample_utility import Part, parts_at, steady_parts
from core.domain import Event, EventKind
from core.errors import DataError
from core.ontology import family

_HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 4, 7, 8, 8, 8, 9, 11, 10, 8, 8, 9, 11, 14, 18, 21, 20, 13, 6], dtype=np.float64
)


@dataclass(frozen=True, slots=True)
class Driver:
    """What spoke most for a purchase, compared with the average product on sale.

    ``kind`` is fact, brand, price, popularity, accessory, sharedUse, season, novelty or chance; ``family`` that of
    its relation in the ontology (``other`` where it has none); ``value`` the value, or the id of the product bought
    before; ``share`` its part of everything that spoke for the purchase.
    """

    kind: str
    family: str
    relation: str
    value: str
    share: float


CHANCE = Driver("chance", "other", "", "", 0.0)
"""The driver of a purchase that nothing spoke for."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase event with the truth about it."""

    shopper_id: str
    product_id: str
    time: float
    driver: Driver


@dataclass(frozen=True, slots=True)
class Simulation:
    """Events in order of time, and what is true of those who made them.

    ``unsold`` are products nobody could see, ``arrivals`` the launch times of products new in the last weeks.
    """

    events: tuple[Event, ...]
    shoppers: tuple[Shopper, ...]
    purchases: tuple[Purchase, ...]
    unsold: tuple[str, ...]
    arrivals: dict[str, float]


def simulate(products: Sequence[SampleProduct], rules: Rules | None = None) -> Simulation:
    """Simulate a year of shopping; the same products and rules give the same events on any machine."""
    rules = rules or Rules()
    if len(products) < rules.unsold + rules.arrivals + 10:
        raise DataError("There are too few products to simulate shoppers.", where="sample catalogue")
    market = Market(tuple(products))
    dice = np.random.default_rng([rules.seed, 0])
    launched = _launches(market, rules, dice)
    cold = set(dice.permutation(rules.shoppers)[: rules.cold_shoppers].tolist())
    people, events, purchases = [], [], []
    for number in range(rules.shoppers):
        own = np.random.default_rng([rules.seed, number + 1])
        shopper = draw_shopper(f"s{number + 1:03d}", market, rules, own, number in cold)
        visit = _Visitor(shopper, market, rules, own, launched)
        visit.run()
        people.append(shopper)
        events += visit.events
        purchases += visit.purchases
    order = {EventKind.VIEW: 0, EventKind.CART: 1, EventKind.PURCHASE: 2}
    events.sort(key=lambda event: (event.time, event.shopper_id, order[event.kind], event.product_id))
    purchases.sort(key=lambda purchase: (purchase.time, purchase.shopper_id, purchase.product_id))
    begin = rules.end - rules.days * DAY
    ids = [product.id for product in products]
    return Simulation(
        tuple(events),
        tuple(people),
        tuple(purchases),
        tuple(ids[i] for i in np.flatnonzero(np.isposinf(launched))),
        {ids[i]: float(launched[i]) for i in np.flatnonzero(np.isfinite(launched) & (launched > begin))},
    )


def _launches(market: Market, rules: Rules, dice: np.random.Generator) -> Floats:
    """Time from which each product can be seen: minus infinity for old ones, infinity for those never sold."""
    launched = np.full(len(market.products), -np.inf)
    reviews = np.array([len(product.reviews) for product in market.products])
    slow = np.flatnonzero(market.popularity <= 1)
    shuffled = slow[dice.permutation(len(slow))]
    ranked = shuffled[np.argsort(reviews[shuffled], kind="stable")]
    launched[ranked[: rules.unsold]] = np.inf
    for step, index in enumerate(ranked[rules.unsold : rules.unsold + rules.arrivals]):
        launched[index] = rules.end - (rules.arrival_days - 1.5 * step) * DAY
    return launched


@dataclass(slots=True)
class _Visitor:
    """One shopper's year, visit by visit."""

    shopper: Shopper
    market: Market
    rules: Rules
    dice: np.random.Generator
    launched: Floats
    events: list[Event] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    bought: dict[int, float] = field(default_factory=dict)
    shown: Flags = field(init=False)
    steady: list[Part] = field(init=False)

    def __post_init__(self) -> None:
        self.shown = readable(self.market, self.shopper.languages)
        self.steady = steady_parts(self.shopper, self.market, self.rules, self.launched)

    def run(self) -> None:
        """Make all events of this shopper."""
        if self.shopper.cold:
            self._glance()
            return
        for start in self._visits():
            self._visit(start)
        if len(self.events) < 3:
            self._visit(self._moment(self.rules.end - 60 * DAY, self.rules.end - 30 * DAY), views=4)

    def _moment(self, first: float, last: float) -> float:
        day = first + np.floor(self.dice.random() * (last - first) / DAY) * DAY
        midnight = day - day % DAY
        time = midnight + (pick(_HOURS, self.dice) + self.dice.random()) * 3600
        return float(min(time, self.rules.end - 3600))

    def _visits(self) -> Iterator[float]:
        """Starts of the visits: most people shop all year, some join later; a few come very often."""
        end = self.rules.end
        begin = end - self.rules.days * DAY
        if self.dice.random() < 0.3:
            begin += float(self.dice.random()) * 0.8 * self.rules.days * DAY
        eagerness = 0.45 - 0.75 * float(np.log(1 - self.dice.random()))
        count = max(
            2, round(self.rules.sessions * eagerness * (0.4 + 0.6 * (end - begin) / (self.rules.days * DAY)))
        )
        starts = sorted(self._moment(begin, end) for _ in range(count))
        for previous, start in zip([-np.inf, *starts], starts, strict=False):
            if start - previous > 7200:
                yield start

    def _glance(self) -> None:
        """One or two events in the last weeks, and no more."""
        time = self._moment(self.rules.end - 56 * DAY, self.rules.end)
        parts = self._parts(time)
        product = pick(self._chances(parts, time, 1.0), self.dice)
        self._record(product, EventKind.VIEW, time)
        if self.dice.random() < 0.6:
            self._record(product, EventKind.PURCHASE, time + 240)
            self.purchases.append(self._purchase(product, time + 240, parts))

    def _visit(self, time: float, views: int = 0) -> None:
        views = views or 1 + pick(np.array([3.0, 4, 3, 2, 1, 1]), self.dice)
        for _ in range(3):
            time, sold = self._round(time, views)
            if not sold or self.dice.random() > 0.35:
                return
            views = 1 + int(self.dice.random() * 3)

    def _round(self, time: float, views: int) -> tuple[float, bool]:
        """Look at some products, then buy one of them or none, by softmax; returns the time after and whether sold."""
        parts = self._parts(time)
        chances = self._chances(parts, time, self.rules.exploration)
        seen: list[int] = []
        for _ in range(views):
            product = pick(chances, self.dice)
            chances[product] = 0.0
            seen.append(product)
            self._record(product, EventKind.VIEW, time)
            time += 15 + round(120 * float(self.dice.random()) ** 2)
        appeal = self._chances(parts, time, 1.0)
        nothing = appeal.sum() * np.exp(-self.rules.reluctance)
        choice = pick(np.append(appeal[seen], nothing), self.dice)
        if choice == len(seen):
            if self.dice.random() < 0.25:
                self._record(seen[pick(appeal[seen], self.dice)], EventKind.CART, time)
            return time + 30, False
        product = seen[choice]
        if self.dice.random() < 0.9:
            self._record(product, EventKind.CART, time)
        time += 40 + round(200 * float(self.dice.random()))
        self._record(product, EventKind.PURCHASE, time)
        self.purchases.append(self._purchase(product, time, parts))
        self.bought[product] = time
        return time + 20, True

    def _record(self, product: int, kind: EventKind, time: float) -> None:
        self.events.append(
            Event(self.shopper.id, self.market.products[product].id, kind, float(np.floor(time)))
        )

    def _parts(self, time: float) -> list[Part]:
        return parts_at(time, self.steady, self.bought, self.market, self.rules)

    def _chances(self, parts: list[Part], time: float, temperature: float) -> Floats:
        """Softmax weights over what is on sale, less what is foreign to the reader or owned already."""
        utility = np.sum([values for _, values in parts], axis=0)
        utility = utility + np.where(self.shown, 0.0, self.rules.foreign)
        utility[list(self.bought)] += self.rules.owned
        utility = utility / temperature
        chances: Floats = np.where(self.launched <= time, np.exp(utility - utility.max()), 0.0)
        return chances

    def _purchase(self, product: int, time: float, parts: list[Part]) -> Purchase:
        """The purchase with its driver: the part that raises this product most above the average one on sale."""
        shown = (self.launched <= time) & self.shown
        table = np.stack([values for _, values in parts])
        gains = np.where(table[:, product] > 0, table[:, product] - table[:, shown].mean(axis=1), 0.0)
        best = int(np.argmax(gains))
        lift = float(gains[gains > 0].sum())
        if lift < 0.01:
            return Purchase(self.shopper.id, self.market.products[product].id, float(np.floor(time)), CHANCE)
        share = round(float(gains[best]) / lift, 3)
        kind, relation, value = parts[best][0]
        if kind == "season":
            relation, value = self.market.in_season(product, datetime.fromtimestamp(time, UTC).month)
        driver = Driver(kind, family(relation).value, relation, value, share)
        return Purchase(self.shopper.id, self.market.products[product].id, float(np.floor(time)), driver)
