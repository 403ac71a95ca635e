"""What a check finds in a graph with known faults, and when its gate is open."""

from __future__ import annotations

import json

import pytest

from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry
from core.errors import ConfigError
from core.extract.schema import Schema, from_dict
from core.form import checked, entries
from core.graph.embedding.doubt import Doubt
from core.graph.fold import fold
from core.graph.model import Graph, Title
from core.graph.quality import Catalogued, Finding, Kind, Page, QualityConfig, Report, Severity, check

SCHEMA = {
    "attributes": {
        "brand": {"label": "Brand", "type": "name"},
        "capacity": {"label": "Capacity", "type": "quantity", "unit": "ml"},
        "packSize": {"label": "Pack size", "type": "count"},
        "feature": {"label": "Feature", "type": "text"},
        "flavor": {"label": "Flavour", "type": "text"},
        "dishwasherSafe": {"label": "Dishwasher safe", "type": "boolean"},
    },
    "general": ["brand", "capacity", "packSize", "feature", "dishwasherSafe"],
    "categories": [
        {"names": ["Mugs"], "ask": ["brand", "capacity", "feature"]},
        {"names": ["Tea"], "ask": ["brand", "flavor", "packSize"]},
    ],
}


def schema() -> Schema:
    return from_dict(SCHEMA)


def graph(*claims: tuple[str, str, str]) -> Graph:
    """A graph of cells: (product, relation, words)."""
    made: list[Assertion] = []
    for number, (product, relation, words) in enumerate(claims):
        cell = Document.of(f"{product}/attr:{number}", product, relation, DocumentKind.CELL, words)
        made.append(
            Assertion.of(
                cell, relation, 0, len(words), extractor="columns", extractor_version="1", schema_version="s"
            )
        )
    entries = [LogEntry(EntryKind.ASSERTED, a.id, seq=k + 1) for k, a in enumerate(made)]
    return fold(made, entries, {product: Title(product) for product, _, _ in claims})


def shop(products: int = 12, category: str = "Mugs") -> list[tuple[str, str, str]]:
    """Mugs without a fault."""
    return [
        claim
        for n in range(products)
        for claim in (
            (f"{category}{n}", "brand", f"Maker {n % 3}"),
            (f"{category}{n}", "capacity", f"{300 + 10 * n} ml"),
            (f"{category}{n}", "feature", f"feature {n % 4}"),
        )
    ]


def found(report: Report, kind: Kind) -> list[Finding]:
    return report.of_kind(kind)


def report_of(
    *faults: tuple[str, str, str], config: QualityConfig | None = None, orphan: bool = False
) -> Report:
    claims = [*shop(), *faults]
    categories = {f"product:{product}": "Mugs" for product, _, _ in claims}
    if orphan:
        categories["product:alone"] = "Mugs"
    return check(graph(*claims), Catalogued(categories, schema()), config or QualityConfig())


def test_a_graph_without_a_fault_passes() -> None:
    report = report_of()
    assert report.passed
    assert not report.findings
    assert (report.scope.how, report.scope.subjects, report.scope.facts) == ("all", 12, 36)


@pytest.mark.parametrize(
    ("kind", "fault", "severity"),
    [
        (Kind.VALUE_TYPE, ("Mugs3", "packSize", "plenty of"), Severity.ERROR),
        (Kind.VALUE_TYPE, ("Mugs3", "dishwasherSafe", "in the upper rack"), Severity.ERROR),
        (Kind.UNIT, ("Mugs3", "capacity", "120 kg"), Severity.WARNING),
        (Kind.RANGE, ("Mugs3", "capacity", "90000 l"), Severity.WARNING),
        (Kind.CARDINALITY, ("Mugs3", "capacity", "310 ml"), Severity.ERROR),
        (Kind.DOMAIN, ("Mugs3", "flavor", "vanilla"), Severity.WARNING),
        (Kind.PATTERN, ("Mugs3", "feature", "x" * 90), Severity.WARNING),
    ],
)
def test_each_shape_names_the_fact_that_breaks_it(
    kind: Kind, fault: tuple[str, str, str], severity: Severity
) -> None:
    report = report_of(fault)
    (finding,) = found(report, kind)
    assert (finding.severity, finding.relation, finding.page) == (severity, fault[1], Page.REVIEW)
    assert finding.subjects == ("product:Mugs3",)
    assert finding.count == len(finding.facts) == (2 if kind is Kind.CARDINALITY else 1)


def test_a_boolean_that_is_one_is_no_finding() -> None:
    assert not report_of(("Mugs3", "dishwasherSafe", "Yes")).findings


