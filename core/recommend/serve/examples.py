"""Things to try, made of what a catalogue has: needs that some of its products meet, and a product it might get."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import numpy as np

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
    pairs, used = _pairs(spoken, len(shelf)), set[Trait]()
    found: list[Example] = []
    for form in ("for", "under", "without"):
        fitting = ((pair.fit(form), pair) for pair in pairs if not used & {pair.first, pair.second})
        (_, fit), best = max(fitting, key=lambda rated: rated[0], default=((False, 0), None))
        if best is None or not fit:
            continue
        used |= {best.first, best.second}
        both = np.intersect1d(spoken[best.first], spoken[best.second], assume_unique=True)
        price = _price(shelf, both) if form == "under" else None
        found.append(Example(form, shelf.name(best.first), shelf.name(best.second), price))
    alone = spoken or _common(shelf, lambda trait: trait.relation == BRAND)
    if not found and alone:
        commonest, rows = next(iter(alone.items()))
        return (Example("alone", shelf.name(commonest), "", _price(shelf, rows)),)
    return tuple(found)


def sketch(shelf: Shelf) -> str:
    """The words of the product that shares the most kinds of traits with others, what it is first; "" for none."""
    spoken = sorted(_spoken(shelf).items(), key=lambda pair: pair[0].relation not in KINDS)
    if not spoken:
        return ""
    weight = np.zeros(len(shelf), np.int64)
    for relation in {trait.relation for trait, _ in spoken}:
        rows = np.unique(np.concatenate([rows for trait, rows in spoken if trait.relation == relation]))
        # What a product is counts more than all that can be said of it.
        weight[rows] += len(spoken) if relation in KINDS else 1
    fullest, words = int(weight.argmax()), dict[str, str]()
    for trait, rows in spoken:
        if fullest in rows:
            words.setdefault(trait.relation, shelf.name(trait))
    return ", ".join([*words.values()][:_PARTS])


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two traits of different relations, and how many products have both and only the first."""

    first: Trait
    second: Trait
    together: int
    apart: int

    def fit(self, form: Form) -> tuple[bool, int]:
        """Whether the first is a kind of product, and how many products speak for a need of that form (0: too few)."""
        kind, named = self.first.relation in KINDS, family(self.second.relation)
        if (named is Family.USE) != (form == "for") or (form == "without" and named not in _LOOKED_AT):
            return False, 0
        fit = min(self.together, self.apart) if form == "without" else self.together
        return (kind, fit) if fit >= _FEWEST else (False, 0)


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


def _pairs(spoken: Mapping[Trait, Rows], products: int) -> list[_Pair]:
    import scipy.sparse as sp

    traits, sizes = list(spoken), [len(rows) for rows in spoken.values()]
    columns = np.concatenate([np.empty(0, np.int64), *spoken.values()])
    held = sp.csr_matrix(
        (np.ones(len(columns), np.int64), (np.repeat(np.arange(len(traits)), sizes), columns)),
        shape=(len(traits), products),
    )
    together = (held @ held.T).toarray()
    return [
        _Pair(traits[a], traits[b], int(together[a, b]), int(sizes[a] - together[a, b]))
        for a, b in permutations(range(len(traits)), 2)
        if traits[a].relation != traits[b].relation
        and traits[b].relation not in KINDS
        and family(traits[a].relation) is not Family.USE
    ]


def _price(shelf: Shelf, rows: Rows) -> float | None:
    """A round price that half of these products are below; None where most have none."""
    known = shelf.price[rows]
    known = known[~np.isnan(known)]
    if not len(known) or 2 * len(known) < len(rows):
        return None
    middle = float(np.median(known))
    step = 10.0 ** max(0.0, np.floor(np.log10(max(middle, 1.0))))
    return float(np.ceil(middle / step) * step)
