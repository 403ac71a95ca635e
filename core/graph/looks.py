"""One look at a value decides about all products that say it: errors repeat, so their doubts add up. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.graph.review import Item, Key, chance


@dataclass(frozen=True, slots=True)
class Look:
    """What is decided together: items of one category with the same relation and the same shared value.

    ``items`` has at least one; the first is the one that is shown large.
    """

    items: tuple[Item, ...]

    @property
    def lead(self) -> Item:
        """The item that is shown large."""
        return self.items[0]

    @property
    def others(self) -> tuple[Item, ...]:
        """The items beneath it."""
        return self.items[1:]

    @property
    def worth(self) -> float:
        """The value of the look: the sum of its items'."""
        return math.fsum(item.worth for item in self.items)

    @property
    def expected(self) -> float:
        """How many of its items a look is expected to change, between 0 and their number."""
        return math.fsum(chance(item.signals) for item in self.items)

    @property
    def products(self) -> int:
        """How many products say it."""
        return len({item.lead.subject for item in self.items})

    def led_by(self, item: Item) -> Look:
        """The same look with ``item`` shown large, whether it was among its items or not."""
        return Look((item, *(other for other in self.items if other.ids != item.ids)))


def value_of(item: Item) -> Key:
    """Category, relation and shared value: equal for the items of one look."""
    return item.category, item.lead.relation, item.value


def looks(items: Iterable[Item], *, by_value: bool = True) -> list[Look]:
    """The items in looks, first the look that is most worth it; each item is in one, and in each look the item that is
    most worth a look comes first.

    The result does not depend on the order of the items. Without ``by_value`` each item is a look of its own.
    """
    groups: dict[object, list[Item]] = {}
    for item in sorted(items, key=lambda item: (-item.worth, item.ids)):
        groups.setdefault(value_of(item) if by_value else item.ids, []).append(item)
    made = [Look(tuple(group)) for group in groups.values()]
    return sorted(made, key=lambda look: (-look.worth, look.lead.ids)) if by_value else made
