"""Answers to pattern queries: joins over the indices of a graph, the smallest clause first. Pure and ordered."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.domain import Fact
from core.errors import GraphError
from core.extract.tokens import fold as folded
from core.graph.model import Graph
from core.graph.pattern import Clause, Pattern, Term, parse

MOST_ROWS = 1_000
MOST_FOUND = 200_000
SECONDS = 5.0

_NARROWER = "Name a value in it, or let the clauses share a variable."

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of node ids (names of relations where the variable is one), in the order of their values; ``more`` where the
    limit cut some off. ``relations`` are the columns that hold relations."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    more: bool = False
    relations: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Index:
    """A graph by what a clause asks for; built once for each version of the graph."""

    graph: Graph
    by_subject: Mapping[str, Sequence[Fact]]
    by_object: Mapping[str, Sequence[Fact]]
    by_relation: Mapping[str, Sequence[Fact]]
    names: Mapping[str, frozenset[str]]
    relations: Mapping[str, frozenset[str]]

    def nodes_called(self, name: str) -> frozenset[str]:
        """The nodes of that label or alias; ``node:`` and an id name one node."""
        if name.startswith("node:"):
            found = self.graph.resolve(name.removeprefix("node:"))
            return frozenset({found} & self.graph.nodes.keys())
        return self.names.get(folded(name), frozenset())

    def relations_called(self, name: str) -> frozenset[str]:
        """The relations of the graph that are written so."""
        return self.relations.get(_plain(name), frozenset())


def match(graph: Graph, pattern: Pattern | str, limit: int = MOST_ROWS, seconds: float = SECONDS) -> Answer:
    """All ways to fill the variables so that the clauses hold, at most ``limit`` rows of them, without repeats.

    A pattern without variables has one empty row where it holds and none where it does not. Raises GraphError for a
    name that the graph does not know, and for an answer that takes over ``seconds`` or has over ``MOST_FOUND`` rows.
    """
    asked = parse(pattern) if isinstance(pattern, str) else pattern
    index = index_of(graph)
    steps = [_Step(index, clause) for clause in asked.clauses]
    deadline = time.monotonic() + seconds
    found: set[Row] = set()
    for binding in _join(index, _in_order(steps), {}, deadline):
        found.add(tuple(binding[name] for name in asked.variables))
        if len(found) > MOST_FOUND:
            raise GraphError(
                f"The pattern has more than {MOST_FOUND:,} answers.", where="pattern", remedy=_NARROWER
            )
    rows = sorted(found)
    relations = frozenset(
        clause.relation.text for clause in asked.clauses if clause.relation.variable and not clause.negated
    )
    return Answer(asked.variables, tuple(rows[:limit]), len(rows) > limit, relations)


@lru_cache(maxsize=4)
def _index(key: str, holder: _ByHash) -> Index:
    graph = holder.graph
    by_subject, by_object, by_relation = defaultdict(list), defaultdict(list), defaultdict(list)
    for _, fact in sorted(graph.facts.items()):
        by_subject[fact.subject].append(fact)
        by_object[fact.object].append(fact)
        by_relation[fact.relation].append(fact)
    names: dict[str, set[str]] = defaultdict(set)
    for node in graph.nodes.values():
        for name in (node.label, *node.aliases):
            names[folded(name)].add(node.id)
    relations: dict[str, set[str]] = defaultdict(set)
    for relation in by_relation:
        relations[_plain(relation)].add(relation)
    return Index(graph, by_subject, by_object, by_relation, _frozen(names), _frozen(relations))


class _ByHash:
    """A graph that equals any other of the same hash, so that what is kept for one serves the other."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByHash) and other.graph.hash == self.graph.hash

    def __hash__(self) -> int:
        return hash(self.graph.hash)


def index_of(graph: Graph) -> Index:
    """The index of a graph, kept by its hash."""
    return _index(graph.hash, _ByHash(graph))


