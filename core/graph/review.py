"""What to look at first: the facts and what is kept apart, ordered by the value of a look. All of it is pure.

The value of a look is the chance that it changes the graph times how far the change reaches. The chance comes from
the confidence of the surest reading, in odds: every further reading that agrees divides the odds of an error by three
and every one that contradicts multiplies them by three, about what tagger and language model show on public data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.domain import Assertion, Fact, Standing
from core.extract.normal_rules import Rule
from core.extract.normalise import normalise
from core.graph.model import Graph, Policy
from core.graph.values import PRODUCT_TYPE
from core.ontology import relation as relation_of

WEIGHT = 3.0
"""The factor on the odds of an error, for each reading that contradicts; its inverse for each that agrees."""
_MOST = 3
_NEVER_SURE = 0.02
_ONE_VALUE = Policy().single_valued
Key = tuple[str, str, str]
Rules = Mapping[str, Mapping[str, Rule]]
NO_RULES: Rules = {}


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a fact before anybody looks.

    ``confidence`` is that of its surest reading, in [0, 1]; ``agreeing`` counts further texts that say the same value,
    ``against`` readings that contradict it; ``reach`` is the number of facts at the value, itself included; ``apart``
    says that it is kept apart, so that a look changes something where it is right.
    """

    confidence: float
    agreeing: int = 0
    against: int = 0
    reach: int = 1
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to decide: a fact, or readings that are kept apart or were rejected, with all readings of its value.

    ``readings`` has the surest first; ``confidence`` is theirs together; ``value`` is what they share; ``rivals`` are
    the ids of assertions that contradict it; ``fact_id`` is "" for what is not in the graph, and ``reason`` says why it
    is not.
    """

    readings: tuple[Assertion, ...]
    standing: Standing
    reason: str
    fact_id: str
    category: str
    confidence: float
    rivals: tuple[str, ...]
    signals: Signals
    value: str

    @property
    def lead(self) -> Assertion:
        """The surest reading: the one that is shown large."""
        return self.readings[0]

    @property
    def ids(self) -> tuple[str, ...]:
        """The assertions that a decision is about."""
        return tuple(reading.id for reading in self.readings)

    @property
    def worth(self) -> float:
        """The value of a look."""
        return worth(self.signals)


@dataclass(frozen=True, slots=True)
class Narrow:
    """Which items to show. Empty sets mean all; confidences are in [0, 1], both ends included."""

    relations: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    extractors: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    low: float = 0.0
    high: float = 1.0

    @property
    def active(self) -> int:
        """How many of the filters leave something out."""
        sets = (self.relations, self.categories, self.extractors, self.reasons)
        return sum(map(bool, sets)) + ((self.low, self.high) != (0.0, 1.0))

    def passes(self, item: Item) -> bool:
        """Whether an item is to be shown; it is if any of its readings is by one of the extractors."""
        return (
            (not self.relations or item.lead.relation in self.relations)
            and (not self.categories or item.category in self.categories)
            and (not self.reasons or item.reason in self.reasons)
            and (not self.extractors or any(a.extractor in self.extractors for a in item.readings))
            and self.low <= round(item.confidence, 2) <= self.high
        )


EVERYTHING = Narrow()


def doubt(signals: Signals) -> float:
    """The chance that the value is wrong, in (0, 1): 1 - confidence, less for agreement, more for contradiction."""
    unsure = min(max(1.0 - signals.confidence, _NEVER_SURE), 1.0 - _NEVER_SURE)
    votes = min(signals.against, _MOST) - min(signals.agreeing, _MOST)
    odds = unsure / (1.0 - unsure) * WEIGHT**votes
    return odds / (1.0 + odds)


def chance(signals: Signals) -> float:
    """The chance that a look changes the graph, in (0, 1): a fact may be wrong, what is kept apart may be right."""
    return 1.0 - doubt(signals) if signals.apart else doubt(signals)


@lru_cache(maxsize=65_536)
def worth(signals: Signals) -> float:
    """The value of a look: the chance of a change times 1 + ln(reach) / 4.

    The logarithm keeps values that everything shares, and that are mostly right, from hiding the doubtful ones.
    """
    return chance(signals) * (1.0 + math.log(max(signals.reach, 1)) / 4.0)


def order(all_signals: Sequence[Signals]) -> list[int]:
    """Positions from the most to the least worth a look; equals stay in the order given."""
    return sorted(range(len(all_signals)), key=lambda at: -worth(all_signals[at]))


def key_of(assertion: Assertion, rules: Rules = NO_RULES) -> Key:
    """Product, relation and shared value: equal for readings of one fact, however the words are written. ``rules`` are
    those of the graph."""
    rule = rules.get(assertion.schema_version, {}).get(assertion.relation)
    return assertion.subject, assertion.relation, _value(assertion.relation, assertion.object, rule)


def queue(graph: Graph, assertions: Mapping[str, Assertion], categories: Mapping[str, str]) -> list[Item]:
    """Everything there is to decide, first what is most worth a look.

    ``assertions`` has those that the graph gives a standing; ``categories`` is by product id. A fact that
    only a rule makes has no reading to decide on and is left out: what it is made from is reviewed.
    """
    live = {
        i: replace(assertions[i], confidence=graph.weighed.get(i, assertions[i].confidence))
        for i in graph.standing
        if i in assertions
    }
    rivals = _rivals(live.values(), graph)
    items = [
        _item(graph, readings, categories, rivals, fact)
        for fact in graph.facts.values()
        if (readings := [live[i] for i in fact.supports if i in live])
    ]
    groups: dict[tuple[Key, Standing, str], list[Assertion]] = {}
    for i, reason in graph.reasons.items():
        if i in live:
            groups.setdefault((key_of(live[i], graph.rules), graph.standing[i], reason), []).append(live[i])
    items += [_item(graph, group, categories, rivals) for group in groups.values()]
    return sorted(items, key=lambda item: (-item.worth, item.ids))


def _item(
    graph: Graph,
    readings: Sequence[Assertion],
    categories: Mapping[str, str],
    rivals: Mapping[str, tuple[str, ...]],
    fact: Fact | None = None,
) -> Item:
    ordered = tuple(sorted(readings, key=lambda a: (-a.confidence, a.id)))
    lead = ordered[0]
    standing = Standing.COMMITTED if fact else graph.standing[lead.id]
    reason = "" if fact else graph.reasons[lead.id]
    _, _, value = key_of(lead, graph.rules)
    against = tuple(dict.fromkeys(i for a in ordered for i in rivals.get(a.id, ())))
    return Item(
        ordered,
        standing,
        reason,
        fact.id if fact else "",
        categories.get(lead.subject, ""),
        fact.confidence if fact else lead.confidence,
        against,
        Signals(
            lead.confidence,
            len({a.document_id for a in ordered}) - 1,
            len(against),
            graph.degree(fact.object) if fact else 1 + graph.degree(graph.resolve(_node(lead, value))),
            fact is None,
        ),
        value,
    )


def _rivals(live: Iterable[Assertion], graph: Graph) -> dict[str, tuple[str, ...]]:
    """For each reading those that contradict it: other words or another relation at the same place of a text, or
    another value where a relation has one. What was rejected contradicts nothing."""
    standing = [a for a in live if graph.standing[a.id] is not Standing.REJECTED]
    found: dict[str, dict[str, None]] = {}

    def oppose(one: Assertion, other: Assertion) -> None:
        if key_of(one, graph.rules) != key_of(other, graph.rules):
            found.setdefault(one.id, {})[other.id] = None

    for group in _grouped(standing, lambda a: (a.document_id, a.document_hash)):
        ordered = sorted(group, key=lambda a: (a.start, a.end, a.id))
        for at, one in enumerate(ordered):
            for other in ordered[at + 1 :]:
                if other.start >= one.end:
                    break
                oppose(one, other)
                oppose(other, one)
    single = [a for a in standing if a.relation in _ONE_VALUE]
    for group in _grouped(single, lambda a: (a.subject, a.relation)):
        # The surest reading speaks for its value: ten readings of one other value are one contradiction.
        values = {key_of(a, graph.rules): a for a in sorted(group, key=lambda a: (a.confidence, a.id))}
        for one in group:
            for other in values.values():
                oppose(one, other)
    return {i: tuple(others) for i, others in found.items()}


def _grouped(
    items: Iterable[Assertion], key: Callable[[Assertion], tuple[str, str]]
) -> Iterator[list[Assertion]]:
    """The items in groups of equal keys; those that are alone are left out."""
    groups: dict[tuple[str, str], list[Assertion]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return (group for group in groups.values() if len(group) > 1)


def _node(assertion: Assertion, value: str) -> str:
    kind = relation_of(assertion.relation).node_type
    prefix = PRODUCT_TYPE if kind == "Product" else kind.lower()
    return f"{prefix}:{value}"


@lru_cache(maxsize=65_536)
def _value(relation: str, surface: str, rule: Rule | None) -> str:
    return normalise(relation, surface, rule).key
