"""What a check finds, and its report as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

EXAMPLES = 50
"""Most subjects, and most facts, that a finding names; its counts are of all."""


class Kind(StrEnum):
    """What is wrong. The first six are violations of the shapes made from the schema."""

    VALUE_TYPE = "value_type"
    UNIT = "unit"
    CARDINALITY = "cardinality"
    DOMAIN = "domain"
    RANGE = "range"
    PATTERN = "pattern"
    CONTRADICTION = "contradiction"
    INCOMPLETE = "incomplete"
    ORPHAN = "orphan"
    HUB = "hub"
    NEAR_DUPLICATE = "near_duplicate"
    SUSPICIOUS = "suspicious"


class Severity(StrEnum):
    """How bad: an ERROR is wrong by the schema's own words, a WARNING likely wrong, a NOTE worth a look."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Page(StrEnum):
    """Where a finding can be mended."""

    REVIEW = "review"
    GRAPH = "graph"
    SCHEMA = "schema"
    BUILD = "build"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``count`` of ``of`` (facts, products or values, as the kind has it) are concerned.

    ``subjects`` are node ids of products, ``facts`` fact ids, at most ``EXAMPLES`` each; ``other`` is what else it is
    about: a category, a value's node or a second relation. ``figures`` are numbers that the kind has to tell.
    """

    kind: Kind
    severity: Severity
    page: Page
    relation: str = ""
    other: str = ""
    count: int = 0
    of: int = 0
    subjects: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    figures: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition of the gate: ``value`` may be at most ``limit`` (at least, where ``floor``); shares in [0, 1]."""

    name: str
    value: float
    limit: float
    floor: bool = False

    @property
    def passed(self) -> bool:
        """Whether the condition holds."""
        return self.value >= self.limit if self.floor else self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Share:
    """Completeness: how many of a category's ``products`` have a fact of the relation."""

    category: str
    relation: str
    have: int
    products: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What the shapes were held against: ``subjects`` of ``of`` products that have facts, by ``how`` (all, sample or
    changed), in ``seconds``."""

    how: str
    subjects: int
    of: int
    facts: int
    shapes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a check. ``doubted`` is the number of facts that could be judged by an embedding, 0 where none
    was asked."""

    graph_hash: str
    facts: int
    products: int
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    completeness: tuple[Share, ...]
    scope: Scope
    doubted: int = 0

    @property
    def passed(self) -> bool:
        """Whether the gate is open."""
        return all(rule.passed for rule in self.rules)

    def of_kind(self, kind: Kind) -> list[Finding]:
        """The findings of a kind, in their order."""
        return [finding for finding in self.findings if finding.kind is kind]

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it, with the verdict."""
        rules = [{**asdict(rule), "passed": rule.passed} for rule in self.rules]
        return {**asdict(self), "rules": rules, "passed": self.passed}

    @staticmethod
    def of_plain(raw: Mapping[str, Any]) -> Report:
        """The report from what ``plain`` gave."""
        return Report(
            raw["graph_hash"],
            raw["facts"],
            raw["products"],
            tuple(Rule(r["name"], r["value"], r["limit"], r["floor"]) for r in raw["rules"]),
            tuple(_finding(row) for row in raw["findings"]),
            tuple(Share(**row) for row in raw["completeness"]),
            Scope(**raw["scope"]),
            raw["doubted"],
        )


def some(ids: Sequence[str]) -> tuple[str, ...]:
    """At most ``EXAMPLES`` of them, each once, in their order."""
    return tuple(dict.fromkeys(ids))[:EXAMPLES]


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(
        **{
            **row,
            "kind": Kind(row["kind"]),
            "severity": Severity(row["severity"]),
            "page": Page(row["page"]),
            "subjects": tuple(row["subjects"]),
            "facts": tuple(row["facts"]),
        }
    )
