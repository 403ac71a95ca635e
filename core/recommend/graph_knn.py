"""A graph recommender without a network: the best graph-free neighbourhood model plus neighbours in the graph.

What a relation-aware network has to beat. Similarity = base + a · cosine of the products' facts, weighted by rarity,
+ b · links from product to product, each product's links summing to one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from core.domain import Fact
from core.recommend.baselines import TUNING_CASES, Baseline, text_similarity
from core.recommend.data import Cases, Interactions
from core.recommend.measure import evaluate

SHARES = (0.1, 0.3, 1.0, 3.0)
DECAYS = (0.5, 0.7, 0.85)
MAX_VALUE_SHARE = 0.2
"""A value on more of the products than this says nothing about any of them."""


def graph_similarity(facts: Mapping[str, Sequence[Fact]], products: Sequence[str]) -> tuple[Any, Any]:
    """Sparse float32[products, products]: cosines of shared facts, and links (rows sum to one, both ways)."""
    place = {product: row for row, product in enumerate(products)}
    values: dict[tuple[str, str], list[int]] = {}
    links: list[tuple[int, int]] = []
    for product, own in facts.items():
        row = place.get(product)
        if row is None:
            continue
        for fact in own:
            other = (
                place.get(fact.object.removeprefix("product:"))
                if fact.object.startswith("product:")
                else None
            )
            if other is not None:
                links += [(row, other), (other, row)]
            else:
                values.setdefault((fact.relation, fact.object), []).append(row)
    size = len(products)
    told = [rows for rows in values.values() if 1 < len(rows) <= max(2, MAX_VALUE_SHARE * size)]
    return _cosines(told, size), _linked(links, size)


def _cosines(told: Sequence[Sequence[int]], size: int) -> Any:
    rows = np.array([row for value in told for row in value], np.int64)
    columns = np.repeat(np.arange(len(told)), [len(value) for value in told])
    rarity = np.repeat([np.log(size / len(value)) for value in told], [len(value) for value in told])
    bags = sp.csr_matrix((rarity.astype(np.float32), (rows, columns)), shape=(size, max(len(told), 1)))
    length = np.sqrt(np.asarray(bags.multiply(bags).sum(1)).ravel())
    return text_similarity((sp.diags(1.0 / np.maximum(length, 1e-9)).astype(np.float32) @ bags).tocsr())


def _linked(links: Sequence[tuple[int, int]], size: int) -> Any:
    if not links:
        return sp.csr_matrix((size, size), dtype=np.float32)
    row, column = np.array(links, np.int64).T
    matrix = sp.csr_matrix((np.ones(len(row), np.float32), (row, column)), shape=(size, size))
    matrix.data[:] = 1.0
    total = np.asarray(matrix.sum(1)).ravel()
    return (sp.diags(1.0 / np.maximum(total, 1.0)).astype(np.float32) @ matrix).tocsr()


def tuned_graph_knn(
    base: Callable[[Interactions], Baseline],
    facts: Mapping[str, Sequence[Fact]],
    train: Interactions,
    valid: Cases,
) -> tuple[Callable[[Interactions], Baseline], dict[str, float], float]:
    """How to fit it on any interactions, its parameters, and its NDCG@10 on ``valid``. ``base`` fits the graph-free
    model; the shares of facts and links, and the decay, are chosen on ``valid``."""
    cosines, links = graph_similarity(facts, train.products)
    cases = valid.some(TUNING_CASES)
    fitted = base(train)
    best: tuple[dict[str, float], float] = ({}, -1.0)
    linked = SHARES if links.nnz else (0.0,)
    for share in (0.0, *SHARES):
        for link in (0.0, *linked):
            similarity = fitted.similarity + share * cosines + link * links
            for decay in dict.fromkeys((fitted.decay, *DECAYS)):
                params = {"facts": share, "links": link, "decay": decay}
                model = Baseline("graph_knn", params, similarity, fitted.prior)
                value = evaluate(model.score, cases, train.counts).mean("ndcg@10")
                if value > best[1]:
                    best = (params, value)
    params, value = best

    def fit(data: Interactions) -> Baseline:
        own = base(data)
        similarity = own.similarity + params["facts"] * cosines + params["links"] * links
        return Baseline("graph_knn", params, similarity.tocsr(), own.prior)

    return fit, params, value
