"""What a smaller graph costs: the quality of a recommender that uses it, and of a search over its facts.

The recommender is ItemKNN with the similarity of products over the graph's links mixed in; nothing is tuned, so that
all graphs are judged alike. A graph is read as it stands: what is behind a group is not followed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.graph.compress.net import Net
from core.graph.model import product_node
from core.recommend.baselines import NEIGHBOURS, Baseline, item_knn
from core.recommend.data import Split
from core.recommend.measure import evaluate
from core.recommend.significance import Interval, bootstrap
from core.recommend.text import words

GRAPH_SHARE = 0.4
DECAY = 0.85
MOST_CASES = 1_000
MOST_QUERIES = 1_000
_BLOCK = 256


@dataclass(frozen=True, slots=True)
class Quality:
    """A figure with its change against the whole graph, both with a 95% interval, paired over ``n`` cases."""

    value: Interval
    change: Interval
    n: int


@dataclass(frozen=True, slots=True)
class Price:
    """What is left of the quality: NDCG@10 of the recommender on validation (None without events), and the mean
    reciprocal rank of products that are looked for by the words of their titles."""

    ndcg: Quality | None
    search: Quality


def prices(
    nets: Sequence[Net], products: Sequence[str], titles: Sequence[str], split: Split | None
) -> list[Price]:
    """The price of each net against the first. ``products`` are ids, in the order of the split's products where there
    is one, ``titles`` theirs."""
    searched = [searches(net, products, titles) for net in nets]
    taken: list[NDArray[np.float64] | None] = [None] * len(nets)
    if split is not None and len(split.valid):
        similar, prior = item_knn(split.train)
        cases = split.valid.some(MOST_CASES)
        for place, net in enumerate(nets):
            mixed = (1.0 - GRAPH_SHARE) * similar + GRAPH_SHARE * similarity(net, products)
            model = Baseline("itemknn_graph", {"decay": DECAY}, mixed.tocsr(), prior)
            taken[place] = evaluate(model.score, cases, split.train.counts).per_case["ndcg@10"]
    return [
        Price(_quality(ndcg, taken[0]) if ndcg is not None else None, _quality(found, searched[0]))
        for ndcg, found in zip(taken, searched, strict=True)
    ]


def similarity(net: Net, products: Sequence[str]) -> Any:
    """Sparse float32[products, products]: cosine over shared links weighted by idf, the strongest of each row."""
    links = _links(net, products)
    place: dict[tuple[str, str], int] = {}
    rows, columns = [], []
    for row, own in enumerate(links):
        for link in own:
            rows.append(row)
            columns.append(place.setdefault(link, len(place)))
    bags = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(products), max(len(place), 1)))
    bags = _weighted(bags)
    parts = []
    for start in range(0, len(products), _BLOCK):
        part = (bags[start : start + _BLOCK] @ bags.T).tocsr()
        part.setdiag(0.0, k=start)
        parts.append(_strongest(part))
    return sp.vstack(parts).tocsr().astype(np.float32)


def searches(net: Net, products: Sequence[str], titles: Sequence[str]) -> NDArray[np.float64]:
    """float64[queries]: the reciprocal rank of each product (of at most 1,000, evenly spread) when it is looked for by
    its title's words among the words of the values that products have; ties share the mean of their ranks."""
    texts = [
        [word for _, node in own if node in net.nodes for word in words(net.nodes[node].label)]
        for own in _links(net, products)
    ]
    place: dict[str, int] = {}
    bags = _weighted(_bags(texts, place, len(products), grow=True))
    asked = np.unique(np.linspace(0, len(products) - 1, min(len(products), MOST_QUERIES)).astype(int))
    queries = _bags([words(titles[k]) for k in asked], place, len(asked), grow=False)
    found = np.zeros(len(asked))
    for start in range(0, len(asked), _BLOCK):
        scores = np.asarray((queries[start : start + _BLOCK] @ bags.T).todense())
        mine = scores[np.arange(len(scores)), asked[start : start + _BLOCK]][:, None]
        ranks = 1.0 + (scores > mine).sum(1) + ((scores == mine).sum(1) - 1) / 2.0
        found[start : start + _BLOCK] = 1.0 / ranks
    return found


def _links(net: Net, products: Sequence[str]) -> list[list[tuple[str, str]]]:
    """For each product the (relation, node) pairs it has; between products both have the link."""
    at: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for fact in net.facts.values():
        at[fact.subject].append((fact.relation, fact.object))
        if fact.object.startswith("product:"):
            at[fact.object].append((fact.relation, fact.object))
    return [sorted(set(at[product_node(product)])) for product in products]


def _bags(texts: Iterable[Sequence[str]], place: dict[str, int], rows: int, *, grow: bool) -> Any:
    row, column = [], []
    for number, text in enumerate(texts):
        for word in sorted(set(text)):
            if grow:
                place.setdefault(word, len(place))
            if word in place:
                row.append(number)
                column.append(place[word])
    return sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(rows, max(len(place), 1)))


def _weighted(bags: Any) -> Any:
    """Columns by idf, rows to length one."""
    count = np.asarray((bags > 0).sum(0)).ravel()
    weighted = bags @ sp.diags(np.log(1.0 + bags.shape[0] / np.maximum(count, 1)))
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
    return (sp.diags(1.0 / np.maximum(length, 1e-12)) @ weighted).tocsr()


def _strongest(part: Any) -> Any:
    for row in np.flatnonzero(np.diff(part.indptr) > NEIGHBOURS):
        here = slice(part.indptr[row], part.indptr[row + 1])
        weakest = np.argpartition(part.data[here], -NEIGHBOURS)[:-NEIGHBOURS]
        part.data[here.start + weakest] = 0.0
    part.eliminate_zeros()
    return part


def _quality(found: NDArray[np.float64], whole: NDArray[np.float64] | None) -> Quality:
    before = found if whole is None else whole
    return Quality(bootstrap(found), bootstrap(found - before), len(found))
