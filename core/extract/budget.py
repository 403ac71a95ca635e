"""What a language model may cost, what it has cost, and what the next texts would."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from core.errors import ConfigError

MILLION = 1_000_000
STOPS = ("tokens", "time", "money")


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens given to a model and written by it."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out)

    @property
    def tokens(self) -> float:
        """Both."""
        return self.tokens_in + self.tokens_out


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens given and written; None where the model has no price."""

    price_in: float | None = None
    price_out: float | None = None

    def of(self, cost: Cost) -> float | None:
        """What tokens cost; None for a model without a price."""
        if self.price_in is None and self.price_out is None:
            return None
        return (cost.tokens_in * (self.price_in or 0.0) + cost.tokens_out * (self.price_out or 0.0)) / MILLION


@dataclass(frozen=True, slots=True)
class Limits:
    """Where reading with a model stops: tokens, seconds, money; 0 for no limit. Raises ConfigError for less."""

    tokens: float = 0.0
    seconds: float = 0.0
    money: float = 0.0

    def __post_init__(self) -> None:
        if min(self.tokens, self.seconds, self.money) < 0:
            raise ConfigError("A budget cannot be negative.", remedy="Give 0 or more.")


@dataclass
class Budget:
    """Limits and what is spent of them. ``stopped`` says which limit (of ``STOPS``) ended the reading, "" for none."""

    limits: Limits = field(default_factory=Limits)
    price: Price = field(default_factory=Price)
    spent: Cost = field(default_factory=Cost)
    seconds: float = 0.0
    stopped: str = ""
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._began: float | None = None
        self._before = self.seconds
        self._counted = self.spent

    def start(self) -> None:
        """The reading begins now."""
        self._began = self.clock()

    def charge(self, cost: Cost) -> None:
        """Count what a reply has cost."""
        self.spent += cost

    @property
    def elapsed(self) -> float:
        """Seconds spent reading, those of earlier attempts too."""
        return self._before + (self.clock() - self._began if self._began is not None else 0.0)

    def allows(self, costs: Iterable[Cost]) -> int:
        """How many of the next texts fit, in their order, by what they are expected to cost; notes what stands in the
        way of the first that does not. Time is forecast by the pace so far."""
        known, fits = self.spent, 0
        for cost in costs:
            known += cost
            self.stopped = self._beyond(known, known + Cost(-self.spent.tokens_in, -self.spent.tokens_out))
            if self.stopped:
                return fits
            fits += 1
        return fits

    def _beyond(self, spent: Cost, ahead: Cost) -> str:
        money = self.price.of(spent)
        if self.limits.tokens and spent.tokens > self.limits.tokens:
            return "tokens"
        if self.limits.seconds and self.elapsed + self._seconds_for(ahead) > self.limits.seconds:
            return "time"
        if self.limits.money and money is not None and money > self.limits.money:
            return "money"
        return ""

    def _seconds_for(self, ahead: Cost) -> float:
        """Seconds by the pace of this attempt; 0 before there is any."""
        done = self.spent.tokens - self._counted.tokens
        passed = self.elapsed - self._before
        return ahead.tokens * passed / done if done else 0.0
