"""What each source adds to a graph: what it says alone, what others say too, and what others contradict."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.domain import Fact
from core.graph.model import PRODUCT, Graph

ASKED_SHARE = 0.1
"""A relation counts for completeness where at least this share of the products has a value of it."""
_SEVERAL = "\0"


@dataclass(frozen=True, slots=True)
class Contribution:
    """The part of one source.

    ``facts`` = ``alone`` + ``shared``; ``contradicted`` are those of them whose rivals another source asserts.
    Products, values and relations are those of its facts, with the ones that no other source speaks of. ``gain`` is
    what it adds to the completeness of the graph, in [0, 1]: the share of the asked (product, relation) pairs that it
    alone fills.
    """

    source: str
    facts: int = 0
    alone: int = 0
    contradicted: int = 0
    products: int = 0
    products_alone: int = 0
    values: int = 0
    values_alone: int = 0
    relations: int = 0
    relations_alone: tuple[str, ...] = ()
    gain: float = 0.0

    @property
    def shared(self) -> int:
        """Facts that another source asserts too."""
        return self.facts - self.alone


@dataclass(frozen=True, slots=True)
class Contributions:
    """All sources, the one with most facts first; ``completeness`` is the share of the asked (product, relation) pairs
    that any source fills; ``shared`` facts are of several sources; ``derived`` ones are of none."""

    sources: tuple[Contribution, ...]
    completeness: float
    asked: int
    shared: int
    derived: int


def contributions(graph: Graph) -> Contributions:
    """One pass over the facts. Facts that follow by rules are nobody's; evidence whose document names no source counts
    for the source ""."""
    facts = [fact for fact in graph.facts.values() if fact.supports]
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    owners: dict[str, dict[str, str]] = {"products": {}, "values": {}, "relations": {}}
    cells: dict[tuple[str, str], str] = {}
    for fact in facts:
        sources = fact.sources or ("",)
        only = sources[0] if len(sources) == 1 else _SEVERAL
        for source in sources:
            totals[source]["facts"] += 1
        if only is not _SEVERAL:
            totals[only]["alone"] += 1
        _own(owners["values"], fact.object, only)
        _own(owners["relations"], fact.relation, only)
        if fact.subject.startswith(PRODUCT):
            _own(owners["products"], fact.subject, only)
            _own(cells, (fact.subject, fact.relation), only)
    spread = _members(facts)
    asked = _asked(cells, len(owners["products"]))
    possible = len(owners["products"]) * len(asked)
    filled = Counter(owner for (_, relation), owner in cells.items() if relation in asked)
    contradicted = _contradicted(graph)
    alone = {part: _alone(found) for part, found in owners.items()}
    rows = [
        Contribution(
            source,
            facts=count["facts"],
            alone=count["alone"],
            contradicted=contradicted[source],
            products=len(spread[source]["products"]),
            products_alone=len(alone["products"].get(source, ())),
            values=len(spread[source]["values"]),
            values_alone=len(alone["values"].get(source, ())),
            relations=len(spread[source]["relations"]),
            relations_alone=tuple(sorted(alone["relations"].get(source, ()))),
            gain=filled[source] / possible if possible else 0.0,
        )
        for source, count in totals.items()
    ]
    return Contributions(
        tuple(sorted(rows, key=lambda row: (-row.facts, row.source))),
        filled.total() / possible if possible else 0.0,
        len(asked),
        sum(len(fact.sources) > 1 for fact in facts),
        len(graph.facts) - len(facts),
    )


def _own(owners: dict[Any, str], key: Any, source: str) -> None:
    """Note who speaks of a thing: one source, or several."""
    if owners.setdefault(key, source) != source:
        owners[key] = _SEVERAL


def _members(facts: list[Fact]) -> Mapping[str, Mapping[str, set[str]]]:
    """What each source speaks of at all."""
    found: dict[str, dict[str, set[str]]] = defaultdict(
        lambda: {"products": set(), "values": set(), "relations": set()}
    )
    for fact in facts:
        for source in fact.sources or ("",):
            spoken = found[source]
            spoken["values"].add(fact.object)
            spoken["relations"].add(fact.relation)
            if fact.subject.startswith(PRODUCT):
                spoken["products"].add(fact.subject)
    return found


def _alone(owners: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, owner in owners.items():
        if owner is not _SEVERAL:
            found.setdefault(owner, []).append(key)
    return found


def _asked(cells: Mapping[tuple[str, str], str], products: int) -> frozenset[str]:
    having = Counter(relation for _, relation in cells)
    return frozenset(relation for relation, count in having.items() if count >= ASKED_SHARE * products)


def _contradicted(graph: Graph) -> Counter[str]:
    """Facts, by source, with a rival of another source."""
    found: Counter[str] = Counter()
    for ids in graph.conflicts.values():
        rivals = [graph.facts[i] for i in ids]
        for fact in rivals:
            others = {source for rival in rivals if rival is not fact for source in rival.sources}
            for source in fact.sources or ("",):
                found[source] += bool(others - {source})
    return found