class _Step:
    """A clause with its names looked up: for each place the values it may have, None for a variable."""

    def __init__(self, index: Index, clause: Clause) -> None:
        self.clause = clause
        self.subject = _nodes(index, clause.subject)
        self.object = _nodes(index, clause.object)
        self.relation = None if clause.relation.variable else index.relations_called(clause.relation.text)
        if self.relation == frozenset():
            known = ", ".join(sorted(index.by_relation)[:12])
            raise GraphError(
                "No fact has this relation.",
                where=clause.relation.text[:120],
                remedy=f"Relations of this graph are {known}." if known else "Build the graph first.",
            )
        self.size = min(
            sum(len(index.by_relation[r]) for r in self.relation)
            if self.relation
            else len(index.graph.facts),
            *(
                sum(len(of.get(n, ())) for n in nodes)
                for nodes, of in ((self.subject, index.by_subject), (self.object, index.by_object))
                if nodes is not None
            ),
            len(index.graph.facts),
        )

    def facts(self, index: Index, bound: Mapping[str, str]) -> Iterable[Fact]:
        """The facts that fit the clause as far as its variables are bound; those of the shortest list are looked at."""
        subjects = self._values(self.subject, self.clause.subject, bound)
        objects = self._values(self.object, self.clause.object, bound)
        relations = self._values(self.relation, self.clause.relation, bound)
        lists = [
            [of.get(value, ()) for value in values]
            for values, of in (
                (subjects, index.by_subject),
                (objects, index.by_object),
                (relations, index.by_relation),
            )
            if values is not None
        ]
        shortest = min(lists, key=lambda found: sum(map(len, found)), default=[index.graph.facts.values()])
        for facts in shortest:
            for fact in facts:
                if (
                    (subjects is None or fact.subject in subjects)
                    and (objects is None or fact.object in objects)
                    and (relations is None or fact.relation in relations)
                ):
                    yield fact

    @staticmethod
    def _values(named: frozenset[str] | None, term: Term, bound: Mapping[str, str]) -> frozenset[str] | None:
        if named is not None:
            return named
        return frozenset({bound[term.text]}) if term.text in bound else None


def _nodes(index: Index, term: Term) -> frozenset[str] | None:
    if term.variable:
        return None
    found = index.nodes_called(term.text)
    if not found:
        raise GraphError(
            "Nothing in the graph is called so.",
            where=term.text[:120],
            remedy="Look for the name on the Graph page, or put a variable such as ?x in its place.",
        )
    return found


def _in_order(steps: Sequence[_Step]) -> list[_Step]:
    """The smallest clause first, then always the smallest that shares a variable; negated ones when all are bound."""
    waiting = [step for step in steps if not step.clause.negated]
    negated = [step for step in steps if step.clause.negated]
    order: list[_Step] = []
    bound: set[str] = set()
    while waiting:
        best = min(waiting, key=lambda s: (bool(order) and not bound & set(s.clause.variables), s.size))
        waiting.remove(best)
        order.append(best)
        bound |= set(best.clause.variables)
    return order + negated


def _join(
    index: Index, steps: Sequence[_Step], bound: Mapping[str, str], deadline: float
) -> Iterator[Mapping[str, str]]:
    if not steps:
        yield bound
        return
    step, *rest = steps
    for fact in step.facts(index, bound):
        if time.monotonic() > deadline:
            raise GraphError(
                "The query takes too long.",
                where="pattern",
                remedy=_NARROWER,
            )
        extended = _extended(step.clause, fact, bound)
        if extended is None:
            continue
        if step.clause.negated:
            return
        yield from _join(index, rest, extended, deadline)
    if step.clause.negated:
        yield from _join(index, rest, bound, deadline)


def _extended(clause: Clause, fact: Fact, bound: Mapping[str, str]) -> Mapping[str, str] | None:
    """The binding with the clause's variables filled by a fact; None where one would have two values."""
    made = dict(bound)
    for term, value in zip(clause.terms, (fact.subject, fact.relation, fact.object), strict=True):
        if term.variable and made.setdefault(term.text, value) != value:
            return None
    return made


def _plain(relation: str) -> str:
    return re.sub(r"[\s_\-]+", "", relation).casefold()


def _frozen(sets: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(found) for name, found in sets.items()}
