"""What tells a community apart: the facts its products share more often than others do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.graph.structure.network import Ints, Network
from core.ontology import Family, family

TRAITS = 8
EXAMPLES = 3
_UNTOLD = frozenset({Family.QUANTITY, Family.OTHER})


@dataclass(frozen=True, slots=True)
class Trait:
    """A value that ``count`` products of a community have, a share in (0, 1] of them; ``lift`` is that share over the
    share of all products that have it. ``facts`` are the ids of the surest facts that say so."""

    relation: str
    node: str
    count: int
    share: float
    lift: float
    facts: tuple[str, ...]


def traits(net: Network, of: Ints, most: int = TRAITS) -> tuple[tuple[Trait, ...], ...]:
    """The most telling traits of each community, the first first.

    A trait weighs its part of the Kullback–Leibler divergence of the community's products from all products:
    share × ln(lift). Values that only one of several products has, and measures, tell nothing.
    """
    count = int(of.max()) + 1 if len(of) else 0
    by_product = np.flatnonzero(net.product[net.subject])
    if not len(by_product):
        return ((),) * count
    products = np.bincount(of[net.product], minlength=count)
    values, inverse, total = _counted(net, by_product)
    keys, where, found = np.unique(
        of[net.subject[by_product]].astype(np.int64) * len(values) + inverse,
        return_inverse=True,
        return_counts=True,
    )
    community, value = keys // len(values), keys % len(values)
    share = found / np.maximum(products[community], 1)
    lift = share / (total[value] / max(int(net.product.sum()), 1))
    told = np.array([family(r) not in _UNTOLD for r in net.relations])[values % len(net.relations)]
    often = (found >= 2) | (products[community] < 3)
    score = np.where(often & (lift > 1), share * np.log(np.maximum(lift, 1)), 0.0)
    score = np.where(told[value], score, score * 0.25)
    order = np.lexsort((keys, -score, community))
    bounds = np.searchsorted(community[order], np.arange(count + 1))
    examples = _Examples(net, by_product, where)
    return tuple(
        tuple(
            Trait(
                net.relations[int(values[value[k]] % len(net.relations))],
                net.ids[int(values[value[k]] // len(net.relations))],
                int(found[k]),
                float(share[k]),
                float(lift[k]),
                examples.of(int(k)),
            )
            for k in order[bounds[c] : bounds[c + 1]][:most]
            if score[k] > 0
        )
        for c in range(count)
    )


def telling(found: Sequence[Trait], most: int = 2) -> tuple[Trait, ...]:
    """The traits that a community is named by: the first ones, each of a relation of its own."""
    chosen: dict[str, Trait] = {}
    for trait in found:
        if family(trait.relation) not in _UNTOLD:
            chosen.setdefault(trait.relation, trait)
    return tuple(chosen.values())[:most] or tuple(found[:1])


def _counted(net: Network, facts: Ints) -> tuple[Ints, Ints, Ints]:
    """The (object, relation) pairs of these facts as one number each, the pair of each fact, and how often it is."""
    pair = net.object[facts].astype(np.int64) * len(net.relations) + net.relation[facts]
    values, inverse, total = np.unique(pair, return_inverse=True, return_counts=True)
    return values, inverse, total


class _Examples:
    """The surest facts behind each community's traits."""

    def __init__(self, net: Network, facts: Ints, where: Ints) -> None:
        self._ids = net.fact_ids
        order = np.lexsort((facts, -net.confidence[facts], where))
        self._facts = facts[order]
        self._bounds = np.searchsorted(where[order], np.arange(int(where.max()) + 2))

    def of(self, key: int) -> tuple[str, ...]:
        start, end = self._bounds[key], self._bounds[key + 1]
        return tuple(self._ids[int(k)] for k in self._facts[start : min(end, start + EXAMPLES)])
