"""Things to try, made of what a catalogue has: needs that some of its products meet, and a product it might get."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.ontology import Family, family
from core.recommend.serve.policy import BRAND, CATEGORY, Trait
from core.recommend.serve.shelf import Rows, Shelf

Form = Literal["for", "under", "without", "alone"]
KINDS = frozenset({"productType", CATEGORY})
_SPOKEN = frozenset(
    {Family.SUBSTANCE, Family.APPEARANCE, Family.SENSE, Family.FEATURE, Family.USE, Family.PEOPLE}
)
_LOOKED_AT = frozenset({Family.SUBSTANCE, Family.APPEARANCE})
"""What one may well not want: a colour, a material."""
_FEWEST, _LARGEST_SHARE = 3, 0.5
"""A trait that is spoken of is held by so many products at least, and by at most this share of all."""
_LONGEST = 30
_MOST = 80
_PARTS = 5


@dataclass(frozen=True, slots=True)
class Example:
    """What one kind of thing is wanted for, what it may cost at most, or what it is to be without: words of two
    traits that products have together (``without``: some of those with the first; ``alone``: of one trait)."""

    form: Form
    first: str
    second: str
    price: float | None = None


def needs(shelf: Shelf) -> tuple[Example, ...]:
    """At most one of each form, each of other traits, commoner ones first; where no two go together the commonest
    trait or brand alone. Empty for a shelf without any."""
    spoken = _spoken(shelf)
    found: list[Example] = []
    used: set[Trait] = set()
    for form in ("for", "under", "without"):
        best = max(_pairs(form, spoken, used), key=lambda pair: pair[0], default=None)
        if best is None:
            continue
        _, first, second = best
        used |= {first, second}
        price = _price(shelf, _both(spoken, first, second)) if form == "under" else None
        found.append(Example(form, shelf.name(first), shelf.name(second), price))
    alone = spoken or _common(shelf, lambda trait: trait.relation == BRAND)
    if not found and alone:
        commonest, rows = next(iter(alone.items()))
        return (Example("alone", shelf.name(commonest), "", _price(shelf, rows)),)
    return tuple(found)


def sketch(shelf: Shelf) -> str:
    """The words of the product that shares the most traits with others, what it is first; "" for none."""
    held: dict[int, dict[str, str]] = {}
    for trait, rows in sorted(_spoken(shelf).items(), key=lambda pair: pair[0].relation not in KINDS):
        for row in rows.tolist():
            held.setdefault(row, {}).setdefault(trait.relation, shelf.name(trait))
    fullest = max(held, key=lambda row: (bool(held[row].keys() & KINDS), len(held[row]), -row), default=None)
    return "" if fullest is None else ", ".join([*held[fullest].values()][:_PARTS])


def _spoken(shelf: Shelf) -> dict[Trait, Rows]:
    """The commonest traits that a need would name, with the places of their products."""
    return _common(shelf, lambda trait: family(trait.relation) in _SPOKEN or trait.relation in KINDS)


def _common(shelf: Shelf, asked: Callable[[Trait], bool]) -> dict[Trait, Rows]:
    chosen = [
        (trait, rows)
        for trait, rows in shelf.traits.items()
        if asked(trait)
        and _FEWEST <= len(rows) <= max(_FEWEST, _LARGEST_SHARE * len(shelf))
        and len(name := shelf.name(trait)) <= _LONGEST
        and any(letter.isalpha() for letter in name)
    ]
    chosen.sort(key=lambda pair: (-len(pair[1]), pair[0].relation, pair[0].value))
    return dict(chosen[:_MOST])


def _pairs(
    form: Form, spoken: Mapping[Trait, Rows], used: set[Trait]
) -> Iterator[tuple[tuple[bool, int], Trait, Trait]]:
    """((whether the first is a kind of product, how well they go together), first, second)."""
    free = [trait for trait in spoken if trait not in used]
    for first, second in permutations(free, 2):
        kind = family(second.relation)
        if (
            first.relation == second.relation
            or second.relation in KINDS
            or (kind is Family.USE) != (form == "for")
        ):
            continue
        if family(first.relation) is Family.USE or (form == "without" and kind not in _LOOKED_AT):
            continue
        together = len(_both(spoken, first, second))
        apart = len(spoken[first]) - together
        fit = min(together, apart) if form == "without" else together
        if fit >= _FEWEST:
            yield (first.relation in KINDS, fit), first, second


def _both(spoken: Mapping[Trait, Rows], first: Trait, second: Trait) -> NDArray[np.int64]:
    return np.intersect1d(spoken[first], spoken[second], assume_unique=True)


def _price(shelf: Shelf, rows: Sequence[int] | NDArray[np.int64]) -> float | None:
    """A round price that half of these products are below; None where most have none."""
    known = shelf.price[rows]
    known = known[~np.isnan(known)]
    if not len(known) or 2 * len(known) < len(rows):
        return None
    middle = float(np.median(known))
    step = 10.0 ** max(0.0, np.floor(np.log10(max(middle, 1.0))))
    return float(np.ceil(middle / step) * step)
