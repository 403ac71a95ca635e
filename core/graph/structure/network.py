"""The graph as arrays, for what looks at all of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.graph.model import PRODUCT, Graph

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes and facts in an order that equal graphs share.

    ``ids`` are the N nodes, sorted. The M facts are ordered by subject, object and relation: ``subject`` and
    ``object`` are positions in ``ids``, ``relation`` positions in ``relations``, ``confidence`` in [0, 1].
    """

    ids: tuple[str, ...]
    product: NDArray[np.bool_]
    subject: Ints
    object: Ints
    relation: Ints
    confidence: NDArray[np.float32]
    relations: tuple[str, ...]
    fact_ids: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of nodes."""
        return len(self.ids)

    @cached_property
    def index(self) -> dict[str, int]:
        """The position of each node."""
        return {node: k for k, node in enumerate(self.ids)}

    @cached_property
    def degree(self) -> Ints:
        """(N,) the number of facts at each node."""
        ends = np.concatenate((self.subject, self.object))
        return np.bincount(ends, minlength=self.size).astype(np.int32)

    @cached_property
    def weight(self) -> Floats:
        """(M,) how much a fact ties its ends together: its confidence times ln(1 + products / products that share its
        value), so that what everything has ("black") ties little."""
        products = max(int(self.product.sum()), 1)
        shared = np.bincount(self.object, minlength=self.size)
        return np.asarray(self.confidence * np.log1p(products / np.maximum(shared[self.object], 1)))


@lru_cache(maxsize=2)
def network(graph: Graph) -> Network:
    """The arrays of a graph; a second or two for a million facts, then kept."""
    ids = tuple(sorted(graph.nodes))
    index = {node: k for k, node in enumerate(ids)}
    facts = list(graph.facts.values())
    relations = tuple(sorted({fact.relation for fact in facts}))
    code = {relation: k for k, relation in enumerate(relations)}
    subject = np.array([index[fact.subject] for fact in facts], dtype=np.int32)
    target = np.array([index[fact.object] for fact in facts], dtype=np.int32)
    relation = np.array([code[fact.relation] for fact in facts], dtype=np.int32)
    confidence = np.array([fact.confidence for fact in facts], dtype=np.float32)
    order = np.lexsort((relation, target, subject))
    return Network(
        ids,
        np.array([node.startswith(PRODUCT) for node in ids], dtype=bool),
        subject[order],
        target[order],
        relation[order],
        confidence[order],
        relations,
        tuple(facts[k].id for k in order),
    )
