"""The state of the Graph page, all of it in the link: reading it, changing it, and the view it describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from core.domain import Node
from core.extract.tokens import has_cjk
from core.graph.layout import Point, layout
from core.graph.model import Graph
from core.graph.query import ANYTHING, MOST_NODES, Filters, View, ego, starting_node
from core.ontology import Family
from core.ui.shell import param, set_params, whole_param

CAP = 36
RADIUS = 2
SEPARATOR = "~"
FACT = "fact:"


@dataclass(frozen=True, slots=True)
class GraphState:
    """What the link says.

    ``selected`` is a node's id or ``fact:`` and a fact's id, ``back`` the node that the fact was opened from.
    """

    node: str = ""
    selected: str = ""
    back: str = ""
    radius: int = RADIUS
    cap: int = CAP
    filters: Filters = ANYTHING
    expanded: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ()
    to: str = ""
    avoid_hubs: bool = True
    query: str = ""
    as_table: bool = False

    @property
    def active_filters(self) -> int:
        """How many filters keep something out."""
        f = self.filters
        return bool(f.types) + bool(f.families) + (f.minimum_confidence > 0)


def read_state() -> GraphState:
    """The state in the link; parts that cannot be read count as not there."""
    return GraphState(
        node=param("node") or "",
        selected=param("sel") or "",
        back=param("back") or "",
        radius=whole_param("r", RADIUS, 1, 3),
        cap=whole_param("cap", CAP, 10, MOST_NODES),
        filters=Filters(
            frozenset(_parts(param("types"))),
            frozenset(f for f in Family if f.value in _parts(param("fam"))),
            whole_param("conf", 0, 0, 100) / 100,
        ),
        expanded=_parts(param("open")),
        hidden=_parts(param("hide")),
        pinned=_parts(param("pin")),
        to=param("to") or "",
        avoid_hubs=param("hubs") != "1",
        query=param("q") or "",
        as_table=param("view") == "table",
    )


def write_state(state: GraphState) -> None:
    """Put a state into the link, leaving out what is as it begins."""
    f = state.filters
    set_params(
        node=state.node,
        sel=state.selected,
        back=state.back,
        r=None if state.radius == RADIUS else state.radius,
        cap=None if state.cap == CAP else state.cap,
        types=SEPARATOR.join(sorted(f.types)),
        fam=SEPARATOR.join(sorted(f.families)),
        conf=round(f.minimum_confidence * 100) or None,
        open=SEPARATOR.join(state.expanded),
        hide=SEPARATOR.join(state.hidden),
        pin=SEPARATOR.join(state.pinned),
        to=state.to,
        hubs=None if state.avoid_hubs else "1",
        q=state.query,
        view="table" if state.as_table else None,
    )


def change(**values: object) -> None:
    """Change parts of the state in the link; for callbacks."""
    write_state(replace(read_state(), **values))  # type: ignore[arg-type]


def select(picked: str) -> None:
    """Select a node, or a fact (``fact:`` and its id), from which one gets back to the node selected before."""
    state = read_state()
    before = state.back if state.selected.startswith(FACT) else state.selected
    change(selected=picked, back=before if picked.startswith(FACT) else "")


def open_node(node_id: str) -> None:
    """Make a node the centre, keeping filters and pins."""
    change(node=node_id, selected=node_id, back="", expanded=(), to="", query="", cap=CAP)


def toggled(items: Sequence[str], item: str) -> tuple[str, ...]:
    """The items with ``item`` taken out if it was there, and put at the end if it was not."""
    return tuple(i for i in items if i != item) if item in items else (*items, item)


def center_of(graph: Graph, state: GraphState) -> str:
    """The node in the middle: that of the link, or a good one to begin with where the link names none that exists."""
    asked = graph.resolve(state.node)
    if asked in graph.nodes:
        return asked
    return _start(graph, state.filters) or _start(graph, ANYTHING) or next(iter(sorted(graph.nodes)), "")


class _Called(Mapping[str, Node]):
    """Nodes by the names they have in a language, made when they are asked for."""

    def __init__(self, nodes: Mapping[str, Node], language: str) -> None:
        self._nodes = nodes
        self._language = language

    def __getitem__(self, node_id: str) -> Node:
        return called(self._nodes[node_id], self._language)

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._nodes


def called(node: Node, language: str) -> Node:
    """The node called by its most frequent name in the language; one without any keeps its label.

    Titles of products stay as the shop wrote them.
    """
    wide = language == "zh"
    if node.type == "Product" or has_cjk(node.label) == wide:
        return node
    label = next((alias for alias in node.aliases if has_cjk(alias) == wide), node.label)
    return replace(node, label=label, aliases=tuple(dict.fromkeys((node.label, *node.aliases))))


@lru_cache(maxsize=4)
def in_language(graph: Graph, language: str) -> Graph:
    """The graph with each value called by its name in the language; it costs nothing before nodes are looked at."""
    return replace(graph, nodes=_Called(graph.nodes, language), adjacency=graph.by_node)


@lru_cache(maxsize=32)
def _start(graph: Graph, filters: Filters) -> str | None:
    return starting_node(graph, filters)


def picture(graph: Graph, state: GraphState) -> tuple[View, dict[str, Point]]:
    """The view of a state and the places of its nodes.

    Places follow from the state alone, so that a link opens to the same picture: those without filters come first, and
    each expansion adds to them, so filtering, hiding and expanding move nothing.
    """
    center = center_of(graph, state)
    base = ego(graph, center, state.radius, cap=state.cap)
    places = layout(base)
    extra = tuple(dict.fromkeys((*state.pinned, *state.expanded)))
    if extra or state.filters != ANYTHING or state.hidden:
        for count in range(len(extra) + 1):
            view = _ego(graph, center, state, extra[:count])
            places |= layout(view, places)
        return view, places
    return base, places


def _ego(graph: Graph, center: str, state: GraphState, extra: tuple[str, ...]) -> View:
    return ego(
        graph,
        center,
        state.radius,
        state.filters,
        state.cap,
        state.hidden,
        [n for n in extra if n in state.expanded],
        [n for n in extra if n not in state.expanded],
    )


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in (text or "").split(SEPARATOR) if part))
