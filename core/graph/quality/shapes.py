"""SHACL shapes from a schema (W3C Recommendation of 2017), and facts as the RDF they are held against.

A value is checked once, whatever number of products have it: its shapes target the objects of a relation. The name of
each shape says what it checks, so a result needs no text to be read.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import quote, unquote

from core.domain import Fact
from core.extract import quantity
from core.extract.numbers import parse_number
from core.extract.schema import Attribute, Schema
from core.extract.value_kinds import READERS
from core.graph.model import Graph
from core.graph.quality.config import QualityConfig
from core.graph.quality.finding import Kind, Severity

NAMESPACE = "urn:shelfgraph:"
_LEAST_AMOUNTS = 8
_MEASURED = ("quantity", "count", "number", "price")
_PATTERNS = {
    "date": r"^\d{4}(-\d{2}){0,2}$",
    "boolean": r"^(yes|no)$",
    "gtin": r"^\d{8}(\d{4,6})?$",
}
SEVERITIES = {
    Kind.VALUE_TYPE: Severity.ERROR,
    Kind.UNIT: Severity.WARNING,
    Kind.CARDINALITY: Severity.ERROR,
    Kind.DOMAIN: Severity.WARNING,
    Kind.RANGE: Severity.WARNING,
    Kind.PATTERN: Severity.WARNING,
}
_SHACL = {Severity.ERROR: "Violation", Severity.WARNING: "Warning"}


@dataclass(frozen=True, slots=True)
class Result:
    """What a validation reports: the kind, the relation, the node in focus, and the category of a domain's shape."""

    kind: Kind
    relation: str
    focus: str
    category: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """The figure of a value: its largest part in ``unit``, a base unit or "ct"."""

    value: float
    unit: str


def amount(attribute: Attribute, label: str) -> Amount | None:
    """What the words of a value measure; None where they measure nothing of the attribute's type."""
    if attribute.value_type in ("quantity", "count"):
        found = quantity.parse(label, attribute.relation, attribute.unit)
        return Amount(max(found.values), found.base) if found else None
    if attribute.value_type == "price":
        found_price = READERS["price"](label)
        figure = parse_number(found_price.key.split()[0]) if found_price else None
        return Amount(figure, "") if figure is not None else None
    figure = parse_number(label)
    return Amount(figure, "") if figure is not None else None


def shapes_graph(
    schema: Schema,
    single_valued: Collection[str],
    categories: Iterable[str],
    amounts: Mapping[str, Sequence[Amount]],
    config: QualityConfig,
) -> tuple[Any, int]:
    """The shapes as an ``rdflib.Graph``, and their number.

    ``amounts`` are by relation; the range of a relation is around their median, where there are 8 at least.
    """
    from rdflib import RDF, Graph, Literal, Namespace, URIRef
    from rdflib.collection import Collection as RdfList
    from rdflib.term import BNode

    sh, own = Namespace("http://www.w3.org/ns/shacl#"), Namespace(NAMESPACE)
    made = Graph()
    count = 0

    def add(
        kind: Kind,
        relation: str,
        target: tuple[Any, Any],
        path: Any,
        rules: Mapping[str, Any],
        category: str = "",
    ) -> None:
        nonlocal count
        count += 1
        node = URIRef(f"{NAMESPACE}shape/{kind.value}/{_safe(relation)}/{_safe(category)}/{count}")
        holder = BNode()
        made.add((holder, RDF.type, sh.NodeShape))
        made.add((holder, target[0], target[1]))
        made.add((holder, sh.property, node))
        made.add((node, sh.path, path))
        made.add((node, sh.severity, sh[_SHACL[SEVERITIES[kind]]]))
        for name, value in rules.items():
            if isinstance(value, list):
                listed = BNode()
                RdfList(made, listed, [Literal(one) for one in value])
                made.add((node, sh[name], listed))
            else:
                made.add((node, sh[name], Literal(value)))

    for attribute in schema.every:
        relation = attribute.relation
        path = URIRef(_relation(relation))
        values = (sh.targetObjectsOf, path)
        if relation in single_valued:
            add(Kind.CARDINALITY, relation, (sh.targetSubjectsOf, path), path, {"maxCount": 1})
        if attribute.value_type == "product":
            continue
        add(
            Kind.PATTERN,
            relation,
            values,
            own.label,
            {"pattern": r"[^\W_]", "maxLength": config.longest_value},
        )
        if pattern := _PATTERNS.get(attribute.value_type):
            add(Kind.VALUE_TYPE, relation, values, own.label, {"pattern": pattern, "flags": "i"})
        if attribute.value_type not in _MEASURED:
            continue
        if not attribute.words:
            add(Kind.VALUE_TYPE, relation, values, own.number, {"minCount": 1})
        if units := _units(attribute):
            add(Kind.UNIT, relation, values, own.unit, {"in": units})
        low, high = _range([a.value for a in amounts.get(relation, ())], config.range_decades)
        limits = {"minInclusive": low} | ({} if high is None else {"maxInclusive": high})
        add(Kind.RANGE, relation, values, own.number, limits)
    asked_somewhere = {attribute.relation for attribute in schema.every}
    for category in sorted(set(categories)):
        asked = {a.relation for source in ("product", "review") for a in schema.attributes(category, source)}
        general = {a.relation for a in schema.general}
        for relation in sorted(asked_somewhere - asked - general):
            target = (sh.targetClass, URIRef(_category(category)))
            add(Kind.DOMAIN, relation, target, URIRef(_relation(relation)), {"maxCount": 0}, category)
    return made, count


