"""The small shop of ``recommend_world``, ready to be served from: the run with its network's gate open, and a shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from core.domain import Node
from core.recommend.rank import Recommender
from core.recommend.serve.shelf import Shelf
from tests.recommend_world import facts, interactions, outcome, products


@cache
def model() -> Recommender:
    """Open, so that no test hangs on what validation chose."""
    artefact = outcome().artefact
    return Recommender(
        replace(artefact, mix=replace(artefact.mix, network=1.0), network=artefact.network.double())
    )


@cache
def shelf() -> Shelf:
    found = [fact for rows in facts().values() for fact in rows]
    nodes = {fact.object: Node(fact.object, "Use", fact.object.partition(":")[2]) for fact in found}
    known = {product.id: product for product in products()}
    counts = model().artefact.features.counts
    return Shelf.of(model().product_ids, known, found, nodes, counts, model().model.vectors)


@cache
def histories() -> dict[str, Sequence[str]]:
    data = interactions()
    return {
        data.shoppers[shopper]: [data.products[row] for row in rows] for shopper, rows in data.histories()
    }


def random_scores(seed: int, shoppers: int = 3) -> np.ndarray:
    """float64[shoppers, products] with ties: whole numbers of a small range, some of them −∞."""
    random = np.random.default_rng(seed)
    found = random.integers(0, 12, (shoppers, len(shelf()))).astype(np.float64)
    found[random.random(found.shape) < 0.1] = -np.inf
    return found
