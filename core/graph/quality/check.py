"""The whole check: shapes, structure, doubt, and the gate. Pure: a graph and what is known of its shop in, a report
out."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.domain import Fact, content_hash
from core.extract.schema import Schema
from core.graph.embedding.doubt import Doubt
from core.graph.model import Graph, Policy
from core.graph.quality import structure
from core.graph.quality.config import QualityConfig
from core.graph.quality.finding import Finding, Kind, Page, Report, Rule, Scope, Severity, Share, some
from core.graph.quality.shapes import SEVERITIES, Amount, Result, amount, data_graph, shapes_graph, validate

MOST_SUSPICIOUS = 100
_ORDER = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Catalogued:
    """What a check has to know beside the graph: ``categories`` by node of every product ("" where it has none), the
    schema, and the relations that have one value."""

    categories: Mapping[str, str]
    schema: Schema
    single_valued: frozenset[str] = Policy().single_valued


def check(
    graph: Graph,
    shop: Catalogued,
    config: QualityConfig,
    doubts: Sequence[Doubt] = (),
    changed: Collection[str] | None = None,
) -> Report:
    """Check a graph.

    pyshacl looks at two to five thousand facts a second, so of a graph with more than ``shapes_facts`` facts it is
    given a fixed sample of products; or, with ``changed``, those product nodes alone. All else is of the whole graph.
    """
    shares = structure.completeness(graph, shop.categories, shop.schema)
    shaped, scope = _shaped(graph, shop, config, changed)
    alone = structure.orphans(graph, shop.categories)
    findings = [
        *shaped,
        *structure.contradictions(graph),
        *alone,
        *structure.near_duplicates(graph, config),
        *_suspicious(graph, doubts, config),
        *structure.hubs(graph, len(shop.categories), config),
        *structure.incomplete(shares, config),
    ]
    return Report(
        graph.hash,
        len(graph.facts),
        len(shop.categories),
        _rules(graph, shop, config, shaped, scope, alone, shares),
        tuple(sorted(findings, key=_order)),
        tuple(shares),
        scope,
        len(doubts),
    )


def _order(finding: Finding) -> tuple[object, ...]:
    """The worst first; of suspicious facts, which count one each, the strangest."""
    strange = (finding.figures or {}).get("place", 0.0)
    severity = _ORDER[finding.severity]
    return severity, -finding.count, finding.kind, -strange, finding.relation, finding.other


def _shaped(
    graph: Graph, shop: Catalogued, config: QualityConfig, changed: Collection[str] | None
) -> tuple[list[Finding], Scope]:
    began = time.perf_counter()
    by_subject: dict[str, list[Fact]] = defaultdict(list)
    for fact in graph.facts.values():
        by_subject[fact.subject].append(fact)
    subjects, how = _chosen(by_subject, config.shapes_facts, changed)
    facts = [fact for subject in subjects for fact in by_subject[subject]]
    shapes, count = shapes_graph(
        shop.schema,
        shop.single_valued,
        {shop.categories.get(subject, "") for subject in subjects},
        _amounts(graph, shop.schema),
        config,
    )
    results = validate(data_graph(graph, facts, shop.schema, shop.categories), shapes) if facts else []
    scope = Scope(how, len(subjects), len(by_subject), len(facts), count, time.perf_counter() - began)
    return _grouped(results, facts, shop.categories), scope


def _chosen(
    by_subject: Mapping[str, Sequence[Fact]], most: int, changed: Collection[str] | None
) -> tuple[list[str], str]:
    if changed is not None:
        return sorted(set(changed) & by_subject.keys()), "changed"
    if sum(map(len, by_subject.values())) <= most:
        return sorted(by_subject), "all"
    chosen, taken = [], 0
    for subject in sorted(
        by_subject, key=content_hash
    ):  # by hash: the same sample each time, whatever the ids say
        taken += len(by_subject[subject])
        if taken > most:
            break
        chosen.append(subject)
    return sorted(chosen), "sample"


def _amounts(graph: Graph, schema: Schema) -> dict[str, list[Amount]]:
    measured = {
        a.relation: a for a in schema.every if a.value_type in ("quantity", "count", "number", "price")
    }
    values = {(f.relation, f.object) for f in graph.facts.values() if f.relation in measured}
    found: dict[str, list[Amount]] = defaultdict(list)
    for relation, node in sorted(values):
        if made := amount(measured[relation], graph.label(node)):
            found[relation].append(made)
    return found


def _grouped(
    results: Iterable[Result], facts: Sequence[Fact], categories: Mapping[str, str]
) -> list[Finding]:
    """One finding for each kind, relation and category, with the facts it is about."""
    at_subject: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    at_value: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    size: dict[str, int] = defaultdict(int)
    for fact in facts:
        at_subject[(fact.relation, fact.subject)].append(fact)
        at_value[(fact.relation, fact.object)].append(fact)
        size[fact.relation] += 1
    groups: dict[tuple[Kind, str, str], dict[str, Fact]] = defaultdict(dict)
    for result in results:
        of_product = result.kind in (Kind.CARDINALITY, Kind.DOMAIN)
        concerned = (at_subject if of_product else at_value)[(result.relation, result.focus)]
        groups[(result.kind, result.relation, result.category)] |= {fact.id: fact for fact in concerned}
    return [
        Finding(
            kind,
            SEVERITIES[kind],
            Page.REVIEW,
            relation,
            category,
            len(found),
            size[relation],
            some([fact.subject for fact in found.values()]),
            some(list(found)),
        )
        for (kind, relation, category), found in groups.items()
    ]


def _suspicious(graph: Graph, doubts: Sequence[Doubt], config: QualityConfig) -> list[Finding]:
    """Facts that are there and that an embedding of the others would not expect, the strangest first."""
    strange = [
        doubt for doubt in doubts if doubt.place >= config.suspicious_place and doubt.fact_id in graph.facts
    ]
    found = []
    for doubt in strange[:MOST_SUSPICIOUS]:
        fact = graph.facts[doubt.fact_id]
        found.append(
            Finding(
                Kind.SUSPICIOUS,
                Severity.NOTE,
                Page.REVIEW,
                fact.relation,
                fact.object,
                1,
                len(doubts),
                (fact.subject,),
                (fact.id,),
                {"rank": doubt.rank, "of": float(doubt.of), "place": doubt.place},
            )
        )
    return found


def _rules(
    graph: Graph,
    shop: Catalogued,
    config: QualityConfig,
    shaped: Sequence[Finding],
    scope: Scope,
    alone: Sequence[Finding],
    shares: Sequence[Share],
) -> tuple[Rule, ...]:
    # A relation that has one value and is contradicted is counted as a contradiction, not as an error as well.
    errors = sum(f.count for f in shaped if f.severity is Severity.ERROR and f.kind is not Kind.CARDINALITY)
    single = {(f.subject, f.relation) for f in graph.facts.values() if f.relation in shop.single_valued}
    asked = sum(share.products for share in shares)
    return (
        Rule("errors", errors / max(1, scope.facts), config.most_errors),
        Rule("contradictions", len(graph.conflicts) / max(1, len(single)), config.most_contradictions),
        Rule("orphans", sum(f.count for f in alone) / max(1, len(shop.categories)), config.most_orphans),
        Rule(
            "completeness",
            sum(share.have for share in shares) / asked if asked else 1.0,
            config.least_completeness,
            floor=True,
        ),
    )
