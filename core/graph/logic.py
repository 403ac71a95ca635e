"""Rules: what follows for a product from the facts that stand about it.

    if material is leather and used for is hiking then suited to is "wet weather"

A rule is a Horn clause over the facts of one subject, without negation, so that its consequences do not depend on the
order in which anything comes. A fact that follows is as sure as its least sure premise, and of several ways to it the
surest counts: with minimum and maximum the fixpoint is there and unique, also where rules form rings, and Knuth's
generalisation of Dijkstra's algorithm (1977) reaches it in at most as many rounds as there are rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import ge, gt, le, lt

from core.domain import Derivation, Fact, content_hash
from core.extract import quantity
from core.extract.numbers import parse_number

_Way = tuple["Implication", tuple[Fact, ...]]


@dataclass(frozen=True, slots=True)
class Condition:
    """What a premise must be: a fact of ``relation`` whose value is one of ``nodes``; or, with a ``comparison``, an
    amount that compares so with ``bound``; with neither, any fact of the relation."""

    relation: str
    nodes: frozenset[str] = frozenset()
    comparison: str = ""
    bound: str = ""

    def holds(self, node_id: str) -> bool:
        """Whether a value meets the condition."""
        if self.comparison:
            return compares(node_id.partition(":")[2], self.comparison, self.bound, self.relation)
        return not self.nodes or node_id in self.nodes


@dataclass(frozen=True, slots=True)
class Implication:
    """A rule ready to be used: where all ``conditions`` are met, ``relation`` has the value ``object``."""

    id: str
    conditions: tuple[Condition, ...]
    relation: str
    object: str
    label: str
    text: str = ""

    def premises(self, known: Mapping[str, Sequence[Fact]]) -> tuple[Fact, ...] | None:
        """For each condition the surest of the facts (by relation in ``known``) that meet it; None where none does."""
        chosen: dict[str, Fact] = {}
        for condition in self.conditions:
            meeting = [fact for fact in known.get(condition.relation, ()) if condition.holds(fact.object)]
            if not meeting:
                return None
            best = min(meeting, key=lambda fact: (-fact.confidence, fact.id))
            chosen[best.id] = best
        return tuple(chosen.values())


class Implications:
    """The rules in force, found by the relation of their first condition."""

    def __init__(self, rules: Iterable[Implication] = ()) -> None:
        self.by_id = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
        self._by_relation: dict[str, list[Implication]] = {}
        for rule in self.by_id.values():
            self._by_relation.setdefault(rule.conditions[0].relation, []).append(rule)

    def __bool__(self) -> bool:
        return bool(self.by_id)

    def may_concern(self, fact: Fact) -> bool:
        """Whether the fact meets the first condition of a rule."""
        return any(rule.conditions[0].holds(fact.object) for rule in self._by_relation.get(fact.relation, ()))

    def ways(self, known: Mapping[str, Sequence[Fact]]) -> list[_Way]:
        """Each rule whose conditions these facts (by relation) meet, with its premises."""
        return [
            (rule, premises)
            for relation in known.keys() & self._by_relation.keys()
            for rule in self._by_relation[relation]
            if (premises := rule.premises(known)) is not None
        ]


def derive(
    root: str,
    facts: Iterable[Fact],
    rules: Implications,
    refused: Collection[tuple[str, str]] = (),
    settled: Collection[str] = (),
) -> list[Fact]:
    """The facts about ``root`` that follow from these and are not among them, the surest first.

    A (relation, value) that a reviewer ``refused`` never follows, nor does any value of a relation that is
    ``settled``. Each fact names all rules that gave it when it was first reached, so that no fact rests on itself.
    """
    known: dict[str, list[Fact]] = {}
    for fact in facts:
        known.setdefault(fact.relation, []).append(fact)
    barred = {(fact.relation, fact.object) for group in known.values() for fact in group} | set(refused)
    made: list[Fact] = []
    while True:
        found: dict[tuple[str, str], list[_Way]] = {}
        for rule, premises in rules.ways(known):
            key = (rule.relation, rule.object)
            if key not in barred and rule.object != root and rule.relation not in settled:
                found.setdefault(key, []).append((rule, premises))
        if not found:
            return made
        sure = {key: max(map(_sureness, ways)) for key, ways in found.items()}
        top = max(sure.values())
        for key in sorted(key for key, confidence in sure.items() if confidence == top):
            fact = _conclusion(root, found[key], top)
            made.append(fact)
            barred.add(key)
            known.setdefault(fact.relation, []).append(fact)


def _sureness(way: _Way) -> float:
    return min(fact.confidence for fact in way[1])


def _conclusion(root: str, ways: Sequence[_Way], confidence: float) -> Fact:
    rule = ways[0][0]
    return Fact(
        id=content_hash(root, rule.relation, rule.object),
        subject=root,
        relation=rule.relation,
        object=rule.object,
        supports=(),
        confidence=confidence,
        sources=tuple(sorted({s for _, premises in ways for fact in premises for s in fact.sources})),
        derivations=tuple(
            sorted(Derivation(one.id, tuple(fact.id for fact in premises)) for one, premises in ways)
        ),
    )


@lru_cache(maxsize=65_536)
def compares(words: str, comparison: str, bound: str, relation: str = "") -> bool:
    """Whether an amount ("1.5 l") compares so with another ("500 ml"); of a range or of dimensions each figure has to.

    False where either is no amount, or where they measure different things.
    """
    mine, other = amount(words, relation), amount(bound, relation)
    if mine is None or other is None or mine[1] != other[1]:
        return False
    limit = other[0][0]
    return all(_TESTS[comparison](figure, limit) for figure in mine[0])


def amount(words: str, relation: str = "") -> tuple[tuple[float, ...], str] | None:
    """(figures in the base unit, the base unit, "" for a plain number); None where the words are no amount."""
    found = quantity.parse(words, relation)
    if found is not None:
        return found.values, found.base
    number = parse_number(words.strip())
    return None if number is None else ((number,), "")


_TESTS = {"<": lt, "<=": le, ">": gt, ">=": ge}
