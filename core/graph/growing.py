"""The graph of a build as it grows on screen: nodes keep their places, and the least connected make room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.graph.places import Places, Point

SHOWN_NODES = 150
KEPT_FRESH = 40
Edge = tuple[str, str, str, str]
"""(edge id, subject node, object node, family)"""


@dataclass(frozen=True, slots=True)
class LiveFact:
    """One assertion as the screen needs it; ``start`` and ``end`` are code points of the document's text."""

    id: str
    subject: str
    subject_label: str
    relation: str
    family: str
    object: str
    object_label: str
    object_type: str
    quote: str
    product: str
    document: str
    start: int
    end: int
    standing: str
    confidence: float
    step: str

    @property
    def stands(self) -> bool:
        """In the graph, rather than kept apart."""
        return self.standing in ("committed", "merged")


@dataclass(frozen=True, slots=True)
class LiveNode:
    """A node of the growing graph; ``family`` is that of the relation that brought it ("" for products)."""

    id: str
    label: str
    type: str
    family: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The part of the graph that is shown: nodes with places, edges between them, and what is new."""

    nodes: tuple[tuple[LiveNode, Point], ...]
    edges: tuple[Edge, ...]
    fresh: frozenset[str]
    """Ids of the nodes and edges of the last ten facts."""


class Growing:
    """At most ``SHOWN_NODES`` nodes and the edges between them; the same facts in the same order give the same."""

    def __init__(self) -> None:
        self._places = Places()
        self._shown: dict[str, LiveNode] = {}
        self._edges: dict[str, Edge] = {}
        self._once: dict[str, Point] = {}
        """Where each node was when it was last in the picture."""
        self._rests_on: dict[str, frozenset[str]] = {}
        """The claims told so far that each edge rests on."""
        self._edge_of: dict[str, str] = {}

    def picture(self, latest: Iterable[LiveFact]) -> Picture:
        """What is shown now; what ``latest`` brought into it is fresh."""
        fresh = [fact for fact in latest if fact.stands]
        ids = {part for fact in fresh for part in (fact.subject, fact.object, _edge_id(fact))}
        nodes = tuple((node, self._places[node.id]) for node in self._shown.values())
        return Picture(nodes, tuple(self._edges.values()), frozenset(ids))

    def copy(self) -> Growing:
        """A copy that can be carried on on its own; what the containers hold is immutable and shared."""
        twin = Growing()
        twin._places = self._places.copy()
        twin._shown, twin._edges, twin._once = dict(self._shown), dict(self._edges), dict(self._once)
        twin._rests_on, twin._edge_of = dict(self._rests_on), dict(self._edge_of)
        return twin

    def add(self, facts: Sequence[LiveFact]) -> None:
        """Show the facts of one product, its values first where they are in the picture already."""
        head = facts[0]
        product = LiveNode(head.subject, head.subject_label, "Product", "")
        known = [fact.object for fact in facts if fact.object in self._shown]
        self._show(product, near=known)
        for fact in facts:
            self._show(
                LiveNode(fact.object, fact.object_label, fact.object_type, fact.family), near=[fact.subject]
            )
            edge = _edge_id(fact)
            self._edges[edge] = (edge, fact.subject, fact.object, fact.family)
            self._edge_of[fact.id] = edge
            self._rests_on[edge] = self._rests_on.get(edge, frozenset()) | {fact.id}
        self._make_room()

    def wither(self, claim: str) -> None:
        """Take out the edge that rested on a claim alone, and nodes that are left without any."""
        edge = self._edge_of.pop(claim, "")
        rest = self._rests_on.pop(edge, frozenset()) - {claim}
        if rest:
            self._rests_on[edge] = rest
        elif edge in self._edges:
            _, subject, target, _ = self._edges.pop(edge)
            held = {node for _, one, other, _ in self._edges.values() for node in (one, other)}
            for node in ({subject, target} - held) & self._shown.keys():
                del self._shown[node]
                self._places.take_away(node)

    def _show(self, node: LiveNode, near: Iterable[str]) -> None:
        # A node that is spoken of again becomes the latest: the order of the mapping is the order of mention.
        before = self._shown.pop(node.id, None)
        self._shown[node.id] = before or node
        if before is None:
            self._once[node.id] = self._places.put(node.id, near, self._once.get(node.id))

    def _make_room(self) -> None:
        """Take the least connected of the older nodes out of the picture, oldest first."""
        excess = len(self._shown) - SHOWN_NODES
        if excess <= 0:
            return
        degree = dict.fromkeys(self._shown, 0)
        for _, subject, target, _ in self._edges.values():
            degree[subject] += 1
            degree[target] += 1
        older = list(self._shown)[: max(len(self._shown) - KEPT_FRESH, excess)]
        leaving = set(sorted(older, key=lambda node: degree[node])[:excess])
        for node in leaving:
            del self._shown[node]
            self._places.take_away(node)
        self._edges = {
            key: edge
            for key, edge in self._edges.items()
            if edge[1] not in leaving and edge[2] not in leaving
        }


def _edge_id(fact: LiveFact) -> str:
    return f"{fact.subject}|{fact.relation}|{fact.object}"
