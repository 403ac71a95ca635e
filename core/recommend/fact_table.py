"""The vocabulary of facts, and the bags of them that a product is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact
from core.ontology import Family, family

MAX_FAMILIES = 7
"""Shapley values are exact for twelve groups: two of history, text, price, popularity, and seven of facts."""
_NOTHING = np.empty(0, np.int64)

Links = tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.int64]]


@dataclass(frozen=True, eq=False)
class FactTable:
    """The vocabulary of facts: a column is one (relation, node) pair that at least two products share.

    ``node``, ``relation`` and ``group`` are int64[columns] into ``nodes``, ``relations`` and ``groups``; ``idf`` is
    float32[columns]. ``groups`` are relation families, those with the fewest facts united in "other". Where it is
    ``linked``, products have one bag more than there are groups: the links that end at them.
    """

    nodes: tuple[str, ...]
    relations: tuple[str, ...]
    groups: tuple[str, ...]
    node: NDArray[np.int64]
    relation: NDArray[np.int64]
    group: NDArray[np.int64]
    idf: NDArray[np.float32]
    linked: bool = False

    @staticmethod
    def of(facts: Iterable[Fact], products: int, *, linked: bool = False) -> FactTable:
        """Choose columns and groups from the facts of a training graph over that many products; ``linked`` asks for
        the links' other ends, too, where there are links."""
        spread = Counter((fact.relation, fact.object) for fact in facts)
        met = (
            _objects(spread, Family.LINK) & _objects(spread, Family.IDENTITY) if linked else frozenset[str]()
        )
        # A fact of a single product ties it to nothing, except where its object is itself a product, or where one
        # product says "for espresso machines" and another is one.
        pairs = sorted(
            pair for pair, n in spread.items() if n > 1 or pair[1].startswith("product:") or pair[1] in met
        )
        linked = linked and any(family(relation) is Family.LINK for relation, _ in pairs)
        sizes = Counter[str]()
        for pair in pairs:
            sizes[family(pair[0]).value] += spread[pair]
        own = _largest(sizes, linked)
        group_of = {
            pair: name if (name := family(pair[0]).value) in own else Family.OTHER.value for pair in pairs
        }
        groups = tuple(name.value for name in Family if name.value in set(group_of.values()))
        # As the end of a link a node is another thing than as a value: it stands for those that have the value.
        ends = [(linked and family(relation) is Family.LINK, node) for relation, node in pairs]
        nodes = sorted(set(ends))
        relations = tuple(sorted({pair[0] for pair in pairs}))
        at_node = {end: index for index, end in enumerate(nodes)}
        at_relation = {name: index for index, name in enumerate(relations)}
        return FactTable(
            tuple(node for _, node in nodes),
            relations,
            groups,
            np.array([at_node[end] for end in ends], np.int64),
            np.array([at_relation[pair[0]] for pair in pairs], np.int64),
            np.array([groups.index(group_of[pair]) for pair in pairs], np.int64),
            np.array([np.log(1.0 + products / spread[pair]) for pair in pairs], np.float32),
            linked,
        )

    def __len__(self) -> int:
        return len(self.node)

    @cached_property
    def column(self) -> dict[tuple[str, str], int]:
        """(relation, node id) → column."""
        return {
            (self.relations[relation], self.nodes[node]): column
            for column, (relation, node) in enumerate(zip(self.relation, self.node, strict=True))
        }

    def columns(self, facts: Iterable[Fact]) -> NDArray[np.int64]:
        """int64: the known columns among facts, ascending, each once."""
        found = {self.column.get((fact.relation, fact.object), -1) for fact in facts}
        return np.array(sorted(found - {-1}), np.int64)

    @cached_property
    def _ending_at(self) -> dict[str, NDArray[np.int64]]:
        """Node id → the columns of links that end there."""
        found: dict[str, list[int]] = defaultdict(list)
        if self.linked:
            for column in np.flatnonzero(self.group == self.groups.index(Family.LINK.value)):
                found[self.nodes[self.node[column]]].append(int(column))
        return {node: np.array(columns, np.int64) for node, columns in found.items()}

    def ends(self, row: NDArray[np.int64], product: str) -> NDArray[np.int64]:
        """int64: the columns of links that end at a product of this id and these columns: they name it, or what it is
        (its type, brand or category)."""
        at = self._ending_at
        found = [at.get(f"product:{product}", _NOTHING)]
        found += [
            at.get(self.nodes[self.node[column]], _NOTHING) for column in row[self._says_what_it_is[row]]
        ]
        return np.unique(np.concatenate(found))

    @cached_property
    def _says_what_it_is(self) -> NDArray[np.bool_]:
        return np.array(
            [family(self.relations[k]) is Family.IDENTITY for k in self.relation], np.bool_
        ).reshape(len(self))

    def links(self, rows: Sequence[NDArray[np.int64]], products: Sequence[str] = ()) -> Links:
        """Bags for ``torch.embedding_bag``: columns, weights, and the offset of each (row, bag) bag: one a group, and
        where the table is ``linked`` one of the links that end at each of ``products`` (ids, one a row).

        A bag's weights are the idf of its columns, scaled so that their squares sum to one.
        """
        count = len(self.groups) + self.linked
        told = np.concatenate([*rows, _NOTHING]).astype(np.int64)
        owner = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        columns, bag = told, owner * count + self.group[told]
        if self.linked:
            ends = [self.ends(row, product) for row, product in zip(rows, products, strict=True)]
            columns = np.concatenate([told, *ends])
            ended = np.repeat(np.arange(len(rows)), [len(row) for row in ends])
            bag = np.concatenate([bag, ended * count + count - 1])
        order = np.argsort(bag, kind="stable")
        columns, bag = columns[order], bag[order]
        square = np.bincount(bag, self.idf[columns] ** 2, minlength=len(rows) * count)
        weight = self.idf[columns] / np.sqrt(square[bag])
        offsets = np.searchsorted(bag, np.arange(len(rows) * count))
        return columns, weight.astype(np.float32), offsets.astype(np.int64)


