"""The network: what a product is, what a shopper is, and how well they fit.

A product's vector is a row of blocks: learned identity, words, sentences, one block for each relation family of the
graph, price, dearness. Each block has a gate that depends on how well known the product is. A shopper's vector is a
decayed sum over the history, block by block, plus what a small transformer reads from it; being dear counts what it
counts for everybody and what the history says. The score is their dot product plus a popularity term, so it is a sum
over blocks: that is what makes it exactly explainable.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.ontology import Family
from core.recommend.fact_table import FactTable
from core.recommend.features import Features
from core.recommend.price import PRICE_BINS, dearness
from core.recommend.reader import Reader

LINKED = "graph.linked"
"""The block of links' both ends: where a product's links lead, then the links that lead to it."""
KNOWN_AFTER = 3.0
"""A learned vector counts for half once this many shoppers have taken the product."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that fixes the sizes of the weights; kept with the run.

    ``priced`` runs know how dear a product is among its like, ``linked`` ones which links end at it; those of before do
    not.
    """

    products: int
    nodes: int
    relations: int
    groups: tuple[str, ...]
    lexical: int
    sentence: int
    id_dim: int
    text_dim: int
    graph_dim: int
    width: int
    layers: int
    heads: int
    history_length: int
    dropout: float
    priced: bool = False
    linked: bool = False

    def blocks(self) -> dict[str, int]:
        """Name and size of each block, in the order they lie in a product's vector."""
        sizes = {
            "id": self.id_dim,
            "lexical": min(self.text_dim, self.lexical),
            "sentence": min(self.text_dim, self.sentence),
            **{f"graph.{group}": self.graph_dim for group in self.groups},
            LINKED: 2 * self.graph_dim * self.linked,
            "price": PRICE_BINS,
            "dearness": int(self.priced),
        }
        return {name: size for name, size in sizes.items() if size}

    def slices(self) -> dict[str, slice]:
        """Where each block lies."""
        blocks = self.blocks()
        ends = np.cumsum([0, *blocks.values()]).tolist()
        return {name: slice(a, b) for name, (a, b) in zip(blocks, pairwise(ends), strict=True)}

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Features as tensors; n products.

    ``known`` float[n] in [0, 1) says how far the learned vector can be trusted; ``popularity`` float[n] is the log
    count around its mean, ``dear`` float[n] in [-1, 1] how dear it is among its like. A product nobody has taken yet is
    not unpopular but new: its popularity is the mean.
    """

    identity: Tensor
    known: Tensor
    popularity: Tensor
    lexical: Tensor
    sentence: Tensor
    price: Tensor
    dear: Tensor
    column: Tensor
    weight: Tensor
    offsets: Tensor

    @staticmethod
    def of(
        features: Features, table: FactTable, device: str = "cpu", dtype: torch.dtype = torch.float32
    ) -> Inputs:
        """Move features to a device."""
        column, weight, offsets = table.links(features.facts, features.products)
        counts = features.counts
        known = np.where(features.identity >= 0, counts / (counts + KNOWN_AFTER), 0.0)
        taken = counts > 0
        logs = np.log1p(counts)
        popularity = np.where(taken, logs - (logs[taken].mean() if taken.any() else 0.0), 0.0)

        def tensor(array: Any, kind: torch.dtype = dtype) -> Tensor:
            return torch.as_tensor(np.ascontiguousarray(array)).to(device, kind)

        return Inputs(
            tensor(np.maximum(features.identity, 0), torch.int64),
            tensor(known),
            tensor(popularity),
            tensor(features.lexical),
            tensor(features.sentence),
            tensor(features.price),
            tensor(dearness(features.price)),
            tensor(column, torch.int64),
            tensor(weight),
            tensor(offsets, torch.int64),
        )

    def some(self, rows: Tensor) -> Inputs:
        """Those of the products int64[m], in that order."""
        count = len(self.offsets) // max(len(self.known), 1)
        bags = (rows[:, None] * count + torch.arange(count, device=rows.device)).ravel()
        ends = torch.cat([self.offsets[1:], self.offsets.new_tensor([len(self.column)])])
        sizes = ends[bags] - self.offsets[bags]
        offsets = torch.cumsum(sizes, 0) - sizes
        inside = torch.arange(int(sizes.sum()), device=rows.device)
        links = inside + torch.repeat_interleave(self.offsets[bags] - offsets, sizes)
        return Inputs(
            self.identity[rows],
            self.known[rows],
            self.popularity[rows],
            self.lexical[rows],
            self.sentence[rows],
            self.price[rows],
            self.dear[rows],
            self.column[links],
            self.weight[links],
            offsets,
        )


class Network(nn.Module):
    """Products and shoppers in one space."""

    column_node: Tensor
    column_relation: Tensor
    sold: Tensor

    def __init__(self, shape: Shape, table: FactTable) -> None:
        super().__init__()
        self.shape = shape
        blocks = shape.blocks()
        total = sum(blocks.values())
        self.register_buffer("column_node", torch.as_tensor(table.node), persistent=False)
        self.register_buffer("column_relation", torch.as_tensor(table.relation), persistent=False)
        self.identity = nn.Embedding(shape.products, shape.id_dim) if shape.id_dim else None
        self.lexical = nn.Linear(shape.lexical, blocks["lexical"], bias=False) if shape.lexical else None
        self.sentence = nn.Linear(shape.sentence, blocks["sentence"], bias=False) if shape.sentence else None
        self.price = nn.Linear(PRICE_BINS, PRICE_BINS, bias=False)
        self.node = nn.Parameter(torch.randn(max(shape.nodes, 1), shape.graph_dim) * 0.1)
        self.message = nn.Parameter(torch.ones(max(shape.relations, 1), shape.graph_dim))
        self.translation = nn.Parameter(torch.randn(max(shape.relations, 1), shape.graph_dim) * 0.1)
        self.gate = nn.Parameter(torch.zeros(2, len(blocks)))
        self.popularity = nn.Parameter(torch.tensor(0.1))
        # By how much log sales change with dearness: known before training, so not learned.
        self.register_buffer("sold", torch.tensor(0.0), persistent=shape.priced)
        self.dearness = nn.Parameter(torch.tensor(0.0)) if shape.priced else None
        self.newness = nn.Parameter(torch.tensor(0.0))
        self.residual = nn.Parameter(torch.tensor(0.0))
        self.decay = nn.Parameter(torch.full((len(blocks),), 1.0))
        self.strength = nn.Parameter(torch.ones(len(blocks)))
        self.reader = None
        if shape.layers:
            self.reader = Reader(
                total, shape.width, shape.layers, shape.heads, shape.history_length, shape.dropout
            )
        self.dropout = nn.Dropout(shape.dropout)
        if self.identity is not None:
            nn.init.normal_(self.identity.weight, std=0.1)
        for linear in (self.lexical, self.sentence, self.price):
            if linear is not None:
                nn.init.eye_(linear.weight)

    def products(self, inputs: Inputs, hidden: Tensor | None = None) -> Tensor:
        """Product vectors float[n, size]; those of ``hidden`` bool[n] are made as if nobody had taken them yet."""
        parts: list[Tensor] = []
        known = _unless(hidden, inputs.known)[:, None]
        if self.identity is not None:
            parts.append(self.identity(inputs.identity) * known)
        if self.lexical is not None:
            parts.append(self.lexical(inputs.lexical))
        if self.sentence is not None:
            parts.append(self.sentence(inputs.sentence))
        if self.shape.groups:
            parts.extend(self.graph(inputs))
        parts.append(self.price(inputs.price))
        if self.dearness is not None:
            parts.append(inputs.dear[:, None])
        gates = 2.0 * torch.sigmoid(self.gate[0] + self.gate[1] * known)
        return torch.cat([part * gates[:, [k]] for k, part in enumerate(parts)], 1)

    def graph(self, inputs: Inputs) -> list[Tensor]:
        """Relation-aware sums over each product's facts, float[n, graph_dim] a group; then, where links are read from
        both ends, float[n, 2 · graph_dim] of the links from it and to it."""
        summed = functional.embedding_bag(
            inputs.column, self.columns(), inputs.offsets, mode="sum", per_sample_weights=inputs.weight
        )
        groups = self.shape.groups
        bags = summed.view(-1, len(groups) + self.shape.linked, self.shape.graph_dim).unbind(1)
        if not self.shape.linked:
            return list(bags)
        return [*bags[:-1], torch.cat([bags[groups.index(Family.LINK)], bags[-1]], 1)]

    def block_weights(self) -> list[nn.Parameter]:
        """The few weights that say how much each part of the score counts."""
        weights = [self.gate, self.popularity, self.newness, self.residual, self.decay, self.strength]
        return weights if self.dearness is None else [*weights, self.dearness]

    def columns(self) -> Tensor:
        """float[columns, graph_dim]: node vectors as seen through their relation."""
        return self.node[self.column_node] * self.message[self.column_relation]

    def bias(self, inputs: Inputs, hidden: Tensor | None = None) -> Tensor:
        """float[n]: what popularity, or being new, adds to a product's score."""
        known = _unless(hidden, inputs.known)
        return self.popularity * _unless(hidden, self.sales(inputs)) + self.newness * (1.0 - known)

    def sales(self, inputs: Inputs) -> Tensor:
        """float[n]: popularity beyond what the price explains; 0 for products nobody has taken yet."""
        return inputs.popularity - self.sold * inputs.dear * (inputs.known > 0)

    def shoppers(self, history: Tensor) -> Tensor:
        """Shopper vectors after each step, float[batch, length, size] from product vectors of the same shape.

        Causal: step t sees products up to t only, and only how long ago they were, so padding at the end is harmless.
        """
        steps = torch.arange(history.shape[1], device=history.device)
        age = (steps[:, None] - steps[None, :]).to(history.dtype)
        weights = torch.where(age >= 0, torch.sigmoid(self.decay)[:, None, None] ** age.clamp(min=0), 0.0)
        parts = [
            self.strength[k] * (weights[k] @ self._met(name, history[..., where]))
            for k, (name, where) in enumerate(self.shape.slices().items())
        ]
        if self.dearness is not None:
            parts[-1] = parts[-1] + self.dearness
        memory = torch.cat(parts, -1)
        return memory if self.reader is None else memory + self.reader(self.dropout(history), age)

    def _met(self, name: str, block: Tensor) -> Tensor:
        """What a block of a product in the history is to meet in the product that is scored: the same, but for links,
        where what leads there from the one meets what leads away from the other."""
        return block.roll(self.shape.graph_dim, -1) if name == LINKED else block


def _unless(hidden: Tensor | None, values: Tensor) -> Tensor:
    return values if hidden is None else values * ~hidden
