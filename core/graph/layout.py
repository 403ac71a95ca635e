"""Places for the nodes of a view, computed here so that the browser only has to draw.

The same view always gets the same picture, and a view that has grown keeps every node where it was.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

import igraph
import numpy as np
from numpy.typing import NDArray

from core.graph.query import View
from core.graph.seeded import seeded

Point = tuple[float, float]

EDGE = 120.0
"""Length of a typical edge in pixels at zoom 1."""
_LINE = 44.0
_WIDER = 1.35
"""How much wider than high a picture is: screens are, and so are labels."""
_FILL = 0.42
"""The share of the picture's area that labels may cover."""
_CHARACTER = 6.6
_WIDEST = 170.0


def layout(view: View, kept: Mapping[str, Point] | None = None) -> dict[str, Point]:
    """A place for each node, in pixels, the centre at the origin where nothing is ``kept``.

    ``kept`` are the places of an earlier view: nodes that have one stay there exactly.
    """
    ids = tuple(node.id for node in view.nodes)
    widths = tuple(label_width(node.label) for node in view.nodes)
    links = tuple((fact.subject, fact.object) for fact in view.facts)
    fixed = tuple((n, kept[n]) for n in ids if n in kept) if kept else ()
    return dict(zip(ids, _placed(ids, widths, links, fixed, view.center), strict=True))


def chained(view: View, chains: Sequence[Sequence[str]]) -> dict[str, Point]:
    """Places for paths: each runs from left to right in a row of its own, and what they share lies between the rows."""
    steps = max((len(chain) - 1 for chain in chains), default=0)
    across: dict[str, list[float]] = {}
    down: dict[str, list[float]] = {}
    for row, chain in enumerate(chains):
        for position, node in enumerate(chain):
            across.setdefault(node, []).append(position / max(len(chain) - 1, 1) * steps)
            down.setdefault(node, []).append(row - (len(chains) - 1) / 2)
    ids = [node.id for node in view.nodes]
    places = np.array([(np.mean(across[n]) * 1.5 * EDGE, np.mean(down[n]) * 1.1 * EDGE) for n in ids])
    widths = np.array([label_width(node.label) for node in view.nodes])
    spread = _without_overlap(places, widths, np.zeros(len(ids), dtype=bool))
    return {n: (round(float(x), 1), round(float(y), 1)) for n, (x, y) in zip(ids, spread, strict=True)}


def label_width(label: str) -> float:
    """The width of a label as drawn, in pixels; wide characters count twice."""
    cells = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in label)
    return min(_WIDEST, 24.0 + _CHARACTER * cells)


@lru_cache(maxsize=64)
def _placed(
    ids: tuple[str, ...],
    widths: tuple[float, ...],
    links: tuple[tuple[str, str], ...],
    fixed: tuple[tuple[str, Point], ...],
    center: str,
) -> tuple[Point, ...]:
    if not ids:
        return ()
    index = {node: k for k, node in enumerate(ids)}
    edges = sorted({(index[a], index[b]) for a, b in links if a in index and b in index})
    kept = dict(fixed)
    held = np.array([node in kept for node in ids])
    places = _start(ids, edges, kept)
    spans = np.array(widths)
    if not held.all():
        places = _spread(len(ids), edges, places, held)
    if not held.any():
        places = _roomy(places, spans)
    places = _without_overlap(places, spans, held)
    if not held.any():
        places = places - places[index.get(center, 0)]
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in places)


