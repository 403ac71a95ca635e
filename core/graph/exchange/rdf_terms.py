"""The graph and its records as RDF: which term each column is, and the descriptions that all RDF formats write.

Terms are those of schema.org, PROV-O (W3C Recommendation, 2013), RDF and Dublin Core where they say the same, and our
own otherwise. A fact is a plain triple and beside it an ``rdf:Statement`` with its confidence and the assertions it was
derived from; an assertion has its quote, its place, its reader, and the document it was derived from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.domain import canonical_json
from core.graph.exchange.model import Package
from core.graph.exchange.rows import columns, header_values, row_of, text_of
from core.graph.exchange.spelling import to_iri
from core.graph.model import product_node
from core.ontology import relation as relation_of

BASE = "urn:shelfgraph:"
PREFIXES: Mapping[str, str] = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "schema": "https://schema.org/",
    "prov": "http://www.w3.org/ns/prov#",
    "dct": "http://purl.org/dc/terms/",
    "sg": f"{BASE}ns:",
    "rel": f"{BASE}relation:",
}

_SHARED = {"name": "schema:name", "text": "schema:text", "language": "schema:inLanguage"}
CLASSES: Mapping[str, tuple[str, ...]] = {
    "sources": ("sg:Source", "schema:Dataset"),
    "products": ("schema:Product",),
    "reviews": ("schema:Review",),
    "documents": ("sg:Document", "prov:Entity"),
    "assertions": ("sg:Assertion", "prov:Entity"),
    "log": ("sg:Entry",),
}
_TERMS: Mapping[str, Mapping[str, str]] = {
    "products": {
        "title": "schema:name",
        "description": "schema:description",
        "price": "schema:price",
        "currency": "schema:priceCurrency",
    },
    "reviews": {"text": "schema:reviewBody", "rating": "sg:rating"},
    "assertions": {"object": "prov:value"},
}


class Term(NamedTuple):
    """The object of a triple: an IRI (in full, or with a prefix of ``PREFIXES``), or a literal with its datatype
    ("" for a string)."""

    value: str
    iri: bool = False
    datatype: str = ""


Description = tuple[str, list[tuple[str, Term]]]
"""A subject's IRI, and its predicates (with their prefix) and objects."""


def term(table: str, column: str) -> str:
    """The predicate of a column."""
    return _TERMS.get(table, {}).get(column) or _SHARED.get(column) or f"sg:{column}"


def full(name: str) -> str:
    """The IRI of a prefixed name; an IRI stays as it is."""
    prefix, found, rest = name.partition(":")
    return PREFIXES[prefix] + rest if found and prefix in PREFIXES else name


def node_iri(node_id: str) -> str:
    """The IRI of a node of the graph."""
    return f"{BASE}node:{to_iri(node_id)}"


def predicate(relation: str) -> str:
    """The predicate of a relation: schema.org's property where it has one, else our own."""
    known = relation_of(relation).schema_org
    return f"schema:{known}" if known != "additionalProperty" else f"rel:{to_iri(relation)}"


def descriptions(package: Package) -> Iterator[Description]:
    """Everything there is to say, subject by subject: the graph itself, its nodes and facts, then the records."""
    header = header_values(package.archive.header)
    about = [("rdf:type", Term("sg:Graph", True))]
    about += [(f"sg:{name}", _literal(value)) for name, value in header.items()]
    yield f"{BASE}graph:{header['graph_hash']}", about
    for _, node in sorted(package.graph.nodes.items()):
        said = [("rdf:type", Term(f"sg:type:{to_iri(node.type)}", True)), ("rdfs:label", Term(node.label))]
        yield node_iri(node.id), said + [("schema:alternateName", Term(alias)) for alias in node.aliases]
    for _, fact in sorted(package.graph.facts.items()):
        link = predicate(fact.relation)
        yield node_iri(fact.subject), [(link, Term(node_iri(fact.object), True))]
        yield (
            f"{BASE}fact:{fact.id}",
            [
                ("rdf:type", Term("rdf:Statement", True)),
                ("rdf:subject", Term(node_iri(fact.subject), True)),
                ("rdf:predicate", Term(full(link), True)),
                ("rdf:object", Term(node_iri(fact.object), True)),
                ("sg:statedRelation", Term(fact.relation)),
                ("sg:factConfidence", Term(text_of(fact.confidence), datatype="double")),
                ("sg:supports", Term(str(len(fact.supports)), datatype="integer")),
                *(("prov:wasDerivedFrom", Term(f"{BASE}assertion:{i}", True)) for i in fact.supports),
            ],
        )
    for name, records in package.archive.tables():
        for record in records:
            yield _record(name, record)


def _record(table: str, record: Any) -> Description:
    values = dict(zip(columns(table), row_of(record), strict=True))
    said = [("rdf:type", Term(kind, True)) for kind in CLASSES[table]]
    if table == "log":
        # An entry has one key and no other use for RDF than to be kept, so it is one literal.
        return f"{BASE}entry:{record.seq}", [*said, ("rdf:value", Term(canonical_json(row_of(record))))]
    said += [(term(table, c), _literal(value)) for c, value in values.items() if value not in (None, "")]
    if table == "assertions":
        source = f"{BASE}document:{to_iri(record.document_id)}:{record.document_hash}"
        said.append(("prov:wasDerivedFrom", Term(source, True)))
    return _subject(table, record), said


def _subject(table: str, record: Any) -> str:
    if table == "products":
        return node_iri(product_node(record.id))
    if table == "documents":
        return f"{BASE}document:{to_iri(record.id)}:{to_iri(record.hash)}"
    return f"{BASE}{table.removesuffix('s')}:{to_iri(record.id)}"


def _literal(value: Any) -> Term:
    kinds = {bool: "boolean", int: "integer", float: "double"}
    return Term(text_of(value), datatype=kinds.get(type(value), ""))
