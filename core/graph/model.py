"""The folded graph, the rules it was folded by, and what a fact is shown with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from core.domain import Assertion, Document, Fact, Ledger, Node, Standing
from core.extract.normal_rules import Rule
from core.extract.normalise import NormalValue, normalise

PRODUCT = "product:"


def product_node(product_id: str) -> str:
    """The node of a product of the catalogue."""
    return PRODUCT + product_id


def product_id(node_id: str) -> str | None:
    """The catalogue's id of a product node, None for other nodes."""
    return node_id.removeprefix(PRODUCT) if node_id.startswith(PRODUCT) else None


class OnConflict(StrEnum):
    """What happens to the values of a relation that should have one: ``KEEP`` all of them, or commit only the one with
    the most support (``MAJORITY``) or with the highest confidence (``CONFIDENCE``) and keep the others apart."""

    KEEP = "keep"
    MAJORITY = "majority"
    CONFIDENCE = "confidence"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a fold. ``minimum_confidence`` is that of a fact, after all its supports; facts below it wait."""

    minimum_confidence: float = 0.5
    on_conflict: OnConflict = OnConflict.KEEP
    single_valued: frozenset[str] = frozenset(
        {"brand", "countryOfOrigin", "capacity", "weight", "power", "packSize"}
    )
    numeric: frozenset[str] = frozenset({"capacity", "weight", "power"})
    outside_schema_allowed: frozenset[str] = frozenset({"columns", "reviewer"})
    """Extractors whose relations are the shop's or the reviewer's own choice, not the schema's."""


@dataclass(frozen=True, slots=True)
class Title:
    """What the fold knows of a product of the catalogue."""

    title: str
    brand: str = ""


class Reason(StrEnum):
    """Why an assertion is kept apart or rejected. Extractors may log reasons of their own beside these."""

    OUTSIDE_SCHEMA = "outside_schema"
    TYPE_MISMATCH = "type_mismatch"
    LOW_CONFIDENCE = "low_confidence"
    CONTESTED = "contested"
    SELF_REFERENCE = "self_reference"
    UNGROUNDED = "ungrounded"
    REVIEWED = "rejected_by_reviewer"
    CORRECTED = "corrected_by_reviewer"


class _Ordered(Mapping[str, Sequence[str]]):
    """The facts at each node, put into order when a node is first looked at: few of a large graph's nodes ever are."""

    def __init__(self, found: dict[str, list[str]], facts: Mapping[str, Fact]) -> None:
        self._found = found
        self._facts = facts
        self._ready: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, node_id: str) -> Sequence[str]:
        ready = self._ready.get(node_id)
        if ready is None:
            ready = self._ready[node_id] = tuple(sorted(self._found[node_id], key=self._place))
        return ready

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def _place(self, fact_id: str) -> tuple[str, str, str]:
        fact = self._facts[fact_id]
        return fact.relation, fact.subject, fact.object


@dataclass(frozen=True, eq=False)
class Graph:
    """A version of the graph. Equal ``hash``, equal nodes, facts and standings, whatever way they came about.

    ``reasons`` has the assertions that are not in a fact; ``conflicts`` maps (subject, relation) to the facts that
    contradict each other; ``weighed`` has the confidence of the assertions whose words others have read too; ``rules``
    has how each schema version normalises values, by relation; ``seq`` is the position of the log it is as of.
    """

    nodes: Mapping[str, Node]
    facts: Mapping[str, Fact]
    standing: Mapping[str, Standing]
    reasons: Mapping[str, str]
    conflicts: Mapping[tuple[str, str], tuple[str, ...]]
    ledger: Ledger
    hash: str
    seq: int = 0
    merged: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)
    weighed: Mapping[str, float] = field(default_factory=dict)

    def value_of(self, assertion: Assertion) -> NormalValue:
        """What the words of an assertion are normalised to, and by which rule."""
        rule = self.rules.get(assertion.schema_version, {}).get(assertion.relation)
        return normalise(assertion.relation, assertion.object, rule)

    @cached_property
    def by_node(self) -> Mapping[str, Sequence[str]]:
        """The ids of the facts at each node, in a fixed order."""
        found: dict[str, list[str]] = {}
        for fact in self.facts.values():
            found.setdefault(fact.subject, []).append(fact.id)
            if fact.object != fact.subject:
                found.setdefault(fact.object, []).append(fact.id)
        return _Ordered(found, self.facts)

    def facts_at(self, node_id: str) -> list[Fact]:
        """The facts that a node is part of."""
        return [self.facts[i] for i in self.by_node.get(node_id, ())]

    def resolve(self, node_id: str) -> str:
        """The node that stands for ``node_id``: itself unless it was merged."""
        return self.merged.get(node_id, node_id)

    def label(self, node_id: str) -> str:
        """What a node is called on screen; its id where it is not in this version."""
        node = self.nodes.get(node_id)
        return node.label if node else node_id


@dataclass(frozen=True, slots=True)
class Evidence:
    """One assertion behind a fact, with the document whose words it is made of; ``value`` is what they were normalised
    to, None where the value is a product of the catalogue."""

    assertion: Assertion
    document: Document
    standing: Standing
    reason: str = ""
    value: NormalValue | None = None
