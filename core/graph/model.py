"""The folded graph, the rules it was folded by, and what a fact is shown with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from core.domain import Assertion, Document, Fact, Ledger, Node, Standing
from core.extract.normal_rules import Rule
from core.extract.normalise import NormalValue, normalise
from core.graph.adjacency import Adjacency
from core.graph.alignments import NOT_ALIGNED, Alignments
from core.graph.logic import Implication

PRODUCT = "product:"
_VALUE = "\x1f"


def product_node(product_id: str) -> str:
    """The node of a product of the catalogue."""
    return PRODUCT + product_id


def product_id(node_id: str) -> str | None:
    """The catalogue's id of a product node, None for other nodes."""
    return node_id.removeprefix(PRODUCT) if node_id.startswith(PRODUCT) else None


def value_subject(relation: str, words: str) -> str:
    """The subject of an assertion about a value: the one that ``words`` name as objects of ``relation``.

    Ids of products never begin with this mark, as the catalogue strips control characters.
    """
    return f"{_VALUE}{relation}:{words}"


def named_value(subject: str) -> tuple[str, str] | None:
    """(relation, words) where the subject of an assertion is a value, None where it is a product's id."""
    if not subject.startswith(_VALUE):
        return None
    relation, _, words = subject[len(_VALUE) :].partition(":")
    return relation, words


class OnConflict(StrEnum):
    """What happens to the values of a relation that should have one: ``KEEP`` all of them, or commit only one and keep
    the others apart: that with the most support (``MAJORITY``), with the highest confidence (``CONFIDENCE``), of the
    first source in a list (``PRIORITY``), or of the source that was read in last (``RECENCY``)."""

    KEEP = "keep"
    MAJORITY = "majority"
    CONFIDENCE = "confidence"
    PRIORITY = "priority"
    RECENCY = "recency"


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a fold. ``minimum_confidence`` is that of a fact, after all its supports; facts below it wait.

    ``sources`` are ids of sources, the one that wins first, for ``PRIORITY`` and ``RECENCY``; sources that are not
    among them come last.
    """

    minimum_confidence: float = 0.5
    on_conflict: OnConflict = OnConflict.KEEP
    sources: tuple[str, ...] = ()
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
    PREDICTED = "predicted"
    UNGROUNDED = "ungrounded"
    REVIEWED = "rejected_by_reviewer"
    CORRECTED = "corrected_by_reviewer"


@dataclass(frozen=True, eq=False)
class Graph:
    """A version of the graph. Equal ``hash``, equal nodes, facts and standings, whatever way they came about.

    ``reasons`` has the assertions that are not in a fact; ``conflicts`` maps (subject, relation) to the facts that
    contradict each other; ``weighed`` has the confidence of the assertions whose words others have read too; ``rules``
    has how each schema version normalises values, by relation; ``alignments`` under which relation claims count;
    ``implications`` has the rules that facts may follow by, and ``derived`` how many follow by each; ``seq`` is the
    position of the log it is as of; ``adjacency`` is what the fold knows of its links, None where it has to be found.
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
    adjacency: Adjacency | None = None
    alignments: Alignments = NOT_ALIGNED
    implications: Mapping[str, Implication] = field(default_factory=dict)
    derived: Mapping[str, int] = field(default_factory=dict)

    def relation_of(self, assertion: Assertion, source: str = "") -> str:
        """The relation that an assertion counts under; ``source`` is that of its document."""
        return self.alignments.relation(assertion.relation, source, assertion.schema_version)

    def value_of(self, assertion: Assertion, source: str = "") -> NormalValue:
        """What the words of an assertion are normalised to, and by which rule."""
        relation = self.relation_of(assertion, source)
        rule = self.rules.get(assertion.schema_version, {}).get(relation)
        return normalise(relation, assertion.object, rule)

    @cached_property
    def by_node(self) -> Adjacency:
        """The ids of the facts at each node, in a fixed order."""
        return self.adjacency or Adjacency.of(self.facts)

    def degree(self, node_id: str) -> int:
        """The number of facts at a node."""
        return len(self.by_node.links.get(node_id, ()))

    def facts_at(self, node_id: str) -> list[Fact]:
        """The facts that a node is part of, in a fixed order."""
        return [self.facts[i] for i in self.by_node.get(node_id, ())]

    def unordered_facts_at(self, node_id: str) -> list[Fact]:
        """The same in no order: that of a hub takes a while to make, and does not help who wants another."""
        return [self.facts[i] for i in self.by_node.links.get(node_id, ())]

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
