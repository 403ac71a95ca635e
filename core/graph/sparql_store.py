"""A graph as RDF that rdflib can ask: triples are made when they are asked for, from the indices of the graph.

So nothing is copied, and a graph of a million facts is open to SPARQL as soon as its index is there. The triples are
those of the RDF files (``exchange.rdf_terms``), without the records.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from rdflib import RDF, RDFS, XSD, Literal, URIRef
from rdflib.store import Store

from core.domain import Fact, Node
from core.graph.exchange.rdf_terms import BASE, full, node_iri, predicate
from core.graph.exchange.rows import text_of
from core.graph.exchange.spelling import from_iri, to_iri
from core.graph.pattern_match import Index

Triple = tuple[Any, Any, Any]
_NODE, _FACT, _TYPE = f"{BASE}node:", f"{BASE}fact:", full("sg:type:")
_NAME, _ALIAS = URIRef(full("schema:name")), URIRef(full("schema:alternateName"))
_PRODUCT = URIRef(full("schema:Product"))
_STATED, _SURE = URIRef(full("sg:statedRelation")), URIRef(full("sg:factConfidence"))
_SUPPORTS = URIRef(full("sg:supports"))
_OF_NODE = frozenset({RDFS.label, _NAME, _ALIAS})
_OF_FACT = frozenset({RDF.subject, RDF.predicate, RDF.object, _STATED, _SURE, _SUPPORTS})


class OutOfTime(BaseException):
    """Ends a query whose time is up; no handler of errors within rdflib catches it."""


class GraphTriples(Store):  # type: ignore[misc]
    """Answers rdflib from an ``Index`` until ``deadline`` (of ``time.monotonic``); nothing can be written."""

    def __init__(self, index: Index, deadline: float) -> None:
        super().__init__()
        self._index = index
        self._deadline = deadline
        self._relations: dict[Any, list[str]] = defaultdict(list)
        for relation in index.by_relation:
            self._relations[predicate_term(relation)].append(relation)
        self._prefixes: dict[str, Any] = {}

    def triples(self, triple_pattern: Any, context: Any = None) -> Iterator[tuple[Triple, Any]]:
        """The triples that fit a pattern, whose parts are terms or None."""
        subject, verb, found = triple_pattern
        for triple in self._candidates(subject, verb, found):
            if time.monotonic() > self._deadline:
                raise OutOfTime
            if (
                (subject is None or triple[0] == subject)
                and (verb is None or triple[1] == verb)
                and (found is None or triple[2] == found)
            ):
                yield triple, iter((context,))

    def __len__(self, context: Any = None) -> int:
        return len(self._index.graph.facts)

    def bind(self, prefix: str, namespace: Any, override: bool = True) -> None:
        """Keep a prefix."""
        self._prefixes[prefix] = namespace

    def namespace(self, prefix: str) -> Any:
        """The namespace of a prefix."""
        return self._prefixes.get(prefix)

    def prefix(self, namespace: Any) -> Any:
        """The prefix of a namespace."""
        return next((p for p, n in self._prefixes.items() if n == namespace), None)

    def namespaces(self) -> Any:
        """All prefixes with their namespaces."""
        return iter(self._prefixes.items())

    def _candidates(self, subject: Any, verb: Any, found: Any) -> Iterator[Triple]:
        """Triples among which are all that fit, taken from the smallest list that is known to hold them."""
        graph = self._index.graph
        if subject is not None:
            yield from self._about(subject, verb)
        elif verb in self._relations:
            node = node_of(found)
            facts: Iterable[Fact] = (
                self._index.by_object.get(node, ())
                if node is not None
                else (f for relation in self._relations[verb] for f in self._index.by_relation[relation])
            )
            yield from map(_link, facts)
        elif verb in _OF_NODE:
            ids = self._index.nodes_called(str(found)) if isinstance(found, Literal) else graph.nodes
            for node in ids:
                yield from _named(graph.nodes[node])
        elif verb in _OF_FACT:
            for fact in self._facts_with(verb, found):
                yield from _statement(fact)
        elif verb is None and (node := node_of(found)) is not None:
            for fact in self._index.by_object.get(node, ()):
                yield _link(fact)
                yield from _statement(fact)
            for fact in self._index.by_subject.get(node, ()):
                yield from _statement(fact)
        elif verb is None or verb == RDF.type:
            for node_here in graph.nodes.values():
                yield from _named(node_here)
            for fact in graph.facts.values():
                yield from _statement(fact)
                if verb is None:
                    yield _link(fact)

    def _about(self, subject: Any, verb: Any) -> Iterator[Triple]:
        graph, text = self._index.graph, str(subject)
        if text.startswith(_FACT):
            fact = graph.facts.get(text.removeprefix(_FACT))
            yield from _statement(fact) if fact else ()
        node = node_of(subject)
        if node is not None and node in graph.nodes:
            if verb not in self._relations:
                yield from _named(graph.nodes[node])
            if verb is None or verb in self._relations:
                yield from map(_link, self._index.by_subject.get(node, ()))

    def _facts_with(self, verb: Any, found: Any) -> Iterable[Fact]:
        node = node_of(found)
        if node is not None and verb == RDF.subject:
            return self._index.by_subject.get(node, ())
        if node is not None and verb == RDF.object:
            return self._index.by_object.get(node, ())
        if verb == _STATED and found is not None:
            return self._index.by_relation.get(str(found), ())
        return self._index.graph.facts.values()


@lru_cache(maxsize=4_096)
def predicate_term(relation: str) -> Any:
    """The predicate of a relation, as a term."""
    return URIRef(full(predicate(relation)))


def node_of(term: Any) -> str | None:
    """The id of the node that a term stands for; None for any other term."""
    if isinstance(term, URIRef) and term.startswith(_NODE):
        return from_iri(term.removeprefix(_NODE))
    return None


@lru_cache(maxsize=65_536)
def _node(node_id: str) -> Any:
    return URIRef(node_iri(node_id))


def _link(fact: Fact) -> Triple:
    return _node(fact.subject), predicate_term(fact.relation), _node(fact.object)


def _named(node: Node) -> Iterator[Triple]:
    subject = _node(node.id)
    yield subject, RDF.type, URIRef(_TYPE + to_iri(node.type))
    yield subject, RDFS.label, Literal(node.label)
    if node.type == "Product":
        yield subject, RDF.type, _PRODUCT
        yield subject, _NAME, Literal(node.label)
    for alias in node.aliases:
        yield subject, _ALIAS, Literal(alias)


def _statement(fact: Fact) -> Iterator[Triple]:
    subject = URIRef(_FACT + fact.id)
    yield subject, RDF.type, RDF.Statement
    yield subject, RDF.subject, _node(fact.subject)
    yield subject, RDF.predicate, predicate_term(fact.relation)
    yield subject, RDF.object, _node(fact.object)
    yield subject, _STATED, Literal(fact.relation)
    yield subject, _SURE, Literal(text_of(fact.confidence), datatype=XSD.double)
    yield subject, _SUPPORTS, Literal(str(len(fact.supports)), datatype=XSD.integer)