def _start(
    ids: tuple[str, ...], edges: list[tuple[int, int]], fixed: Mapping[str, Point]
) -> NDArray[np.float64]:
    """Held nodes at their places; others beside their held neighbours, or on a spiral that depends on order alone."""
    places = np.zeros((len(ids), 2))
    known = np.zeros(len(ids), dtype=bool)
    for k, node in enumerate(ids):
        if node in fixed:
            places[k], known[k] = fixed[node], True
    around: dict[int, list[int]] = {}
    for a, b in edges:
        around.setdefault(a, []).append(b)
        around.setdefault(b, []).append(a)
    middle = places[known].mean(axis=0) if known.any() else np.zeros(2)
    for k in range(len(ids)):
        if known[k]:
            continue
        angle = k * math.pi * (3 - math.sqrt(5))
        near = [other for other in around.get(k, ()) if known[other]]
        if near:
            anchor = places[near].mean(axis=0)
            outward = anchor - middle
            length = float(np.hypot(*outward))
            direction = outward / length if length > 1 else np.array([math.cos(angle), math.sin(angle)])
            swing = 0.9 * math.sin(angle * 3)
            turn = np.array([[math.cos(swing), -math.sin(swing)], [math.sin(swing), math.cos(swing)]])
            places[k] = anchor + EDGE * (turn @ direction)
        else:
            places[k] = middle + EDGE * 0.6 * math.sqrt(k + 1) * np.array([math.cos(angle), math.sin(angle)])
    return places


def _spread(
    count: int, edges: list[tuple[int, int]], places: NDArray[np.float64], held: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Kamada and Kawai (1989) for small views, Fruchterman and Reingold (1991) for large; held nodes do not move."""
    network = igraph.Graph(count, edges)
    bounds = {}
    if held.any():
        free = 1e6
        for axis, name in enumerate("xy"):
            bounds[f"min{name}"] = np.where(held, places[:, axis] / EDGE, -free).tolist()
            bounds[f"max{name}"] = np.where(held, places[:, axis] / EDGE, free).tolist()
    start = (places / EDGE).tolist()
    with seeded():
        if count <= 120:
            found = network.layout_kamada_kawai(seed=start, maxiter=60 * count, kkconst=count, **bounds)
        else:
            found = network.layout_fruchterman_reingold(seed=start, niter=400, start_temp=3.0, **bounds)
    result = np.array(found.coords, dtype=np.float64)
    if held.any():
        result *= EDGE
    else:
        lengths = [float(np.hypot(*(result[a] - result[b]))) for a, b in edges]
        result *= EDGE / (float(np.median(lengths)) if lengths else 1.0)
    result[held] = places[held]
    return np.where(np.isfinite(result), result, places)


def _roomy(places: NDArray[np.float64], widths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scaled so that the labels cover no more than their share of the picture, and is wider than high."""
    wide = (places - places.mean(axis=0)) * np.array([_WIDER, 1.0])
    spread = np.maximum(wide.std(axis=0) * 3.5, 1.0)
    needed = float(widths.sum()) * _LINE / _FILL
    scale = max(1.0, math.sqrt(needed / float(spread.prod())))
    return np.asarray(wide * scale)


def _without_overlap(
    places: NDArray[np.float64], widths: NDArray[np.float64], held: NDArray[np.bool_], rounds: int = 200
) -> NDArray[np.float64]:
    """Push apart nodes whose labels would cover each other, along the axis that needs less of it."""
    result = places.copy()
    need_x = (widths[:, None] + widths[None, :]) / 2 + 6
    weight = np.where(held, 0.0, 1.0)
    share = weight[:, None] / np.maximum(weight[:, None] + weight[None, :], 1.0)
    order = np.sign(np.arange(len(places))[:, None] - np.arange(len(places))[None, :])
    for _ in range(rounds):
        dx = result[:, None, 0] - result[None, :, 0]
        dy = result[:, None, 1] - result[None, :, 1]
        over_x, over_y = need_x - np.abs(dx), _LINE - np.abs(dy)
        covered = (over_x > 0) & (over_y > 0)
        np.fill_diagonal(covered, False)
        if not covered.any():
            break
        sideways = covered & (over_x < over_y)
        upright = covered & ~sideways
        side = np.where(dx == 0, order, np.sign(dx))
        level = np.where(dy == 0, order, np.sign(dy))
        result[:, 0] += (np.where(sideways, over_x * side, 0.0) * share).sum(axis=1) * 0.6
        result[:, 1] += (np.where(upright, over_y * level, 0.0) * share).sum(axis=1) * 0.6
    return result
