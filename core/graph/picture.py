"""Pictures as SVG: a view of the graph at its places, and the map of all of it.

Every label is escaped and every character that XML cannot hold replaced; there is no script, no link and nothing to
load in what is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from core.graph.atlas.drawing import strongest
from core.graph.atlas.survey import Survey
from core.graph.export import node_family
from core.graph.layout import Point, label_width
from core.graph.query import View
from core.ontology import Family, family
from core.shorten import shorten

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FACE = "Inter, 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', system-ui, sans-serif"
_MARGIN = 30.0
_SHORT = 30


def view_svg(
    view: View,
    places: Mapping[str, Point],
    colors: Mapping[Family, str],
    title: str,
    relation_labels: Mapping[str, str] | None = None,
    dark: bool = False,
) -> str:
    """A view as SVG: products are boxes, values dots in the colour of their family; facts tell themselves on hover."""
    ink, paper, line = ("#e2e8ef", "#11161d", "#55606e") if dark else ("#1b2430", "#ffffff", "#aab4c0")
    labels = relation_labels or {}
    at = {node.id: places.get(node.id, (0.0, 0.0)) for node in view.nodes}
    drawn: list[str] = []
    for fact in view.facts:
        (x1, y1), (x2, y2) = at[fact.subject], at[fact.object]
        said = f"{labels.get(fact.relation, fact.relation)} · {fact.confidence:.2f}"
        drawn.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colors[family(fact.relation)]}" '
            f'stroke-opacity="{0.3 + 0.5 * fact.confidence:.2f}" stroke-width="1.3"><title>{_text(said)}</title></line>'
        )
    for node in view.nodes:
        x, y = at[node.id]
        group = node_family(node.type)
        name = _text(shorten(node.label, _SHORT))
        told = f"<title>{_text(node.label)}</title>"
        strong = ' stroke-width="2.4"' if node.id == view.center else ""
        if group is None:
            width = label_width(shorten(node.label, _SHORT)) + 12
            drawn.append(
                f'<g>{told}<rect x="{x - width / 2:.1f}" y="{y - 13:.1f}" width="{width:.1f}" height="26" rx="5" '
                f'fill="{paper}" stroke="{ink if strong else line}"{strong}/>'
                f'<text x="{x:.1f}" y="{y + 4.5:.1f}">{name}</text></g>'
            )
        else:
            radius = 12 if strong else 8
            drawn.append(
                f'<g>{told}<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colors[group]}" '
                f'stroke="{paper}"{strong}/><text x="{x:.1f}" y="{y + radius + 14:.1f}">{name}</text></g>'
            )
    xs, ys = [p[0] for p in at.values()] or [0.0], [p[1] for p in at.values()] or [0.0]
    box = (min(xs) - 110, min(ys) - _MARGIN, max(xs) + 110, max(ys) + _MARGIN + 10)
    return _svg(drawn, box, title, ink, paper, 13.0)


def map_svg(
    survey: Survey,
    tones: Sequence[str],
    node_tones: Sequence[str],
    names: Sequence[Sequence[str]],
    title: str,
    dark: bool = False,
) -> str:
    """The map as SVG: circles of communities in their ``tones`` with their ``names`` (lines each), every node a dot in
    its own tone; raises ValueError for a tone that is not ``#rrggbb``."""
    if not all(_COLOUR.fullmatch(tone) for tone in {*tones, *node_tones}):
        raise ValueError("a tone is not written as #rrggbb")
    ink, paper = ("#e2e8ef", "#11161d") if dark else ("#1b2430", "#ffffff")
    atlas = survey.atlas
    drawn = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{tone}" fill-opacity=".08" stroke="{tone}" '
        f'stroke-opacity=".4" stroke-width=".3"/>'
        for (x, y), r, tone in zip(atlas.at, atlas.radius, tones, strict=True)
    ]
    for a, b, strength in strongest(survey):
        (x1, y1), (x2, y2) = atlas.at[a], atlas.at[b]
        drawn.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink}" '
            f'stroke-opacity="{0.04 + 0.1 * strength:.2f}" stroke-width="{0.3 + 1.2 * strength:.2f}"/>'
        )
    drawn += _dots(survey, node_tones)
    for (x, y), r, lines in zip(atlas.at, atlas.radius, names, strict=True):
        size = min(max(float(r) * 0.17, 1.6), 9.0)
        drawn += [
            f'<text x="{x:.1f}" y="{y + (row - (len(lines) - 1) / 2) * size * 1.2 + size * 0.35:.1f}" '
            f'font-size="{size:.1f}" font-weight="600">{_text(shorten(line, _SHORT))}</text>'
            for row, line in enumerate(lines)
        ]
    at, radius = atlas.at, atlas.radius[:, None]
    low, high = (
        ((at - radius).min(axis=0), (at + radius).max(axis=0)) if len(at) else (np.zeros(2), np.ones(2))
    )
    box = (float(low[0]) - 4, float(low[1]) - 4, float(high[0]) + 4, float(high[1]) + 4)
    return _svg(drawn, box, title, ink, paper, 3.0)


