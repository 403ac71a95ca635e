"""Small patterns that recur: values many share, products that share much, linked products with something in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.graph.structure.network import Ints, Network

LISTED = 200
_PAIRS = 6_000_000
"""The most pairs of products that are compared; what more products share than this allows is left out."""


class MotifKind(StrEnum):
    """A ``STAR`` is a value with the products that have it; ``TWINS`` are two products that share several values (a
    square for every two of these); a ``TRIANGLE`` is two linked products that share a value."""

    STAR = "star"
    TWINS = "twins"
    TRIANGLE = "triangle"


@dataclass(frozen=True, slots=True)
class Motif:
    """One case of a pattern: its nodes, the middle of a star first, and how large it is: the products of a star, the
    values that twins or linked products share."""

    kind: MotifKind
    nodes: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Motifs:
    """The largest cases of each pattern, and how many there are in all. ``squares`` counts pairs of products times
    pairs of values they share. ``widest`` is the most products that a value may have to count as shared."""

    cases: tuple[Motif, ...]
    counts: dict[MotifKind, int]
    squares: int
    widest: int


def motifs(net: Network, listed: int = LISTED) -> Motifs:
    """The patterns of a network, the largest ``listed`` cases of each; equal networks have equal ones."""
    values = net.product[net.subject] & ~net.product[net.object]
    shared = np.bincount(net.object[values], minlength=net.size)
    stars = np.flatnonzero(shared >= 2)
    widest = _widest(shared)
    has = _has(net, values & (shared[net.object] <= widest))
    first, second, common = _twins(has)
    linked, sharing = _triangles(net, has)
    cases = [
        *(
            Motif(MotifKind.STAR, (net.ids[int(k)],), int(shared[k]))
            for k in _largest(stars, shared[stars], listed)
        ),
        *(
            Motif(MotifKind.TWINS, (net.ids[int(first[k])], net.ids[int(second[k])]), int(common[k]))
            for k in _largest(np.arange(len(common)), common, listed)
        ),
        *(
            Motif(
                MotifKind.TRIANGLE,
                (net.ids[int(net.subject[linked[k]])], net.ids[int(net.object[linked[k]])]),
                int(sharing[k]),
            )
            for k in _largest(np.arange(len(sharing)), sharing, listed)
        ),
    ]
    counts = {
        MotifKind.STAR: len(stars),
        MotifKind.TWINS: len(common),
        MotifKind.TRIANGLE: int(sharing.sum()),
    }
    return Motifs(tuple(cases), counts, int((common * (common - 1) // 2).sum()), widest)


def _widest(shared: Ints) -> int:
    """The largest number of products for which all values up to it give no more pairs than can be compared."""
    sizes = np.sort(shared[shared >= 2]).astype(np.int64)
    if not len(sizes):
        return 1
    fits = np.cumsum(sizes * sizes) <= _PAIRS
    if fits.all():
        return int(sizes[-1])
    first = int(sizes[int(np.argmin(fits))])
    return max(first - 1, 1)


def _has(net: Network, facts: NDArray[np.bool_]) -> sparse.csr_matrix:
    """(N, N) 1 where a product has a value."""
    ones = np.ones(int(facts.sum()), dtype=np.int32)
    matrix = sparse.csr_matrix((ones, (net.subject[facts], net.object[facts])), shape=(net.size, net.size))
    matrix.data[:] = 1
    return matrix


def _twins(has: sparse.csr_matrix) -> tuple[Ints, Ints, Ints]:
    """Pairs of products with at least two values in common, and how many."""
    common = sparse.triu(has @ has.T, k=1).tocoo()
    enough = common.data >= 2
    return common.row[enough], common.col[enough], common.data[enough].astype(np.int64)


def _triangles(net: Network, has: sparse.csr_matrix) -> tuple[Ints, Ints]:
    """The facts that link two products, and how many values these share; those that share none are left out."""
    linked = np.flatnonzero(net.product[net.subject] & net.product[net.object])
    if not len(linked):
        return linked, np.zeros(0, dtype=np.int64)
    both = has[net.subject[linked]].multiply(has[net.object[linked]])
    sharing = np.asarray(both.sum(axis=1)).ravel().astype(np.int64)
    return linked[sharing > 0], sharing[sharing > 0]


def _largest(items: Ints, sizes: Ints, most: int) -> Ints:
    """The items with the largest sizes, the first of equals."""
    return items[np.lexsort((items, -sizes))][:most]
