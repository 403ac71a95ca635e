"""What a map can be coloured by: the kind of each node, its source, how sure its facts are, and when it came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.graph.model import Graph
from core.graph.structure.network import Floats, Ints, Network
from core.graph.support import Arrival

STEPS = 160
_NOWHERE = Arrival(0, "")


@dataclass(frozen=True, eq=False)
class Marks:
    """For the N nodes of a network: ``type`` and ``source`` are positions in ``types`` and ``sources`` (the source most
    of its facts come from), ``confidence`` in [0, 1] is the mean of its facts', ``step`` the step it came in at.

    Growth is told in at most ``STEPS`` steps: by the end of step k the log was at ``until[k]``, and of the nodes and
    facts of this version ``nodes[k]`` and ``facts[k]`` had come.
    """

    type: Ints
    types: tuple[str, ...]
    source: Ints
    sources: tuple[str, ...]
    confidence: Floats
    step: Ints
    until: Ints
    nodes: Ints
    facts: Ints


def marks(graph: Graph, net: Network, arrived: Mapping[str, Arrival]) -> Marks:
    """The marks of a graph's nodes; assertions that ``arrived`` does not know count as there from the beginning."""
    types = tuple(sorted({node.type for node in graph.nodes.values()}))
    code = {name: k for k, name in enumerate(types)}
    seq, source, sources = _origins(graph, net, arrived)
    ends = np.concatenate((net.subject, net.object))
    came = np.full(net.size, np.iinfo(np.int64).max)
    np.minimum.at(came, ends, np.concatenate((seq, seq)))
    until = (
        np.unique(np.quantile(seq, np.linspace(0, 1, STEPS + 1)[1:], method="higher")) if len(seq) else seq
    )
    step = np.minimum(np.searchsorted(until, came), max(len(until) - 1, 0))
    return Marks(
        np.array([code[graph.nodes[node].type] for node in net.ids], dtype=np.int16),
        types,
        _mostly(ends, np.concatenate((source, source)), net.size, len(sources)),
        sources,
        np.bincount(ends, np.tile(net.confidence, 2), net.size) / np.maximum(net.degree, 1),
        step.astype(np.int16),
        until.astype(np.int64),
        np.cumsum(np.bincount(step, minlength=len(until))),
        np.searchsorted(np.sort(seq), until, side="right"),
    )


def _origins(
    graph: Graph, net: Network, arrived: Mapping[str, Arrival]
) -> tuple[Ints, Ints, tuple[str, ...]]:
    """When each fact first came in, and whence most surely; sources are ordered by their facts."""
    seq = np.zeros(len(net.fact_ids), dtype=np.int64)
    first: list[str] = []
    for k, fact_id in enumerate(net.fact_ids):
        supports = graph.facts[fact_id].supports
        seq[k] = min((arrived.get(support, _NOWHERE).seq for support in supports), default=0)
        first.append(arrived.get(supports[0], _NOWHERE).source if supports else "")
    names, inverse, counts = np.unique(np.array(first, dtype=str), return_inverse=True, return_counts=True)
    order = np.lexsort((names, -counts))
    number = np.empty(len(names), dtype=np.int64)
    number[order] = np.arange(len(names))
    return seq, number[inverse] if len(first) else seq, tuple(str(names[k]) for k in order)


def _mostly(ends: Ints, source: Ints, size: int, count: int) -> Ints:
    """The source that most facts at each node have, the more frequent one of equals."""
    if not count:
        return np.zeros(size, dtype=np.int16)
    keys, found = np.unique(ends.astype(np.int64) * count + source, return_counts=True)
    order = np.lexsort((keys % count, -found, keys // count))
    nodes, first = np.unique(keys[order] // count, return_index=True)
    result = np.zeros(size, dtype=np.int16)
    result[nodes] = (keys[order] % count)[first]
    return result