def test_structure_is_checked_over_the_whole_graph() -> None:
    report = report_of(("Mugs3", "capacity", "1 l"), orphan=True)
    (against,) = found(report, Kind.CONTRADICTION)
    assert (against.relation, against.count, against.of) == ("capacity", 1, 12)
    assert len(against.facts) == 2
    (orphan,) = found(report, Kind.ORPHAN)
    assert (orphan.subjects, orphan.count, orphan.of) == (("product:alone",), 1, 13)
    shares = {share.relation: (share.have, share.products) for share in report.completeness}
    assert shares == {"brand": (12, 13), "capacity": (12, 13), "feature": (12, 13)}


def test_values_on_most_products_and_attributes_on_few_are_noted() -> None:
    claims = [*shop(30), *((f"Mugs{n}", "feature", "glazed") for n in range(20))]
    claims = [claim for claim in claims if claim[1] != "brand" or claim[0] == "Mugs0"]
    report = check(
        graph(*claims), Catalogued({f"product:{p}": "Mugs" for p, _, _ in claims}, schema()), QualityConfig()
    )
    (hub,) = found(report, Kind.HUB)
    assert (hub.other, hub.count, hub.of) == ("feature:glazed", 20, 30)
    (gap,) = found(report, Kind.INCOMPLETE)
    assert (gap.relation, gap.other, gap.count, gap.of) == ("brand", "Mugs", 29, 30)


def test_two_columns_that_say_the_same_are_found_and_words_of_the_ontology_are_not() -> None:
    twice = [(p, "characteristic", words) for p, relation, words in shop() if relation == "feature"]
    report = report_of(*twice)
    (pair,) = found(report, Kind.NEAR_DUPLICATE)
    assert {pair.relation, pair.other} == {"feature", "characteristic"}
    assert pair.figures is not None
    assert pair.figures["facts"] == 1.0
    spelled = report_of(*((f"Mugs{n}", "featureS", f"other {n}") for n in range(6)))
    assert found(spelled, Kind.NEAR_DUPLICATE)
    opinions = [(f"Mugs{n}", relation, f"a{n}") for n in range(6) for relation in ("praisedFor", "usedFor")]
    assert not [
        f for f in found(report_of(*opinions), Kind.NEAR_DUPLICATE) if f.figures and f.figures["names"]
    ]


def test_a_doubted_fact_is_suspicious_from_the_threshold_on() -> None:
    made = graph(*shop())
    facts = sorted(made.facts)
    doubts = [Doubt(facts[0], 19.5, 20), Doubt(facts[1], 2.0, 20), Doubt("gone", 20.0, 20)]
    categories = {f"product:{p}": "Mugs" for p, _, _ in shop()}
    report = check(made, Catalogued(categories, schema()), QualityConfig(), doubts)
    assert [finding.facts for finding in found(report, Kind.SUSPICIOUS)] == [(facts[0],)]


def test_the_gate_closes_where_a_threshold_is_passed() -> None:
    faults = [(f"Mugs{n}", "packSize", "plenty of") for n in range(6)]
    report = report_of(*faults)
    assert not report.passed
    assert {rule.name: rule.passed for rule in report.rules}["errors"] is False
    assert report_of(*faults, config=QualityConfig(most_errors=0.5)).passed
    assert not report_of(config=QualityConfig(least_completeness=1.0), orphan=True).passed


def test_of_a_large_graph_a_fixed_sample_is_held_against_the_shapes_or_what_changed() -> None:
    claims = shop(60)
    made = graph(*claims, ("Mugs7", "flavor", "vanilla"))
    about = Catalogued({f"product:{p}": "Mugs" for p, _, _ in claims}, schema())
    config = QualityConfig(shapes_facts=100)
    first = check(made, about, config)
    assert first.scope.how == "sample"
    assert 90 <= first.scope.facts <= 100
    assert check(made, about, config).findings == first.findings
    changed = check(made, about, config, changed={"product:Mugs7", "product:unknown"})
    assert (changed.scope.how, changed.scope.subjects) == ("changed", 1)
    assert found(changed, Kind.DOMAIN)


def test_a_report_is_plain_data_and_back() -> None:
    report = report_of(("Mugs3", "capacity", "1 l"), orphan=True)
    assert Report.of_plain(json.loads(json.dumps(report.plain()))) == report


def test_settings_have_ranges_and_a_form() -> None:
    assert {entry.section for entry in entries(QualityConfig)} == {"gate", "findings"}
    with pytest.raises(ConfigError, match="less than or equal to 1"):
        checked(QualityConfig, {"most_errors": 2})
