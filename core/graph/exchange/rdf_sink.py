"""Where rdflib's parsers put triples when only the descriptions of subjects are wanted: no index, no graph."""

from __future__ import annotations

from sys import intern
from typing import Any

from rdflib.store import Store


class Sink(Store):  # type: ignore[misc]
    """Collects ``subjects``: subject → predicate → objects, all as plain text, in the order in which they come."""

    context_aware = True
    graph_aware = True
    formula_aware = True

    def __init__(self) -> None:
        super().__init__()
        self.subjects: dict[str, dict[str, list[str]]] = {}
        self._prefixes: dict[str, Any] = {}

    def add(self, triple: Any, context: Any, quoted: bool = False) -> None:
        """Take in a triple; saying one again changes nothing."""
        subject, predicate, found = (str(part) for part in triple)
        values = self.subjects.setdefault(subject, {}).setdefault(intern(predicate), [])
        if found not in values:
            values.append(found)

    def bind(self, prefix: str, namespace: Any, override: bool = True) -> None:
        """Keep a prefix, which the parsers ask for again."""
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

    def add_graph(self, graph: Any) -> None:
        """Named graphs are all one here."""

    def triples(self, triple_pattern: Any, context: Any = None) -> Any:
        """Nothing can be asked of it."""
        return iter(())
