"""The graph as a pure fold of the log.

The unit of work is a subject: its facts depend on the assertions about it and on nothing else but merges, schemas,
alignments, rules and the titles of the catalogue. So a few new entries cost a few subjects, and the order they came in
costs nothing.

The hash of a graph is the sum modulo 2**256 of the digests of its parts (AdHash: Bellare and Micciancio, A New Paradigm
for Collision-Free Hashing, 1997), which can be brought up to date part by part and does not depend on their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from core.domain import Assertion, EntryKind, Fact, Ledger, LogEntry, Node, Standing, content_hash
from core.graph.adjacency import Links
from core.graph.alignments import Alignments
from core.graph.canonical import MODULUS, digest
from core.graph.logic import Implications
from core.graph.merges import resolved_merges
from core.graph.model import Graph, OnConflict, Policy, Reason, Title, product_id, product_node
from core.graph.registers import Registers
from core.graph.subject import Subject, judge
from core.graph.values import Claim, Values
from core.ontology import relation as relation_of

__all__ = ["Fold", "Graph", "fold"]

_NOTHING = Subject()


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
        self._derived: Counter[str] = Counter()
        self._subjects: dict[str, Subject] = {}
        self._labels: dict[str, Counter[tuple[bool, str]]] = {}
        self._surfaces: dict[str, Counter[str]] = {}
        self._nodes: dict[str, Node] = {}
        self._facts: dict[str, Fact] = {}
        self._links = Links()
        self._standing: dict[str, Standing] = {}
        self._reasons: dict[str, str] = {}
        self._weighed: dict[str, float] = {}
        self._conflicts: dict[tuple[str, str], tuple[str, ...]] = {}
        self._counts: Counter[Standing] = Counter()
        self._sum = 0
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
        for product in changed:
            self._name(product_node(product))

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
        facts = dict(self._facts)
        return Graph(
            nodes=dict(self._nodes),
            facts=facts,
            standing=dict(self._standing),
            reasons=dict(self._reasons),
            conflicts=dict(self._conflicts),
            ledger=Ledger(**{standing.value: self._counts[standing] for standing in Standing}),
            hash=content_hash(str(self._sum), str(len(self._facts)), str(len(self._nodes))),
            seq=self.seq,
            merged=dict(self._merged),
            rules=self._values.rules,
            weighed=dict(self._weighed),
            adjacency=self._links.adjacency(facts),
            alignments=self._values.alignments,
            implications=self._rules.by_id,
            derived=dict(+self._derived),
        )

    def would_follow(self, rule_id: str, data: Mapping[str, Any]) -> list[Fact]:
        """The facts that a rule of these parts would bring, its consequences by other rules among them."""
        rule = self._values.implication(rule_id, data, self._root)
        alone, rules = Implications([rule]), Implications([*self._rules.by_id.values(), rule])
        roots = {fact.subject for fact in self._facts.values() if alone.may_concern(fact)}
        judged = self._judged(roots, self.policy, rules)
        return [fact for new in judged.values() for fact in new.facts if fact.id not in self._facts]

    def contradictions(self, policy: Policy) -> dict[tuple[str, str], tuple[Fact, ...]]:
        """For each subject and relation whose values contradict each other, whatever the fold's own policy: the facts
        that would stand by ``policy``."""
        roots = {root for root, _ in self._conflicts}
        contested = (self._claims[i] for i, why in self._reasons.items() if why == Reason.CONTESTED)
        roots |= {self._root(claim.subject) for claim in contested}
        every = self._judged(roots, replace(policy, on_conflict=OnConflict.KEEP), self._rules)
        left = self._judged(roots, policy, self._rules)
        return {
            (root, relation): tuple(fact for fact in left[root].facts if fact.relation == relation)
            for root in sorted(roots)
            for relation in every[root].conflicts
        }

    def without(self, source: str) -> tuple[list[Fact], list[Fact]]:
        """(facts that would go, facts that would come) if a source were not there. What may come are values that it has
        kept apart until then."""
        roots = {self._root(claim.subject) for claim in self._claims.values() if claim.source == source}
        judged = self._judged(roots, self.policy, self._rules, source)
        left = {fact.id: fact for new in judged.values() for fact in new.facts}
        now = {fact.id: fact for root in roots for fact in self._subjects.get(root, _NOTHING).facts}
        gone = [fact for i, fact in now.items() if i not in left]
        return gone, [fact for i, fact in left.items() if i not in now]

    def _judged(
        self, roots: Iterable[str], policy: Policy, rules: Implications, without: str | None = None
    ) -> dict[str, Subject]:
        members = self._members()
        return {root: self._judge(root, members, policy, rules, without) for root in roots}

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
        judged = self._judged(roots, self.policy, self._rules)
        changed = [root for root, new in judged.items() if self._subjects.get(root, _NOTHING) != new]
        # A merge moves assertions from one subject to another, so all leave before any comes.
        touched = set[str]().union(*(self._leave(root) for root in changed))
        touched = touched.union(*(self._enter(root, judged[root]) for root in changed))
        for node in touched:
            self._name(node)

    def _normalise_anew(self, versions: Iterable[str]) -> set[str]:
        """Follow the rules of these schema versions, and the alignments; returns the subjects of the claims that count
        under another relation or name another value now, and those they had before."""
        news = {v for v in versions if self._values.rules_of(v, self._registers.rules(v))}
        aligned = not self._waiting.isdisjoint(self._alignment_targets) and self._align_anew()
        if not news and not aligned:
            return set()
        return self._claims_anew([c for c in self._claims.values() if aligned or c.schema_version in news])

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
            for fact in self._facts.values()
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
            return _NOTHING
        ids = [
            assertion_id
            for node in (root, *members.get(root, ()))
            for assertion_id in self._about.get(node, ())
        ]
        claims = [claim for i in ids if (claim := self._claims[i]).source != without]
        return judge(root, claims, self._registers, self._schemas, self._root, policy, rules)

    def _leave(self, root: str) -> set[str]:
        """Take a subject's facts out; returns the nodes they named."""
        old = self._subjects.pop(root, _NOTHING)
        self._count(old, -1)
        for fact in old.facts:
            del self._facts[fact.id]
        self._links.leave(root, old.facts)
        for assertion in old.standing:
            del self._standing[assertion]
            self._reasons.pop(assertion, None)
            self._weighed.pop(assertion, None)
        for relation in old.conflicts:
            del self._conflicts[(root, relation)]
        return {mention.node for mention in old.mentions}

    def _enter(self, root: str, new: Subject) -> set[str]:
        """Put a subject's facts in; returns the nodes they name."""
        if not new.standing:
            return set()
        self._subjects[root] = new
        self._count(new, 1)
        self._facts.update((fact.id, fact) for fact in new.facts)
        self._links.enter(root, new.facts)
        self._standing.update(new.standing)
        self._reasons.update(new.reasons)
        self._weighed.update(new.weighed)
        self._conflicts.update(((root, relation), facts) for relation, facts in new.conflicts.items())
        return {mention.node for mention in new.mentions}

    def _count(self, subject: Subject, sign: int) -> None:
        if subject.standing:
            self._sum = (self._sum + sign * subject.digest()) % MODULUS
        for standing in subject.standing.values():
            self._counts[standing] += sign
        if self._rule_ids:
            for fact in subject.facts:
                for way in fact.derivations:
                    self._derived[way.rule] += sign
        for mention in subject.mentions:
            labels = self._labels.setdefault(mention.node, Counter())
            labels[(mention.own, mention.label)] += sign
            if mention.surface:
                self._surfaces.setdefault(mention.node, Counter())[mention.surface] += sign

    def _name(self, node_id: str) -> None:
        """Give a node its label and aliases: the most frequent, of equally frequent ones the first in the alphabet."""
        old = self._nodes.pop(node_id, None)
        if old:
            self._sum = (self._sum - node_digest(old)) % MODULUS
        labels = +self._labels.get(node_id, Counter())
        if not labels:
            self._labels.pop(node_id, None)
            self._surfaces.pop(node_id, None)
            return
        surfaces = +self._surfaces.get(node_id, Counter())
        self._labels[node_id], self._surfaces[node_id] = labels, surfaces
        (_own, label), _count = min(labels.items(), key=lambda item: (not item[0][0], -item[1], item[0][1]))
        aliases = tuple(s for s, _ in sorted(surfaces.items(), key=lambda item: (-item[1], item[0])))
        kind = self._values.node_type(node_id)
        product = product_id(node_id)
        if product is not None and product in self.titles:
            label = self.titles[product].title
        new = Node(node_id, kind, label, aliases)
        self._nodes[node_id] = new
        self._sum = (self._sum + node_digest(new)) % MODULUS


def _may_name_a_product(claim: Claim) -> bool:
    return claim.named is not None or relation_of(claim.relation).node_type == "Product"


def node_digest(node: Node) -> int:
    """A number in [0, 2**256) for a node and all it is called."""
    return digest("node", node.id, node.type, node.label, *node.aliases)
