"""What a policy looks at: prices, stock, popularity, traits and vectors of the products a run can rank."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact, Node, Product
from core.recommend.serve.policy import BRAND, CATEGORY, Policy, Trait

Rows = NDArray[np.int64]
HEAD_SHARE = 0.2
"""The best known fifth of the products is the head, the rest the long tail (Abdollahpouri et al., RecSys 2017)."""
OUT, UNTOLD, IN = 0, -1, 1
_STOCK_COLUMN = re.compile(r"stock|availab|inventory|库存|有货|现货", re.IGNORECASE)
_OUT_WORDS = re.compile(
    r"out\W*of\W*stock|sold\W*out|unavailable|discontinued|^no$|^false$|^n$|缺货|无货|售罄|^无$|^否$",
    re.IGNORECASE,
)
_IN_WORDS = re.compile(r"in\W*stock|available|limited|^yes$|^true$|^y$|有货|现货|^有$|^是$", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Shelf:
    """The products in the order of the recommender's ids.

    ``price`` is float64[n] (NaN where not known), ``stock`` int8[n] of OUT, UNTOLD and IN, ``counts`` float32[n] the
    shoppers of each product in training, ``vectors`` float32[n, size] of length one. ``traits`` has the places of the
    products with each trait, ascending, and ``names`` its words: the label first, then aliases. ``withheld`` are the
    places of products that must not be shown.
    """

    products: tuple[str, ...]
    price: NDArray[np.float64]
    stock: NDArray[np.int8]
    counts: NDArray[np.float32]
    vectors: NDArray[np.float32]
    traits: Mapping[Trait, Rows]
    names: Mapping[Trait, tuple[str, ...]]
    withheld: Rows = field(default_factory=lambda: np.empty(0, np.int64))

    @staticmethod
    def of(
        ids: Sequence[str],
        products: Mapping[str, Product],
        facts: Iterable[Fact],
        nodes: Mapping[str, Node],
        counts: NDArray[np.float32],
        vectors: NDArray[np.floating],
        withheld: Rows | None = None,
    ) -> Shelf:
        """From the catalogue and the facts of a graph; products that left the catalogue have no price and no trait."""
        place = {product: row for row, product in enumerate(ids)}
        known = [products.get(product) for product in ids]
        found: dict[tuple[str, str], set[int]] = {}
        for row, product in enumerate(known):
            for relation, value in ((BRAND, product.brand), (CATEGORY, product.category)) if product else ():
                if value:
                    found.setdefault((relation, value), set()).add(row)
        columns = set(found)
        for fact in facts:
            row = place.get(fact.subject.removeprefix("product:"), -1)
            # Brand and category are what the catalogue says they are; the graph's would be the same words twice.
            if row >= 0 and fact.relation not in (BRAND, CATEGORY):
                found.setdefault((fact.relation, fact.object), set()).add(row)
        keys = {key: Trait(relation=key[0], value=key[1][:400]) for key in found}
        return Shelf(
            tuple(ids),
            np.array([np.nan if p is None or p.price is None else p.price for p in known], np.float64),
            np.array([stock_of(p) if p else UNTOLD for p in known], np.int8),
            np.asarray(counts, np.float32),
            _unit(vectors),
            {keys[key]: np.array(sorted(rows), np.int64) for key, rows in found.items()},
            {
                trait: (key[1],) if key in columns else _names(nodes.get(key[1]), key[1])
                for key, trait in keys.items()
            },
            np.empty(0, np.int64) if withheld is None else withheld,
        )

    def __len__(self) -> int:
        return len(self.products)

    def name(self, trait: Trait) -> str:
        """The words of a trait; its value where the graph no longer has it."""
        return self.names.get(trait, (trait.value.partition(":")[2] or trait.value,))[0]

    def with_trait(self, trait: Trait) -> Rows:
        """int64: places of the products that have it."""
        return self.traits.get(trait, np.empty(0, np.int64))

    def allowed(self, policy: Policy) -> NDArray[np.bool_]:
        """bool[n]: which products the filters of a policy let through.

        A product without a price is outside any price band; one whose stock is not told counts as in stock.
        """
        free = np.ones(len(self), bool)
        for relation in dict.fromkeys(trait.relation for trait in policy.wanted):
            free &= self._any(trait for trait in policy.wanted if trait.relation == relation)
        free &= ~self._any(policy.unwanted)
        if policy.price_from is not None:
            free &= self.price >= policy.price_from
        if policy.price_to is not None:
            free &= self.price <= policy.price_to
        return free & (self.stock != OUT) if policy.in_stock else free

    def why_not(self, policy: Policy, row: int) -> tuple[str, Trait | None]:
        """What keeps a product out: "stock", "price", "unwanted" (with the trait), "wanted"; "" where nothing does."""
        if policy.in_stock and self.stock[row] == OUT:
            return "stock", None
        band = policy.with_(wanted=(), unwanted=(), in_stock=False)
        if not self.allowed(band)[row]:
            return "price", None
        unwanted = next((trait for trait in policy.unwanted if row in self.with_trait(trait)), None)
        if unwanted:
            return "unwanted", unwanted
        return ("", None) if self.allowed(policy)[row] else ("wanted", None)

    def boost(self, policy: Policy) -> NDArray[np.float64]:
        """float64[n]: the weights of the rules that apply to each product, added."""
        total = np.zeros(len(self))
        for rule in policy.boosts:
            total[self.with_trait(rule.trait)] += rule.weight
        return total

    @cached_property
    def frequent(self) -> tuple[Trait, ...]:
        """All traits, those of most products first."""
        return tuple(sorted(self.traits, key=lambda trait: -len(self.traits[trait])))

    @cached_property
    def columns(self) -> Mapping[str, tuple[Trait, ...]]:
        """The traits of the catalogue's own columns, BRAND and CATEGORY, by their words."""
        found: dict[str, list[Trait]] = {CATEGORY: [], BRAND: []}
        for trait in self.traits:
            if trait.relation in found:
                found[trait.relation].append(trait)
        return {name: tuple(sorted(own, key=lambda trait: trait.value)) for name, own in found.items()}

    @cached_property
    def facts(self) -> tuple[Trait, ...]:
        """The other traits, those of most products first."""
        return tuple(trait for trait in self.frequent if trait.relation not in self.columns)

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """float64[n] in [0, 1]: log(1 + shoppers), 1 for the best known product."""
        logs = np.log1p(self.counts.astype(np.float64))
        return np.asarray(logs / max(float(logs.max(initial=0.0)), 1e-12))

    @cached_property
    def tail(self) -> NDArray[np.bool_]:
        """bool[n]: whether a product is of the long tail."""
        order = np.argsort(-self.counts, kind="stable")
        tail = np.ones(len(self), bool)
        tail[order[: int(np.ceil(HEAD_SHARE * len(self)))]] = False
        return tail

    @cached_property
    def surprise(self) -> NDArray[np.float64]:
        """float64[n] in bits: −log2 of a product's share of all events, one event added to each."""
        counts = self.counts.astype(np.float64) + 1.0
        return np.asarray(-np.log2(counts / counts.sum()))

    def _any(self, traits: Iterable[Trait]) -> NDArray[np.bool_]:
        found = np.zeros(len(self), bool)
        for trait in traits:
            found[self.with_trait(trait)] = True
        return found


def stock_of(product: Product) -> int:
    """OUT, IN or UNTOLD, from a column named after stock or availability."""
    told = [value.strip() for name, value in product.attributes.items() if _STOCK_COLUMN.search(name)]
    for value in filter(None, told):
        try:
            return IN if float(value.replace(",", "")) > 0 else OUT
        except ValueError:
            if _OUT_WORDS.search(value):
                return OUT
            if _IN_WORDS.search(value):
                return IN
    return UNTOLD


def _names(node: Node | None, value: str) -> tuple[str, ...]:
    if node is None:
        return (value.partition(":")[2] or value,)
    return tuple(dict.fromkeys((node.label, *node.aliases)))


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
