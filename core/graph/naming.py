"""What nodes are called: the words by which subjects name them, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from core.domain import Node
from core.graph.canonical import MODULUS, digest
from core.graph.model import Title, product_id, product_node
from core.graph.subject import Subject
from core.graph.verdicts import Change


class Names:
    """The nodes that facts name. ``sum`` is that of their digests, modulo 2**256."""

    def __init__(self, kind_of: Callable[[str], str], titles: Mapping[str, Title]) -> None:
        self.nodes: dict[str, Node] = {}
        self.sum = 0
        self._kind_of = kind_of
        self._titles = titles
        self._labels: dict[str, Counter[tuple[bool, str]]] = {}
        self._surfaces: dict[str, Counter[str]] = {}

    def follow(self, changes: Sequence[Change]) -> None:
        """Name the nodes anew that these subjects name otherwise than before."""
        for node in set[str]().union(*(self._count(old, new) for _root, old, new in changes)):
            self._name(node)

    def retitle(self, titles: Mapping[str, Title], products: Iterable[str]) -> None:
        """Follow the catalogue, in which these products are called otherwise now."""
        self._titles = titles
        for product in products:
            self._name(product_node(product))

    def _count(self, old: Subject, new: Subject) -> set[str]:
        """Returns the nodes that are named by other words, or more or less often by the same."""
        changes = Counter(new.mentions)
        if old.mentions:
            changes.subtract(old.mentions)
        touched = set()
        for (node, own, label, surface), change in changes.items():
            if change:
                touched.add(node)
                labels = self._labels.get(node)
                if labels is None:
                    labels = self._labels[node] = Counter()
                labels[(own, label)] += change
                if surface:
                    surfaces = self._surfaces.get(node)
                    if surfaces is None:
                        surfaces = self._surfaces[node] = Counter()
                    surfaces[surface] += change
        return touched

    def _name(self, node_id: str) -> None:
        """Give a node its label and aliases: the most frequent, of equally frequent ones the first in the alphabet."""
        old = self.nodes.pop(node_id, None)
        if old:
            self.sum = (self.sum - node_digest(old)) % MODULUS
        labels = +self._labels.get(node_id, Counter())
        if not labels:
            self._labels.pop(node_id, None)
            self._surfaces.pop(node_id, None)
            return
        surfaces = +self._surfaces.get(node_id, Counter())
        self._labels[node_id], self._surfaces[node_id] = labels, surfaces
        (_own, label), _count = min(labels.items(), key=lambda item: (not item[0][0], -item[1], item[0][1]))
        aliases = tuple(s for s, _ in sorted(surfaces.items(), key=lambda item: (-item[1], item[0])))
        product = product_id(node_id)
        if product is not None and product in self._titles:
            label = self._titles[product].title
        new = Node(node_id, self._kind_of(node_id), label, aliases)
        self.nodes[node_id] = new
        self.sum = (self.sum + node_digest(new)) % MODULUS


def node_digest(node: Node) -> int:
    """A number in [0, 2**256) for a node and all it is called."""
    return digest("node", node.id, node.type, node.label, *node.aliases)
