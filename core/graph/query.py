"""Questions to a graph: find by words, look around a node, list facts. All of it is pure and ordered."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from itertools import accumulate

from core.domain import Fact, Node
from core.errors import GraphError
from core.extract.tokens import fold as folded
from core.extract.tokens import has_cjk
from core.graph.model import Graph
from core.ontology import Family, family

MOST_NODES = 500
EXPANSION = 40
"""The most nodes one expansion adds."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look at. Empty sets mean all; ``minimum_confidence`` is in [0, 1]."""

    types: frozenset[str] = frozenset()
    families: frozenset[Family] = frozenset()
    minimum_confidence: float = 0.0

    def passes(self, graph: Graph, fact: Fact) -> bool:
        """Whether a fact is to be seen: products pass the filter by type always, as they carry the facts."""
        return (
            fact.confidence >= self.minimum_confidence
            and (not self.families or family(fact.relation) in self.families)
            and (not self.types or all(self._type(graph.nodes[n].type) for n in (fact.subject, fact.object)))
        )

    def _type(self, node_type: str) -> bool:
        return node_type == "Product" or node_type in self.types


ANYTHING = Filters()


@dataclass(frozen=True, slots=True)
class View:
    """A part of a graph, to be drawn, listed or exported. ``hidden`` is how many nodes did not fit."""

    nodes: tuple[Node, ...]
    facts: tuple[Fact, ...]
    center: str = ""
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: a node, or a fact (``fact_id``) whose product is ``node_id``."""

    node_id: str
    label: str
    type: str
    degree: int
    fact_id: str = ""
    relation: str = ""
    object_label: str = ""


class _Words:
    """The names of all nodes, folded: of a node its label, a few aliases and its id; all of them one text to search."""

    def __init__(self, graph: Graph) -> None:
        self.nodes = tuple(graph.nodes.values())
        self.names = tuple(
            tuple(dict.fromkeys([folded(n.label), *(folded(a) for a in n.aliases[:8]), folded(n.id)]))
            for n in self.nodes
        )
        # No folded name has a line break in it, so that nothing is found across two.
        lines = ["\n".join(names) for names in self.names]
        self._text = "\n".join(lines)
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))

    def having(self, term: str) -> Iterator[int]:
        """The positions of the nodes that have the term in one of their names."""
        found = self._text.find(term)
        while found >= 0:
            position = bisect_right(self._starts, found) - 1
            yield position
            found = self._text.find(term, self._starts[position + 1])


_words = lru_cache(maxsize=4)(_Words)


def search(graph: Graph, text: str, limit: int = 20) -> list[Hit]:
    """Nodes and facts whose names have all the words of ``text``, the best first; [] for no words.

    A whole name comes before the beginning of one, that before the beginning of a word, and that before words
    inside of others (which is how scripts without spaces are found). Equals are ordered by their number of facts.
    """
    query = folded(text)
    if not query:
        return []
    terms = query.split()
    ranked: list[tuple[int, int, str, Node]] = []
    words = _words(graph)
    for k in words.having(max(terms, key=len)):
        node, names = words.nodes[k], words.names[k]
        rank = min((r for name in names if (r := _rank(name, query, terms)) is not None), default=None)
        if rank is not None:
            ranked.append((rank, -graph.degree(node.id), names[0], node))
    ranked.sort(key=lambda item: (*item[:3], item[3].id))
    hits = [Hit(node.id, node.label, node.type, -negative) for _, negative, _, node in ranked[:limit]]
    if len(terms) > 1 and len(hits) < limit:
        hits.extend(_facts_with(graph, terms, limit - len(hits)))
    return hits


def ego(
    graph: Graph,
    node_id: str,
    radius: int = 1,
    filters: Filters = ANYTHING,
    cap: int = MOST_NODES,
    hide: Iterable[str] = (),
    also: Iterable[str] = (),
    keep: Iterable[str] = (),
) -> View:
    """The surroundings of a node: what is within ``radius`` facts of it, at most ``cap`` nodes, and all facts between.

    Where a ring does not fit, what has most facts in the view comes first, then what has most facts at all. ``hide``
    leaves nodes out; ``keep`` adds nodes; ``also`` adds nodes with at most ``EXPANSION`` of their neighbours each.
    Raises GraphError for a node that is not in the graph.
    """
    center = require(graph, node_id)
    hidden = set(hide) - {center}
    seen: dict[str, None] = {center: None}
    left_out: set[str] = set()

    def grow(frontier: Iterable[str], room: int) -> list[str]:
        links: Counter[str] = Counter()
        for node in frontier:
            links.update(neighbours(graph, node, filters))
        for node in links.keys() & (seen.keys() | hidden):
            del links[node]
        known, enough = graph.by_node.links, _enough(links, room)
        ranked = nsmallest(
            max(room, 0), ((-count, -len(known[n]), n) for n, count in links.items() if count >= enough)
        )
        new = [node for _, _, node in ranked]
        left_out.update(links)
        seen.update(dict.fromkeys(new))
        return new

    def present(wanted: Iterable[str]) -> list[str]:
        resolved = (graph.resolve(n) for n in wanted)
        return [n for n in resolved if n in graph.nodes and n not in hidden]

    frontier = [center]
    for ring in range(1, radius + 1):
        room = cap - len(seen)
        frontier = grow(frontier, room if ring == radius else math.ceil(room * 0.6))
    seen.update(dict.fromkeys(present(keep)))
    for node in present(also):
        seen.setdefault(node)
        grow([node], min(EXPANSION, MOST_NODES - len(seen)))
    return View(
        tuple(graph.nodes[n] for n in seen),
        tuple(facts_between(graph, seen, filters)),
        center,
        len(left_out - seen.keys()),
    )


def _enough(links: Mapping[str, int], room: int) -> int:
    """The least number of facts that a node needs to be among the first ``room``."""
    inside = 0
    for count, nodes in sorted(Counter(links.values()).items(), reverse=True):
        inside += nodes
        if inside >= room:
            return count
    return 0


def neighbours(graph: Graph, node_id: str, filters: Filters = ANYTHING) -> Sequence[str]:
    """The nodes one fact away, each as often as there are facts, in no order."""
    if filters == ANYTHING:
        return graph.by_node.neighbours(node_id)
    facts = map(graph.facts.__getitem__, graph.by_node.links.get(node_id, ()))
    return [f.object if f.subject == node_id else f.subject for f in facts if filters.passes(graph, f)]


def facts_between(graph: Graph, nodes: Iterable[str], filters: Filters = ANYTHING) -> Iterator[Fact]:
    """The facts with both ends among ``nodes``, in the order of their subjects there."""
    inside = dict.fromkeys(nodes)
    for node in inside:
        for fact_id in graph.by_node.own.get(node, ()):
            fact = graph.facts[fact_id]
            if fact.object in inside and filters.passes(graph, fact):
                yield fact


def require(graph: Graph, node_id: str) -> str:
    """The node that stands for ``node_id``; raises GraphError where there is none."""
    resolved = graph.resolve(node_id)
    if resolved not in graph.nodes:
        raise GraphError(
            "This node is not in the graph.",
            where=node_id[:120],
            remedy="It may have been retracted, or filtered out of this version; search for it by its name.",
        )
    return resolved


def starting_node(graph: Graph, filters: Filters = ANYTHING, ring: int = 14) -> str | None:
    """Where to begin: the value that links most products without being a hub (at most ``ring`` facts).

    Uses, people, materials, tastes and features come before brands and categories, which say little that is new.
    None where no fact passes the filters.
    """
    telling = (Family.USE, Family.PEOPLE, Family.SUBSTANCE, Family.SENSE, Family.FEATURE)
    everything = filters == ANYTHING

    def weights() -> Iterator[tuple[bool, bool, int, str]]:
        for node_id, ids in graph.by_node.links.items():
            if graph.nodes[node_id].type == "Product":
                continue
            passing = ids if everything else [i for i in ids if filters.passes(graph, graph.facts[i])]
            count = len(passing)
            good = 3 <= count <= ring and any(family(graph.facts[i].relation) in telling for i in passing)
            if count:
                yield (not good, count > ring, -count, node_id)

    best = min(weights(), default=None)
    return best[-1] if best else None


def _rank(name: str, query: str, terms: list[str]) -> int | None:
    if name == query:
        return 0
    if name.startswith(query):
        return 1
    if all(term in name for term in terms):
        words = name.split()
        if all(any(word.startswith(term) for word in words) for term in terms):
            return 2
        if has_cjk(query) or all(len(term) > 2 for term in terms):
            return 3
    return None


def _facts_with(graph: Graph, terms: list[str], limit: int) -> list[Hit]:
    """Facts whose product, relation and value have the words between them, and neither end alone."""
    matching: dict[str, set[int]] = {}
    words = _words(graph)
    for k, term in enumerate(terms):
        for position in words.having(term):
            matching.setdefault(words.nodes[position].id, set()).add(k)
    everything = set(range(len(terms)))
    hits: list[tuple[float, Hit]] = []
    for node_id in sorted(matching, key=lambda n: (graph.degree(n), n))[:2000]:
        for fact in graph.facts_at(node_id):
            ends = (matching.get(fact.subject, set()), matching.get(fact.object, set()))
            named = {k for k, term in enumerate(terms) if term in fact.relation.casefold()}
            if node_id == fact.subject and everything not in ends and ends[0] | ends[1] | named == everything:
                hits.append((-fact.confidence, _fact_hit(graph, fact)))
    hits.sort(key=lambda item: (item[0], item[1].label, item[1].fact_id))
    return [hit for _, hit in hits[:limit]]


def _fact_hit(graph: Graph, fact: Fact) -> Hit:
    subject = graph.nodes[fact.subject]
    return Hit(
        fact.subject,
        subject.label,
        subject.type,
        graph.degree(fact.subject),
        fact.id,
        fact.relation,
        graph.label(fact.object),
    )
