"""The graph as a pure fold of the log.

The unit of work is a subject: its facts depend on the assertions about it and on nothing else but merges, schemas,
alignments, rules and the titles of the catalogue. So a few new entries cost a few subjects, and the order they came in
costs nothing.

The hash of a graph is the sum modulo 2**256 of the digests of its parts (AdHash: Bellare and Micciancio, A New Paradigm
for Collision-Free Hashing, 1997), which can be brought up to date part by part and does not depend on their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core.domain import Assertion, EntryKind, Fact, Ledger, LogEntry, Standing, content_hash
from core.graph.alignments import Alignments
from core.graph.canonical import MODULUS
from core.graph.logic import Implication, Implications
from core.graph.merges import resolved_merges
from core.graph.model import Graph, Policy, Reason, Title
from core.graph.naming import Names
from core.graph.registers import Registers
from core.graph.subject import Subject, judge
from core.graph.values import Claim, Values
from core.graph.verdicts import NOTHING, Change, Verdicts
from core.ontology import relation as relation_of

__all__ = ["Fold", "Graph", "fold"]


def fold(
    assertions: Iterable[Assertion],
    entries: Iterable[LogEntry],
    titles: Mapping[str, Title] | None = None,
    policy: Policy | None = None,
    sources: Mapping[str, str] | None = None,
) -> Graph:
    """The graph of these inputs, whatever their order; entries carry their ``seq``, ``sources`` are by document."""
    state = Fold(titles or {}, policy or Policy())
    state.take(assertions, entries, sources)
    return state.graph()


class Fold:
    """A fold that can take in more: equal inputs give an equal graph, in one piece or in many."""

    def __init__(self, titles: Mapping[str, Title], policy: Policy) -> None:
        self.policy = policy
        self.titles = titles
        self.seq = 0
        self._values = Values(titles, policy)
        self._registers = Registers()
        self._claims: dict[str, Claim] = {}
        self._about: dict[str, list[str]] = {}
        self._merged: dict[str, str] = {}
        self._merge_targets: set[str] = set()
        self._schemas: dict[str, frozenset[str]] = {}
        self._schema_versions: set[str] = set()
        self._alignment_targets: set[str] = set()
        self._rule_ids: set[str] = set()
        self._rules = Implications()
        self._verdicts = Verdicts()
        self._names = Names(self._values.node_type, titles)
        self._waiting: set[str] = set()

    def knows(self, assertion_id: str) -> bool:
        """Whether the assertion has been taken in."""
        return assertion_id in self._claims

    def retitle(self, titles: Mapping[str, Title]) -> None:
        """Follow the catalogue: products are called otherwise, and texts may mean other products by their words."""
        old, self.titles = self.titles, titles
        changed = {p for p in old.keys() | titles.keys() if old.get(p) != titles.get(p)}
        if not changed:
            return
        self._values.retitle(titles)
        self._bring_up_to_date(
            self._claims_anew([c for c in self._claims.values() if _may_name_a_product(c)])
        )
        self._names.retitle(titles, changed)

    def take(
        self,
        assertions: Iterable[Assertion],
        entries: Iterable[LogEntry],
        sources: Mapping[str, str] | None = None,
    ) -> None:
        """Take in assertions and entries, in any order and any number of times.

        ``sources`` tells which source the documents of the assertions are of, by the document's id.
        """
        source_of = sources or {}
        for assertion in assertions:
            if assertion.id not in self._claims:
                claim = self._values.claim(assertion, source_of.get(assertion.document_id, ""))
                self._claims[assertion.id] = claim
                self._about.setdefault(claim.subject, []).append(assertion.id)
                self._waiting.add(assertion.id)
        for entry in entries:
            self.seq = max(self.seq, entry.seq)
            self._waiting.add(self._registers.add(entry))
            if entry.kind is EntryKind.MERGED:
                self._merge_targets.add(entry.target)
            elif entry.kind is EntryKind.SCHEMA:
                self._schema_versions.add(entry.target)
            elif entry.kind is EntryKind.ALIGNED:
                self._alignment_targets.add(entry.target)
            elif entry.kind is EntryKind.RULE:
                self._rule_ids.add(entry.target)
        self._bring_up_to_date()

    def graph(self) -> Graph:
        """The graph as it is now; it does not change when more is taken in."""
        verdicts, names = self._verdicts, self._names
        facts, total = dict(verdicts.facts), (verdicts.sum + names.sum) % MODULUS
        return Graph(
            nodes=dict(names.nodes),
            facts=facts,
            standing=dict(verdicts.standing),
            reasons=dict(verdicts.reasons),
            conflicts=dict(verdicts.conflicts),
            ledger=Ledger(**{standing.value: verdicts.counts[standing] for standing in Standing}),
            hash=content_hash(str(total), str(len(facts)), str(len(names.nodes))),
            seq=self.seq,
            merged=dict(self._merged),
            rules=self._values.rules,
            weighed=dict(verdicts.weighed),
            adjacency=verdicts.links.adjacency(facts),
            alignments=self._values.alignments,
            implications=self._rules.by_id,
            derived=dict(+verdicts.derived),
        )

    @property
    def facts(self) -> Mapping[str, Fact]:
        """The facts as they are now, by id."""
        return self._verdicts.facts

    @property
    def rules(self) -> Implications:
        """The rules in force."""
        return self._rules

    @property
    def contested(self) -> set[str]:
        """The subjects of which values contradict each other, or are kept apart because they do."""
        apart = (self._claims[i] for i, why in self._verdicts.reasons.items() if why == Reason.CONTESTED)
        return {root for root, _ in self._verdicts.conflicts} | {self._root(claim.subject) for claim in apart}

    def subjects_of(self, source: str) -> set[str]:
        """The subjects of which a source says something."""
        return {self._root(claim.subject) for claim in self._claims.values() if claim.source == source}

    def subject(self, root: str) -> Subject:
        """What the graph says of a subject; nothing where it says nothing."""
        return self._verdicts.subjects.get(root, NOTHING)

    def implication(self, rule_id: str, data: Mapping[str, Any]) -> Implication:
        """A rule of these parts, with the nodes that its words name now."""
        return self._values.implication(rule_id, data, self._root)

    def judged(
        self,
        roots: Iterable[str],
        *,
        policy: Policy | None = None,
        rules: Implications | None = None,
        without: str | None = None,
    ) -> dict[str, Subject]:
        """The verdicts on these subjects: by the fold's own policy and rules unless others are given, and as if the
        source ``without`` were not there. Nothing is changed."""
        members, given = self._members(), self._rules if rules is None else rules
        return {root: self._judge(root, members, policy or self.policy, given, without) for root in roots}

    def _bring_up_to_date(self, roots: Iterable[str] = ()) -> None:
        roots = set(roots)
        roots |= set() if self._waiting.isdisjoint(self._merge_targets) else self._merge_anew()
        roots |= {self._root(self._claims[i].subject) for i in self._waiting if i in self._claims}
        if versions := self._waiting & self._schema_versions:
            self._schemas |= {v: found for v in versions if (found := self._registers.schema(v)) is not None}
            for version in versions:
                if self._registers.schema(version) is None:
                    self._schemas.pop(version, None)
            roots |= {self._root(c.subject) for c in self._claims.values() if c.schema_version in versions}
        roots |= self._normalise_anew(versions)
        if self._rule_ids:
            roots |= self._rules_anew()
        self._waiting.clear()
        changes = [Change(root, self.subject(root), new) for root, new in self.judged(roots).items()]
        changes = [change for change in changes if change.old != change.new]
        self._verdicts.follow(changes)
        self._names.follow(changes)

    def _normalise_anew(self, versions: Iterable[str]) -> set[str]:
        """Follow the rules of these schema versions, and the alignments; returns the subjects of the claims that count
        under another relation or name another value now, and those they had before."""
        news = {v for v in versions if self._values.rules_of(v, self._registers.rules(v))}
        aligned = not self._waiting.isdisjoint(self._alignment_targets) and self._align_anew()
        if not news and not aligned:
            return set()
        realigned = self._values.realigned if aligned else _never
        return self._claims_anew(
            [c for c in self._claims.values() if c.schema_version in news or realigned(c)]
        )

    def _claims_anew(self, claims: Iterable[Claim]) -> set[str]:
        """Say again what these claims say; returns the subjects of those that say something else now, and those they
        had before."""
        roots: set[str] = set()
        for old in claims:
            new = self._values.again(old)
            if new != old:
                self._claims[new.id] = new
                roots |= {self._root(old.subject), self._root(new.subject)}
                if new.subject != old.subject:
                    self._about[old.subject].remove(old.id)
                    self._about.setdefault(new.subject, []).append(new.id)
        return roots

    def _align_anew(self) -> bool:
        """Follow the alignments again; returns whether they are others than before."""
        said = (self._registers.alignment(target) for target in self._alignment_targets)
        before, self._values.alignments = self._values.alignments, Alignments(data for data in said if data)
        return self._values.alignments != before

    def _rules_anew(self) -> set[str]:
        """Follow the rules again, as any of the words in them may name another node now; returns the subjects of which
        a changed rule may say something, or said something before."""
        parts = ((i, data) for i in self._rule_ids if (data := self._registers.implication(i)))
        before = self._rules.by_id
        self._rules = Implications(self._values.implication(i, data, self._root) for i, data in parts)
        now = self._rules.by_id
        if now == before:
            return set()
        gone = {i for i, rule in before.items() if now.get(i) != rule}
        new = Implications(rule for i, rule in now.items() if before.get(i) != rule)
        return {
            fact.subject
            for fact in self._verdicts.facts.values()
            if new.may_concern(fact) or any(way.rule in gone for way in fact.derivations)
        }

    def _merge_anew(self) -> set[str]:
        """Follow the merges again; returns the subjects that say something of a node whose place has changed."""
        before, self._merged = self._merged, resolved_merges(self._registers, self._merge_targets)
        moved = {
            node for node in before.keys() | self._merged.keys() if before.get(node) != self._merged.get(node)
        }
        roots: set[str] = set()
        for claim in self._claims.values():
            if claim.subject in moved or claim.object in moved:
                roots |= {before.get(claim.subject, claim.subject), self._root(claim.subject)}
        return roots

    def _root(self, node_id: str) -> str:
        return self._merged.get(node_id, node_id)

    def _members(self) -> Mapping[str, list[str]]:
        """The nodes merged into each node, beside itself."""
        found: dict[str, list[str]] = {}
        for node, root in self._merged.items():
            found.setdefault(root, []).append(node)
        return found

    def _judge(
        self,
        root: str,
        members: Mapping[str, list[str]],
        policy: Policy,
        rules: Implications,
        without: str | None = None,
    ) -> Subject:
        if root in self._merged:
            return NOTHING
        ids = [
            assertion_id
            for node in (root, *members.get(root, ()))
            for assertion_id in self._about.get(node, ())
        ]
        claims = [claim for i in ids if (claim := self._claims[i]).source != without]
        return judge(root, claims, self._registers, self._schemas, self._root, policy, rules)


def _never(_claim: Claim) -> bool:
    return False


def _may_name_a_product(claim: Claim) -> bool:
    return claim.named is not None or relation_of(claim.relation).node_type == "Product"
