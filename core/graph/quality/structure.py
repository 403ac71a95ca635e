"""Findings about the graph as a whole: contradictions, orphans, hubs, gaps, and relations that say the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any

from core.extract.schema import Schema
from core.graph.model import Graph
from core.graph.quality.config import QualityConfig
from core.graph.quality.finding import Finding, Kind, Page, Severity, Share, some
from core.ontology import RELATIONS

LEAST_PRODUCTS = 20
"""A value is a hub, an attribute incomplete, only where there are this many products."""
LEAST_FACTS = 5
_LEAST_IN_CATEGORY = 5
_NAMES_ALIKE = 0.85


def contradictions(graph: Graph) -> list[Finding]:
    """Products with several values where a relation has one, by relation."""
    groups: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for (subject, relation), facts in sorted(graph.conflicts.items()):
        groups[relation].append((subject, facts))
    having = Counter(r for r, _ in {(f.relation, f.subject) for f in graph.facts.values()})
    return [
        Finding(
            Kind.CONTRADICTION,
            Severity.WARNING,
            Page.REVIEW,
            relation,
            count=len(found),
            of=having[relation],
            subjects=some([subject for subject, _ in found]),
            facts=some([fact for _, facts in found for fact in facts]),
        )
        for relation, found in groups.items()
    ]


def orphans(graph: Graph, products: Iterable[str]) -> list[Finding]:
    """Products of the catalogue (node ids) of which nothing is known."""
    known = {graph.resolve(node) for node in products}
    alone = sorted(known - {fact.subject for fact in graph.facts.values()})
    if not alone:
        return []
    return [
        Finding(
            Kind.ORPHAN, Severity.WARNING, Page.BUILD, count=len(alone), of=len(known), subjects=some(alone)
        )
    ]


def hubs(graph: Graph, products: int, config: QualityConfig) -> list[Finding]:
    """Values that so many products have that they tell none apart, the largest first."""
    if products < LEAST_PRODUCTS:
        return []
    spread = Counter((fact.relation, fact.object) for fact in graph.facts.values())
    return [
        Finding(Kind.HUB, Severity.NOTE, Page.GRAPH, relation, node, count, products)
        for (relation, node), count in spread.most_common()
        if count > config.hub_share * products
    ]


def completeness(graph: Graph, categories: Mapping[str, str], schema: Schema) -> list[Share]:
    """For each category and each attribute that is asked of it: how many products have it.

    ``categories`` maps the node of every product to its category ("" where it has none).
    """
    members: dict[str, set[str]] = defaultdict(set)
    for node, category in categories.items():
        members[category].add(graph.resolve(node))
    having: dict[str, set[str]] = defaultdict(set)
    for fact in graph.facts.values():
        having[fact.relation].add(fact.subject)
    return [
        Share(category, a.relation, len(products & having[a.relation]), len(products))
        for category, products in sorted(members.items())
        for a in schema.attributes(category)
        if a.value_type != "product"
    ]


def incomplete(shares: Iterable[Share], config: QualityConfig) -> list[Finding]:
    """Attributes that hardly any product of a category has."""
    return [
        Finding(
            Kind.INCOMPLETE,
            Severity.NOTE,
            Page.SCHEMA,
            share.relation,
            share.category,
            share.products - share.have,
            share.products,
        )
        for share in shares
        if share.products >= _LEAST_IN_CATEGORY and share.have < config.incomplete_share * share.products
    ]


def near_duplicates(graph: Graph, config: QualityConfig) -> list[Finding]:
    """Pairs of relations that seem to say the same.

    Either they share facts (the same value of the same product), as a part of the smaller one; or their names are
    alike and they share values; or their names are nearly equal. Relations of the ontology mean different things
    whatever their names.
    """
    pairs: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for fact in graph.facts.values():
        pairs[fact.relation].add((fact.subject, fact.object.partition(":")[2]))
    relations = sorted(name for name, found in pairs.items() if len(found) >= LEAST_FACTS)
    values = {name: {value for _, value in pairs[name]} for name in relations}
    found = []
    for one, other in combinations(relations, 2):
        facts = _overlap(pairs[one], pairs[other])
        same = _overlap(values[one], values[other])
        names = 0.0
        if one not in RELATIONS or other not in RELATIONS:
            names = SequenceMatcher(None, one.casefold(), other.casefold()).ratio()
        if facts >= config.overlap or names >= _NAMES_ALIKE or (names >= 0.5 and same >= config.overlap):
            both = pairs[one] & pairs[other]
            found.append(
                Finding(
                    Kind.NEAR_DUPLICATE,
                    Severity.WARNING,
                    Page.SCHEMA,
                    one,
                    other,
                    len(both),
                    min(len(pairs[one]), len(pairs[other])),
                    some(sorted(subject for subject, _ in both)),
                    figures={"facts": facts, "values": same, "names": names},
                )
            )
    return found


def _overlap(one: Set[Any], other: Set[Any]) -> float:
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0
