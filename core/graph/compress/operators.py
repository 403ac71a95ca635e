"""The operators: each says which nodes and facts to take out of a net, and which to put in for them.

Taking out and putting back is exact, so the way back is the same patch the other way round. What an operator relies on
beside that is what makes it harmless: what it takes out can be inferred from what it leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.domain import Fact, Node, content_hash
from core.graph.compress.mining import Feature, bundles
from core.graph.compress.net import GROUPS, META, META_TYPE, NOTHING, Net, Patch, patch, without
from core.graph.compress.plan import Plan

SYMMETRIC = frozenset({"isSimilarTo", "isRelatedTo", "isCompatibleWith"})
INVERSE = {
    "hasPart": "isPartOf",
    "narrower": "broader",
    "hasAccessoryOrSparePart": "isAccessoryOrSparePartFor",
}
TRANSITIVE = frozenset({"isPartOf", "broader", "subClassOf", "locatedIn"})


@dataclass(frozen=True)
class Step:
    """What an operator did: ``taken`` out and ``put`` in."""

    operator: str
    taken: Patch
    put: Patch = NOTHING


Operator = Callable[[Net, Plan], Step]


def inverse(net: Net, plan: Plan) -> Step:
    """Of a fact and its mirror image the less certain one goes: a R b stands for b R a where R is symmetric, and for
    b S a where S is the inverse of R."""
    by_claim = {(f.subject, f.relation, f.object): f for f in net.facts.values()}
    gone: dict[str, Fact] = {}
    for fact in sorted(net.facts.values(), key=lambda f: f.id):
        mirror = fact.relation if fact.relation in SYMMETRIC else INVERSE.get(fact.relation)
        other = by_claim.get((fact.object, mirror, fact.subject)) if mirror else None
        if other is None or other.id == fact.id or other.id in gone:
            continue
        if mirror != fact.relation or (fact.confidence, fact.id) <= (other.confidence, other.id):
            gone[fact.id] = fact
    return Step("inverse", without(net, gone.values()))


def transitive(net: Net, plan: Plan) -> Step:
    """a R c goes where a R b and b R c stay (the transitive reduction of Aho, Garey and Ullman, 1972).

    Facts on a cycle, or that lead into one, stay: which of them follows from the others is not determined.
    """
    gone: list[Fact] = []
    for relation in sorted(TRANSITIVE):
        facts = [f for f in net.facts.values() if f.relation == relation and f.subject != f.object]
        after: dict[str, set[str]] = defaultdict(set)
        for fact in facts:
            after[fact.subject].add(fact.object)
        reach = {node: _reach(after, node) for node in after}
        gone += [
            fact
            for fact in facts
            if fact.subject not in reach.get(fact.object, set())
            and any(
                fact.object in reach.get(middle, ())
                and fact.subject not in reach.get(middle, ())
                and middle not in reach.get(fact.object, ())
                for middle in after[fact.subject] - {fact.object}
            )
        ]
    return Step("transitive", without(net, gone))


def equivalent(net: Net, plan: Plan) -> Step:
    """Values that exactly the same products have, each by one relation, become one node."""
    subjects: dict[Feature, set[str]] = defaultdict(set)
    for feature, subject, _ in _features(net):
        subjects[feature].add(subject)
    classes: dict[frozenset[str], list[Feature]] = defaultdict(list)
    for feature, having in sorted(subjects.items()):
        classes[frozenset(having)].append(feature)
    groups = [(tuple(members), having) for having, members in classes.items() if len(members) > 1]
    return _grouped("equivalent", net, groups)


def grouped(net: Net, plan: Plan) -> Step:
    """Sets of values that go together on many products become one node of these products."""
    having: dict[str, set[Feature]] = defaultdict(set)
    for feature, subject, _ in _features(net):
        having[subject].add(feature)
    found = bundles(having, plan.bundle_products)
    return _grouped("bundles", net, [(bundle.features, frozenset(bundle.subjects)) for bundle in found])


def confident(net: Net, plan: Plan) -> Step:
    """Facts below the least confidence go."""
    gone = [fact for fact in net.facts.values() if fact.confidence < plan.least_confidence]
    return Step("least_confidence", without(net, gone))


def supported(net: Net, plan: Plan) -> Step:
    """Facts of values that too few products have go; links between products stay."""
    spread: dict[Feature, set[str]] = defaultdict(set)
    for feature, subject, _ in _features(net):
        spread[feature].add(subject)
    gone = [
        fact
        for feature, _, fact in _features(net)
        if len(spread[feature]) < plan.least_products and not fact.object.startswith(META)
    ]
    return Step("least_products", without(net, gone))


def chosen(plan: Plan) -> list[Operator]:
    """The operators of a plan in their order: what is left out goes first, so that the rest is joined as it is."""
    wanted: Mapping[Operator, bool] = {
        confident: plan.least_confidence > 0.0,
        supported: plan.least_products > 1,
        inverse: plan.inverse,
        transitive: plan.transitive,
        equivalent: plan.equivalent,
        grouped: plan.bundles,
    }
    return [operator for operator, yes in wanted.items() if yes]


def _grouped(operator: str, net: Net, groups: Iterable[tuple[tuple[Feature, ...], frozenset[str]]]) -> Step:
    """Put a node in the place of each set of features, linked once to each of its products and once to each value."""
    facts = {(f.relation, f.object, f.subject): f for f in net.facts.values()}
    taken: dict[str, Fact] = {}
    nodes: list[Node] = []
    put: list[Fact] = []
    for features, subjects in groups:
        if len(subjects) * len(features) <= len(subjects) + len(features):
            continue  # as many facts with the node as without
        name = META + content_hash(operator, *(part for feature in features for part in feature))[:16]
        if name in net.nodes:
            continue
        labels = [net.nodes[node].label for _, node in features]
        nodes.append(Node(name, META_TYPE, " · ".join(labels)))
        for relation, node in features:
            put.append(_fact(name, relation, node, 1.0))
        for subject in sorted(subjects):
            own = [facts[(*feature, subject)] for feature in features]
            taken |= {fact.id: fact for fact in own}
            put.append(_fact(subject, GROUPS, name, min(fact.confidence for fact in own)))
    return Step(operator, patch((), taken.values()), patch(nodes, put))


def _features(net: Net) -> Iterable[tuple[Feature, str, Fact]]:
    """What products have, links to other products and the insides of groups left out."""
    for fact in net.facts.values():
        if not fact.object.startswith("product:") and not fact.subject.startswith(META):
            yield (fact.relation, fact.object), fact.subject, fact


def _reach(after: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    front = list(after.get(start, ()))
    while front:
        node = front.pop()
        if node not in seen:
            seen.add(node)
            front.extend(after.get(node, ()))
    return seen


def _fact(subject: str, relation: str, node: str, confidence: float) -> Fact:
    return Fact(content_hash(subject, relation, node), subject, relation, node, (), confidence)
