"""Nodes and facts as other programs see them: plain attributes, each fact with the words it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.domain import Assertion
from core.graph.exchange.model import Package
from core.ontology import family

NODE_ATTRIBUTES = {"label": "string", "type": "string", "aliases": "string"}
EDGE_ATTRIBUTES = {
    "relation": "string",
    "family": "string",
    "confidence": "double",
    "supports": "int",
    "quote": "string",
    "document": "string",
    "reader": "string",
}


def nodes(package: Package) -> Iterator[dict[str, Any]]:
    """The nodes by id: ``id``, ``label``, ``type``, ``aliases`` (separated by " | ")."""
    for _, node in sorted(package.graph.nodes.items()):
        yield {"id": node.id, "label": node.label, "type": node.type, "aliases": " | ".join(node.aliases)}


def edges(package: Package) -> Iterator[dict[str, Any]]:
    """The facts by id: ``key``, ``source``, ``target``, and ``EDGE_ATTRIBUTES``; the quote is the surest support's."""
    assertions = {a.id: a for a in package.archive.assertions}
    for _, fact in sorted(package.graph.facts.items()):
        first: Assertion | None = assertions.get(fact.supports[0]) if fact.supports else None
        yield {
            "key": fact.id,
            "source": fact.subject,
            "target": fact.object,
            "relation": fact.relation,
            "family": family(fact.relation).value,
            "confidence": round(fact.confidence, 6),
            "supports": len(fact.supports),
            "quote": first.object if first else "",
            "document": first.document_id if first else "",
            "reader": first.extractor if first else "",
        }
