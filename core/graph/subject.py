"""The verdict on one subject: which of the claims about it are facts, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from core.domain import EntryKind, Fact, Standing, content_hash
from core.graph.canonical import digest
from core.graph.model import OnConflict, Policy, Reason
from core.graph.registers import Registers
from core.graph.values import Claim


class Mention(NamedTuple):
    """A node named by a subject: under which label, by which words, and whether before any merge it was that node."""

    node: str
    own: bool
    label: str
    surface: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything a graph says of one subject."""

    facts: tuple[Fact, ...] = ()
    standing: Mapping[str, Standing] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    conflicts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mentions: tuple[Mention, ...] = ()
    weighed: Mapping[str, float] = field(default_factory=dict)

    def digest(self) -> int:
        """Stands for the facts with their supports and confidences, and for each assertion's standing."""
        facts = (f"{f.id} {f.confidence:.6f} {' '.join(f.supports)}" for f in self.facts)
        places = (f"{i} {s} {self.reasons.get(i, '')}" for i, s in sorted(self.standing.items()))
        return digest("subject", *facts, "standing", *places)


@dataclass(slots=True)
class _Group:
    """The claims for one value of one relation."""

    relation: str
    object: str
    claims: list[Claim] = field(default_factory=list)
    accepted: set[str] = field(default_factory=set)
    confidence: float = 0.0


def judge(
    root: str,
    claims: Iterable[Claim],
    registers: Registers,
    schemas: Mapping[str, frozenset[str]],
    resolve: Callable[[str], str],
    policy: Policy,
) -> Subject:
    """Judge the claims about ``root`` (and the nodes merged into it); those not live are left out."""
    standing: dict[str, Standing] = {}
    reasons: dict[str, str] = {}
    weights: dict[str, float] = {}

    def put_aside(aside: Iterable[Claim], place: Standing, reason: str) -> None:
        for claim in aside:
            standing[claim.id], reasons[claim.id] = place, reason

    groups: dict[tuple[str, str], _Group] = {}
    for claim in claims:
        live, reason, verdict, _because, weighed = registers.claim(claim.id)
        if not live:
            continue
        if weighed is not None:
            claim = claim._replace(confidence=weighed)
            weights[claim.id] = weighed
        target = resolve(claim.object)
        if verdict is EntryKind.REJECTED:
            put_aside([claim], Standing.REJECTED, Reason.REVIEWED)
        elif verdict is EntryKind.CORRECTED:
            put_aside([claim], Standing.REJECTED, Reason.CORRECTED)
        elif verdict is None and reason == Reason.UNGROUNDED:
            put_aside([claim], Standing.REJECTED, reason)
        elif verdict is None and (hindrance := _hindrance(claim, reason, target == root, schemas, policy)):
            put_aside([claim], Standing.QUARANTINED, hindrance)
        else:
            key = (claim.relation, target)
            group = groups.get(key) or groups.setdefault(key, _Group(*key))
            group.claims.append(claim)
            if verdict is EntryKind.ACCEPTED:
                group.accepted.add(claim.id)

    strong: dict[str, list[_Group]] = {}
    for key in sorted(groups):
        group = groups[key]
        group.claims.sort(key=lambda c: (c.id not in group.accepted, -c.confidence, c.id))
        group.confidence = combined(group.claims, group.accepted)
        if group.accepted or group.confidence >= policy.minimum_confidence:
            strong.setdefault(group.relation, []).append(group)
        else:
            put_aside(group.claims, Standing.QUARANTINED, Reason.LOW_CONFIDENCE)

    facts: list[Fact] = []
    mentions: list[Mention] = []
    conflicts: dict[str, tuple[str, ...]] = {}
    for relation, rivals in strong.items():
        kept, lost = settle(rivals, relation, policy)
        for group in lost:
            put_aside(group.claims, Standing.QUARANTINED, Reason.CONTESTED)
        made = [_fact(root, group) for group in kept]
        facts.extend(made)
        if relation in policy.single_valued and len(made) > 1:
            conflicts[relation] = tuple(fact.id for fact in made)
        for group in kept:
            for position, claim in enumerate(group.claims):
                standing[claim.id] = Standing.MERGED if position else Standing.COMMITTED
                mentions.append(
                    Mention(group.object, claim.object == group.object, claim.label, claim.surface)
                )
    if facts:
        mentions.append(Mention(root, True, root.partition(":")[2], ""))
    return Subject(tuple(facts), standing, reasons, conflicts, tuple(mentions), weights)


def combined(claims: Sequence[Claim], accepted: Iterable[str] = ()) -> float:
    """Noisy or over independent supports: 1 - prod(1 - c).

    Readings of one document are not independent: how far its readers agree has been weighed in each of them, and the
    surest counts. An accepted claim is certain.
    """
    if any(True for _ in accepted):
        return 1.0
    best: dict[str, float] = {}
    for claim in claims:
        best[claim.document_id] = max(best.get(claim.document_id, 0.0), claim.confidence)
    doubt = 1.0
    for confidence in sorted(best.values()):
        doubt *= 1.0 - confidence
    return 1.0 - doubt


def settle(
    rivals: Sequence[_Group], relation: str, policy: Policy
) -> tuple[Sequence[_Group], Sequence[_Group]]:
    """The values to commit and those to keep apart, where a relation should have one value and has several."""
    if len(rivals) < 2 or relation not in policy.single_valued or policy.on_conflict is OnConflict.KEEP:
        return rivals, ()

    def weight(group: _Group) -> tuple[bool, float, float, str]:
        count = float(len({(c.extractor, c.document_id) for c in group.claims}))
        first, second = (
            (count, group.confidence)
            if policy.on_conflict is OnConflict.MAJORITY
            else (group.confidence, count)
        )
        return (not group.accepted, -first, -second, group.object)

    best, *rest = sorted(rivals, key=weight)
    return [best], rest


def _hindrance(
    claim: Claim, reason: str, itself: bool, schemas: Mapping[str, frozenset[str]], policy: Policy
) -> str:
    """Why a claim cannot be a fact whatever supports it; low confidence is not among these, as others may agree."""
    if reason and reason != Reason.LOW_CONFIDENCE:
        return reason
    known = schemas.get(claim.schema_version)
    if (
        known is not None
        and claim.relation not in known
        and claim.extractor not in policy.outside_schema_allowed
    ):
        return Reason.OUTSIDE_SCHEMA
    if not claim.fits:
        return Reason.TYPE_MISMATCH
    return Reason.SELF_REFERENCE if itself else ""


def _fact(root: str, group: _Group) -> Fact:
    return Fact(
        id=content_hash(root, group.relation, group.object),
        subject=root,
        relation=group.relation,
        object=group.object,
        supports=tuple(claim.id for claim in group.claims),
        confidence=group.confidence,
    )