def corner_svg(survey: Survey, tones: Sequence[str], node: int, ink: str) -> str:
    """The map as small as can be: circles of communities, and a mark in the colour ``ink`` where one node lies."""
    atlas = survey.atlas
    at, radius = atlas.at, atlas.radius[:, None]
    low, high = (at - radius).min(axis=0), (at + radius).max(axis=0)
    (width, height), of = high - low, int(atlas.of[node])
    x, y = atlas.places()[node]
    circles = "".join(
        f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="{r:.1f}" fill="{tone}" fill-opacity="{0.45 if c == of else 0.14}"/>'
        for c, ((cx, cy), r, tone) in enumerate(zip(at, atlas.radius, tones, strict=True))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{low[0]:.1f} {low[1]:.1f} {width:.1f} {height:.1f}">{circles}'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width / 55:.1f}" fill="none" stroke="{ink}" '
        f'stroke-width="{width / 140:.1f}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{width / 160:.1f}" fill="{ink}"/></svg>'
    )


def _dots(survey: Survey, node_tones: Sequence[str]) -> Iterable[str]:
    """Every node, those of one tone and size in one path: a line of no length with round ends is a dot."""
    places = np.round(survey.atlas.places(), 1)
    sizes = np.minimum(np.round(0.72 + 0.18 * np.log2(1 + survey.degree), 1), 1.8)
    groups: dict[tuple[str, float], list[int]] = {}
    for k, (tone, size) in enumerate(zip(node_tones, sizes, strict=True)):
        groups.setdefault((tone, float(size)), []).append(k)
    for (tone, size), nodes in sorted(groups.items(), key=lambda item: item[0]):
        path = "".join(f"M{places[k, 0]:g} {places[k, 1]:g}h0" for k in nodes)
        yield f'<path d="{path}" stroke="{tone}" stroke-width="{size:g}" stroke-linecap="round" fill="none"/>'


def _svg(
    drawn: Iterable[str],
    box: tuple[float, float, float, float],
    title: str,
    ink: str,
    paper: str,
    size: float,
) -> str:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    shown = 1600 / max(width, height, 1.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width * shown:.0f}" height="{height * shown:.0f}" '
        f'viewBox="{left:.1f} {top:.1f} {width:.1f} {height:.1f}" role="img">\n<title>{_text(title)}</title>\n'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{paper}"/>\n'
        f'<g font-family="{_FACE}" font-size="{size:g}" fill="{ink}" text-anchor="middle" paint-order="stroke">\n'
        + "\n".join(
            part.replace(
                "<text ", f'<text stroke="{paper}" stroke-width="{size * 0.25:g}" stroke-linejoin="round" '
            )
            for part in drawn
        )
        + "\n</g>\n</svg>\n"
    )


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text), quote=True)