def data_graph(graph: Graph, facts: Iterable[Fact], schema: Schema, categories: Mapping[str, str]) -> Any:
    """The facts as an ``rdflib.Graph``: products by class of their category, values with label, figure and unit.

    ``categories`` maps a product's node to its category.
    """
    from rdflib import RDF, Graph, Literal, URIRef

    made = Graph()
    label, number, unit = (URIRef(NAMESPACE + name) for name in ("label", "number", "unit"))
    attributes = {attribute.relation: attribute for attribute in schema.every}
    seen: set[str] = set()
    for fact in facts:
        subject, value = URIRef(_node(fact.subject)), URIRef(_node(fact.object))
        made.add((subject, URIRef(_relation(fact.relation)), value))
        if fact.subject not in seen:
            seen.add(fact.subject)
            made.add((subject, RDF.type, URIRef(_category(categories.get(fact.subject, "")))))
        if fact.object in seen:
            continue
        seen.add(fact.object)
        words = graph.label(fact.object)
        made.add((value, label, Literal(words)))
        attribute = attributes.get(fact.relation)
        measured = amount(attribute, words) if attribute and attribute.value_type in _MEASURED else None
        if measured:
            made.add((value, number, Literal(measured.value)))
            made.add((value, unit, Literal(measured.unit)))
    return made


def validate(data: Any, shapes: Any) -> list[Result]:
    """What pyshacl reports, in a fixed order."""
    from pyshacl import validate as run
    from rdflib import Namespace

    sh = Namespace("http://www.w3.org/ns/shacl#")
    _, report, _ = run(data, shacl_graph=shapes, inference="none", inplace=True)
    found = []
    for result in report.subjects(sh.resultSeverity):
        kind, relation, category = _named(str(report.value(result, sh.sourceShape)))
        focus = unquote(str(report.value(result, sh.focusNode)).removeprefix(f"{NAMESPACE}node/"))
        found.append(Result(kind, relation, focus, category))
    return sorted(found, key=lambda r: (r.kind, r.relation, r.category, r.focus))


def _units(attribute: Attribute) -> list[str]:
    """The base units that the attribute's own unit stands for; [] where it says none."""
    if not attribute.unit:
        return []
    found = quantity.parse(f"1 {attribute.unit}", attribute.relation, attribute.unit)
    return [found.base] if found else []


def _range(values: Sequence[float], decades: float) -> tuple[float, float | None]:
    positive = [value for value in values if value > 0]
    if len(positive) < _LEAST_AMOUNTS:
        return 0.0, None
    middle = math.log10(median(positive))
    return 10 ** (middle - decades), 10 ** (middle + decades)


def _named(shape: str) -> tuple[Kind, str, str]:
    kind, relation, category, _ = shape.removeprefix(f"{NAMESPACE}shape/").split("/")
    return Kind(kind), unquote(relation), unquote(category)


def _relation(name: str) -> str:
    return f"{NAMESPACE}relation/{_safe(name)}"


def _category(name: str) -> str:
    return f"{NAMESPACE}category/{_safe(name)}"


def _node(name: str) -> str:
    return f"{NAMESPACE}node/{_safe(name)}"


def _safe(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")
