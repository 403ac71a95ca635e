"""Places for the nodes of a picture that grows: a new node goes near its neighbour, and no node ever moves.

A candidate place lies on a golden-angle spiral around the neighbour, turned by a hash of the node's id; the first
that keeps the least distance to every other node is taken. The same nodes in the same order get the same places.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from zlib import crc32

GAP = 46.0
GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))

Point = tuple[float, float]


class Places:
    """Taken places, in units of which two nodes are at least ``GAP`` apart."""

    def __init__(self) -> None:
        self._at: dict[str, Point] = {}
        self._cells: dict[tuple[int, int], list[str]] = {}

    def __contains__(self, node: str) -> bool:
        return node in self._at

    def __getitem__(self, node: str) -> Point:
        return self._at[node]

    def copy(self) -> Places:
        """The same places, to be carried on on their own."""
        twin = Places()
        twin._at = dict(self._at)
        twin._cells = {cell: list(nodes) for cell, nodes in self._cells.items()}
        return twin

    def put(self, node: str, near: Iterable[str] = (), wish: Point | None = None) -> Point:
        """Give ``node`` a place: ``wish`` if that is free, else the first free one around its placed neighbours."""
        if node in self._at:
            return self._at[node]
        point = wish if wish is not None and self._free(wish) else self._search(node, self._centre(near))
        self._at[node] = point
        self._cells.setdefault(_cell(point), []).append(node)
        return point

    def take_away(self, node: str) -> None:
        """Free the place of a node that is no longer shown."""
        self._cells[_cell(self._at.pop(node))].remove(node)

    def _centre(self, near: Iterable[str]) -> Point:
        points = [self._at[node] for node in near if node in self._at]
        if not points:
            return (0.0, 0.0)
        return (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))

    def _search(self, node: str, centre: Point) -> Point:
        turn = (crc32(node.encode()) % 3600) / 3600 * 2 * math.pi
        step = 0
        while True:
            radius, angle = GAP * 0.75 * math.sqrt(step), turn + step * GOLDEN_ANGLE
            point = (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle))
            if self._free(point):
                return (round(point[0], 1), round(point[1], 1))
            step += 1

    def _free(self, point: Point) -> bool:
        column, row = _cell(point)
        around = (
            self._at[node]
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for node in self._cells.get((column + dx, row + dy), ())
        )
        # The tenth of a unit is what rounding may take from a distance.
        return all(math.hypot(x - point[0], y - point[1]) >= GAP + 0.2 for x, y in around)


def _cell(point: Point) -> tuple[int, int]:
    return (math.floor(point[0] / (GAP + 0.2)), math.floor(point[1] / (GAP + 0.2)))
