"""The facts a recommendation rests on: those that tie it to the history and that it would be worth less without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain import Fact
from core.ontology import Family, family

if (
    TYPE_CHECKING
):  # the module would bring torch, which takes seconds, to a page that may have nothing to rank
    from core.recommend.rank import Recommender

LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact of the product, the products of the history that share it or that it leads to, and what the score loses
    without it."""

    fact: Fact
    shared_with: tuple[str, ...]
    weight: float

    @property
    def is_link(self) -> bool:
        """Whether the fact leads to another product."""
        return family(self.fact.relation) is Family.LINK


def reasons(model: Recommender, history: Sequence[str], product_id: str, k: int = 4) -> list[Reason]:
    """The k facts that matter most: each is taken away, the product is scored again by the real model."""
    return reasons_of_all(model, history, [product_id], k)[0]


def reasons_of_all(
    model: Recommender, history: Sequence[str], products: Sequence[str], k: int = 4
) -> list[list[Reason]]:
    """The reasons of each product of a list, with all of the re-scoring in one batch."""
    owners = _owners(model, history)
    shared = {
        product: [fact for fact in model.facts_of(product) if _tie(fact) in owners] for product in products
    }
    variants: list[tuple[str, frozenset[str]]] = []
    for product, facts in shared.items():
        every = frozenset(fact.id for fact in model.facts_of(product))
        variants += [(product, every), *((product, every - {fact.id}) for fact in facts)]
    if not variants:
        return []
    scores = iter(model.score_fact_variants(history, variants).tolist())
    found: dict[str, list[Reason]] = {}
    for product, facts in shared.items():
        whole = next(scores)
        own = [Reason(fact, tuple(owners[_tie(fact)]), whole - next(scores)) for fact in facts]
        kept = sorted((r for r in own if r.weight > LEAST), key=lambda r: (-r.weight, r.fact.id))
        found[product] = kept[:k]
    return [found[product] for product in products]


def _owners(model: Recommender, history: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    """(relation, node) → the products of the history that have the fact; for a link (family, node) → those that it
    leads to, or that are what it leads to."""
    owners: dict[tuple[str, str], list[str]] = {}
    for product in dict.fromkeys(history):
        facts = model.facts_of(product)
        ends = {f"product:{product}", *(f.object for f in facts if family(f.relation) is Family.IDENTITY)}
        ties = {_tie(fact) for fact in facts} | {(Family.LINK.value, end) for end in ends}
        for tie in ties:
            owners.setdefault(tie, []).append(product)
    return owners


def _tie(fact: Fact) -> tuple[str, str]:
    kind = family(fact.relation)
    return (kind.value if kind is Family.LINK else fact.relation, fact.object)