def start_vectors(
    table: FactTable, rows: Sequence[NDArray[np.int64]], products: Sequence[str], size: int, seed: int
) -> Any:
    """float32[nodes, size]: where node vectors start, from the singular vectors of the product–fact matrix.

    With them the dot product of two products' bags is, before any training, their cosine over shared facts; that of a
    link's bag and the bag of links that end at a product is over the links from the one to the other.
    """
    import scipy.sparse as sp

    from core.recommend.text import principal_axes

    column, weight, offsets = table.links(rows, products)
    count = len(table.groups) + table.linked
    bags = sp.csr_matrix(
        (weight, table.node[column], np.append(offsets, len(column))), shape=(len(offsets), len(table.nodes))
    )
    start = np.zeros((len(table.nodes), size), np.float32)
    for group, name in enumerate(table.groups):
        own = [bags[group::count]]
        if table.linked and name == Family.LINK.value:
            own.append(bags[count - 1 :: count])
        nodes = np.unique(table.node[table.group == group])
        start[nodes] = principal_axes(sp.vstack(own).tocsc()[:, nodes].tocsr(), size, seed)
    return start


def _objects(pairs: Iterable[tuple[str, str]], of: Family) -> frozenset[str]:
    return frozenset(node for relation, node in pairs if family(relation) is of)


def _largest(sizes: Counter[str], linked: bool) -> list[str]:
    """The families that get a group of their own; that of links always does where both their ends are read."""
    own = [name for name, _ in sizes.most_common(MAX_FAMILIES)]
    if len(sizes) <= MAX_FAMILIES:
        return own
    own = [name for name in own if name != Family.OTHER][: MAX_FAMILIES - 1]
    return own if not linked or Family.LINK in own else [*own[:-1], Family.LINK.value]
