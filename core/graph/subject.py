"""The verdict on one subject: which of the claims about it are facts, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from core.domain import EntryKind, Fact, Standing, content_hash
from core.graph.canonical import digest
from core.graph.logic import Implications, derive
from core.graph.model import PRODUCT, OnConflict, Policy, Reason
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
        """Stands for the facts with what they rest on and their confidences, and for each assertion's standing."""
        facts = (f"{f.id} {f.confidence:.6f} {' '.join(f.supports or _ways(f))}" for f in self.facts)
        places = (f"{i} {s} {self.reasons.get(i, '')}" for i, s in sorted(self.standing.items()))
        return digest("subject", *facts, "standing", *places)


@dataclass(slots=True)
class Group:
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
    rules: Implications,
) -> Subject:
    """Judge the claims about ``root`` (and the nodes merged into it); those not live are left out."""
    standing: dict[str, Standing] = {}
    reasons: dict[str, str] = {}
    weights: dict[str, float] = {}

    def put_aside(aside: Iterable[Claim], place: Standing, reason: str) -> None:
        for claim in aside:
            standing[claim.id], reasons[claim.id] = place, reason

    refused: set[tuple[str, str]] = set()
    groups: dict[tuple[str, str], Group] = {}
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
            refused.add((claim.relation, target))
        elif verdict is EntryKind.CORRECTED:
            put_aside([claim], Standing.REJECTED, Reason.CORRECTED)
            refused.add((claim.relation, target))
        elif verdict is None and reason == Reason.UNGROUNDED:
            put_aside([claim], Standing.REJECTED, reason)
        elif verdict is None and (hindrance := _hindrance(claim, reason, target == root, schemas, policy)):
            put_aside([claim], Standing.QUARANTINED, hindrance)
        else:
            key = (claim.relation, target)
            group = groups.get(key) or groups.setdefault(key, Group(*key))
            group.claims.append(claim)
            if verdict is EntryKind.ACCEPTED:
                group.accepted.add(claim.id)

    strong: dict[str, list[Group]] = {}
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
    for relation, rivals in strong.items():
        kept, lost = settle(rivals, relation, policy)
        for group in lost:
            put_aside(group.claims, Standing.QUARANTINED, Reason.CONTESTED)
        for group in kept:
            facts.append(_fact(root, group))
            for position, claim in enumerate(group.claims):
                standing[claim.id] = Standing.MERGED if position else Standing.COMMITTED
                mentions.append(
                    Mention(group.object, claim.object == group.object, claim.label, claim.surface)
                )
                if claim.named:
                    mentions.append(Mention(root, claim.subject == root, claim.named[2], claim.named[1]))
    if rules and facts:
        one_only = policy.on_conflict is not OnConflict.KEEP
        settled = {fact.relation for fact in facts} & policy.single_valued if one_only else ()
        derived = derive(root, facts, rules, refused, settled)
        labels = (rules.by_id[fact.derivations[0].rule].label for fact in derived)
        mentions.extend(Mention(f.object, True, label, "") for f, label in zip(derived, labels, strict=True))
        facts.extend(derived)
    if facts and root.startswith(PRODUCT):
        mentions.append(Mention(root, True, root.partition(":")[2], ""))
    return Subject(tuple(facts), standing, reasons, _conflicts(facts, policy), tuple(mentions), weights)


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


def settle(rivals: Sequence[Group], relation: str, policy: Policy) -> tuple[Sequence[Group], Sequence[Group]]:
    """The values to commit and those to keep apart, where a relation should have one value and has several."""
    if len(rivals) < 2 or relation not in policy.single_valued or policy.on_conflict is OnConflict.KEEP:
        return rivals, ()

    places = {source: place for place, source in enumerate(policy.sources)}

    def weight(group: Group) -> tuple[bool, int, float, float, str]:
        count = float(len({(c.extractor, c.document_id) for c in group.claims}))
        by_source = policy.on_conflict in (OnConflict.PRIORITY, OnConflict.RECENCY)
        place = min(places.get(c.source, len(places)) for c in group.claims) if by_source else 0
        first, second = (
            (group.confidence, count)
            if policy.on_conflict is OnConflict.CONFIDENCE
            else (count, group.confidence)
        )
        return (not group.accepted, place, -first, -second, group.object)

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
        and claim.said not in known
        and claim.extractor not in policy.outside_schema_allowed
    ):
        return Reason.OUTSIDE_SCHEMA
    if not claim.fits:
        return Reason.TYPE_MISMATCH
    return Reason.SELF_REFERENCE if itself else ""


def _conflicts(facts: Iterable[Fact], policy: Policy) -> dict[str, tuple[str, ...]]:
    """The facts, by relation, that cannot all be true."""
    values: dict[str, tuple[str, ...]] = {}
    for fact in facts:
        if fact.relation in policy.single_valued:
            values[fact.relation] = (*values.get(fact.relation, ()), fact.id)
    return {relation: ids for relation, ids in values.items() if len(ids) > 1}


def _ways(fact: Fact) -> Iterable[str]:
    return (f"{way.rule}({','.join(way.premises)})" for way in fact.derivations)


def _fact(root: str, group: Group) -> Fact:
    return Fact(
        id=content_hash(root, group.relation, group.object),
        subject=root,
        relation=group.relation,
        object=group.object,
        supports=tuple(claim.id for claim in group.claims),
        confidence=group.confidence,
        sources=_sources(group.claims),
    )


def _sources(claims: Sequence[Claim]) -> tuple[str, ...]:
    if len(claims) == 1:
        return _alone(claims[0].source)
    return _together(frozenset(claim.source for claim in claims))


@cache
def _alone(source: str) -> tuple[str, ...]:
    return (source,) if source else ()


@cache
def _together(sources: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(sources - {""}))
