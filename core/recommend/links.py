"""Link prediction on the graph, trained jointly with ranking.

The head of a fact is not a free vector but the sum of the product's other facts, so that the same rule holds for
products that come later. Scores: TransE (Bordes et al., 2013), DistMult (Yang et al., 2015), RotatE (Sun et al., 2019).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from core.recommend.config import GraphLoss
from core.recommend.network import Network

FACTS_A_STEP = 256
NEGATIVES = 128


class LinkTask:
    """Draws facts and computes the loss: −log softmax of the true object among random nodes."""

    def __init__(self, rows: tuple[NDArray[np.int64], ...], nodes: int, kind: GraphLoss) -> None:
        several = [row for row in rows if len(row) > 1]
        self.kind = kind
        self.nodes = nodes
        self.column = np.concatenate([*several, np.empty(0, np.int64)]).astype(np.int64)
        sizes = np.array([len(row) for row in several], np.int64)
        self.owner = np.repeat(np.arange(len(several)), sizes)
        self.starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
        self.sizes = sizes

    def __bool__(self) -> bool:
        return self.kind is not GraphLoss.NONE and len(self.column) > 0 and self.nodes > 1

    def loss(self, network: Network, random: np.random.Generator) -> Tensor:
        """Scalar loss on FACTS_A_STEP facts."""
        device = network.node.device
        drawn = random.integers(0, len(self.column), FACTS_A_STEP)
        owners = self.owner[drawn]
        sizes = self.sizes[owners]
        offsets = np.concatenate([[0], np.cumsum(sizes)])[:-1]
        inside = np.arange(sizes.sum()) - np.repeat(offsets, sizes) + np.repeat(self.starts[owners], sizes)
        columns = network.columns()
        bags = functional.embedding_bag(
            torch.as_tensor(self.column[inside], device=device),
            columns,
            torch.as_tensor(offsets, device=device),
            mode="sum",
        )
        fact = torch.as_tensor(self.column[drawn], device=device)
        others = torch.as_tensor(sizes - 1, device=device, dtype=bags.dtype)[:, None]
        head = (bags - columns[fact]) / others.sqrt()
        negative = torch.as_tensor(random.integers(0, self.nodes, NEGATIVES), device=device)
        true = network.column_node[fact]
        relation = network.translation[network.column_relation[fact]]
        right = plausibility(self.kind, head, relation, network.node[true][:, None])
        wrong = plausibility(self.kind, head, relation, network.node[negative][None])
        wrong = wrong.masked_fill(negative[None] == true[:, None], float("-inf"))
        return functional.cross_entropy(torch.cat([right, wrong], 1), torch.zeros_like(true))


def plausibility(kind: GraphLoss, head: Tensor, relation: Tensor, tail: Tensor) -> Tensor:
    """float[facts, tails] from head and relation float[facts, d] and tail float[facts or 1, tails, d].

    TransE −‖h + r − t‖; DistMult Σ h r t; RotatE −‖h ∘ e^{iθ} − t‖ with halves of a vector as real and imaginary part.
    """
    if kind is GraphLoss.DISTMULT:
        return torch.sum((head * (1.0 + relation))[:, None] * tail, dim=-1)
    if kind is GraphLoss.ROTATE:
        real, imaginary = head.chunk(2, -1)
        angle = relation.chunk(2, -1)[0]
        moved = torch.cat(
            [real * angle.cos() - imaginary * angle.sin(), real * angle.sin() + imaginary * angle.cos()], -1
        )
    else:
        moved = head + relation
    distance: Tensor = torch.linalg.vector_norm(moved[:, None] - tail, dim=-1)
    return -distance
