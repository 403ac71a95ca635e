"""A version of the graph on the map, with what is different from another one standing out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from core.domain import Fact
from core.graph.atlas.circles import Points
from core.graph.atlas.survey import Survey
from core.graph.diff import GraphDiff
from core.graph.model import Graph

FAINT = 8_000
LINES = 3_000


@dataclass(frozen=True, slots=True)
class Side:
    """What to draw of a version: places (map units) of its nodes, faintly; what differs of its facts as lines and of
    its nodes as dots, each with its colour."""

    nodes: Points
    facts: tuple[tuple[tuple[float, float], tuple[float, float], str], ...]
    dots: tuple[tuple[tuple[float, float], str], ...]


def sides(
    survey: Survey, old: Graph, new: Graph, difference: GraphDiff, colours: Mapping[str, str]
) -> tuple[Side, Side]:
    """The old version and the new one; ``colours`` are those of what was ``gone``, ``added`` and ``changed``."""
    found = _Places(survey, (old, new))
    changed = [c.after for c in difference.changed]
    renamed = [c.after.id for c in difference.nodes_changed]

    def side(graph: Graph, facts: Sequence[Fact], nodes: Iterable[str], kind: str) -> Side:
        lines = [(*ends, colours[kind]) for f in facts[:LINES] if (ends := found.ends(f.subject, f.object))]
        lines += [
            (*ends, colours["changed"]) for f in changed[:LINES] if (ends := found.ends(f.subject, f.object))
        ]
        dots = [(place, colours[kind]) for n in nodes if (place := found.of(n))]
        dots += [(place, colours["changed"]) for n in renamed if (place := found.of(n))]
        return Side(found.faint(graph), tuple(lines), tuple(dots))

    return (
        side(old, difference.gone, [n.id for n in difference.nodes_gone], "gone"),
        side(new, difference.added, [n.id for n in difference.nodes_added], "added"),
    )


def side_svg(survey: Survey, side: Side, title: str, ink: str) -> str:
    """A version as SVG, what is alike in both in the colour ``ink`` (``#rrggbb``)."""
    atlas = survey.atlas
    at, radius = atlas.at, atlas.radius[:, None]
    low, high = (at - radius).min(axis=0) - 2, (at + radius).max(axis=0) + 2
    width, height = high - low
    thin = float(width) / 900
    parts = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{ink}" fill-opacity=".035" '
        f'stroke="{ink}" stroke-opacity=".22" stroke-width="{thin:.2f}"/>'
        for (x, y), r in zip(at, atlas.radius, strict=True)
    ]
    if len(side.nodes):
        path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in side.nodes)
        parts.append(
            f'<path d="{path}" stroke="{ink}" stroke-opacity=".3" stroke-width="{max(thin * 1.6, 0.7):.2f}" '
            f'stroke-linecap="round"/>'
        )
    light = min(0.5, 0.06 + 150 / (len(side.facts) + 1))
    parts += [
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-opacity="{light:.2f}" '
        f'stroke-width="{thin:.2f}"/>'
        for (x1, y1), (x2, y2), colour in side.facts
    ]
    parts += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{max(thin * 2.4, 1.0):.2f}" fill="{colour}"/>'
        for (x, y), colour in side.dots
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{low[0]:.1f} {low[1]:.1f} {width:.1f} {height:.1f}" '
        f'width="{width * 4:.0f}" height="{height * 4:.0f}" role="img" fill="none"><title>{escape(title)}</title>'
        + "".join(parts)
        + "</svg>"
    )


class _Places:
    """Where nodes of either version lie; one that is not on the map lies in the middle of its neighbours that are."""

    def __init__(self, survey: Survey, graphs: Sequence[Graph]) -> None:
        self._index = survey.index
        self._places = survey.atlas.places()
        self._ids = survey.atlas.ids
        self._graphs = graphs

    def of(self, node: str) -> tuple[float, float] | None:
        known = self._index.get(node)
        if known is not None:
            return float(self._places[known, 0]), float(self._places[known, 1])
        near = [
            self._index[other]
            for graph in self._graphs
            for fact in graph.facts_at(node)
            for other in (fact.subject, fact.object)
            if other in self._index
        ]
        if not near:
            return None
        x, y = self._places[near].mean(axis=0)
        return float(x), float(y)

    def ends(self, a: str, b: str) -> tuple[tuple[float, float], tuple[float, float]] | None:
        first, second = self.of(a), self.of(b)
        return (first, second) if first and second else None

    def faint(self, graph: Graph) -> Points:
        """The places of a version's nodes; none where there are too many to draw so."""
        if len(graph.nodes) > FAINT:
            return np.zeros((0, 2))
        return np.asarray(self._places[[k for k, node in enumerate(self._ids) if node in graph.nodes]])
