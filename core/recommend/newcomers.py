"""Products that came into the catalogue after a run was trained: ranked by what is known of them, at once.

The network knows their facts, text and price. The baseline beneath it knows nobody who took them; there they stand as
the known products that they are most like.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.catalogue.store import Catalogue
from core.domain import Product
from core.recommend.artefact import Artefact
from core.recommend.baselines import NEIGHBOURS, Baseline
from core.recommend.encoder import sentence_encoder
from core.recommend.features import Features
from core.recommend.source import graph_facts
from core.recommend.text import unit
from core.storage.workspaces import Workspace

NEAREST = 5
"""With so many a new product is in the first ten of about as many shoppers as a known one is on the mean; with fewer it
is in more, whether they take it or not, with more in fewer (``bench.newcomers``, on the sample)."""


def with_newcomers(workspace: Workspace, artefact: Artefact) -> Artefact:
    """The artefact with the catalogue's new products added: facts, text and price, but no learned vector."""
    known = set(artefact.features.products)
    fresh = [product for product in Catalogue(workspace).products() if product.id not in known]
    return extended(workspace, artefact, fresh) if fresh else artefact


def extended(workspace: Workspace, artefact: Artefact, fresh: list[Product]) -> Artefact:
    """Add products to an artefact; raises ModelUnavailable where the run needs an encoder that is not here."""
    vocabulary = artefact.vocabulary
    facts = graph_facts(workspace, reviews=artefact.config.reviews_in_graph)
    encoder = sentence_encoder(required=True) if vocabulary.sentences else None
    features = vocabulary.encode(fresh, facts, np.zeros(len(fresh), np.float32), encoder)
    joined = artefact.features.joined(features)
    baseline, whole = artefact.baseline, sp.identity(len(artefact.features), dtype=np.float32, format="csr")
    # New products stand in the baseline as the known ones they are most like: in its columns, and in its rows.
    spread = sp.vstack([whole, lenders(artefact, joined)]).tocsr()
    similarity = (spread @ baseline.similarity @ spread.T).tocsr()
    share = text_share(baseline)
    if share:
        kept = _without_new(similarity, len(artefact.features)) * share
        similarity = (1 - share) * similarity + kept + share * _likeness(artefact.features, features)
    padded = Baseline(
        baseline.name,
        baseline.params,
        sp.csr_matrix(similarity),
        (spread @ baseline.prior).astype(np.float32),
    )
    own = {
        product.id: tuple(
            fact
            for fact in facts.get(product.id, ())
            if (fact.relation, fact.object) in vocabulary.table.column
        )
        for product in fresh
    }
    return replace(
        artefact,
        features=joined,
        facts={**artefact.facts, **own},
        baseline=padded,
        average_baseline=np.asarray(spread @ artefact.average_baseline),
    )


def lenders(artefact: Artefact, joined: Features) -> Any:
    """Sparse float32[new, known]: the NEAREST known products of each new one by the cosine of their vectors, which say
    in the baseline what nobody's purchases can say yet; weights are the cosines, rows sum to one (or are empty).

    Attribute-based mapping of item factors for cold items (Gantner et al., ICDM 2010), here of similarities.
    """
    from core.recommend.network import Inputs
    from core.recommend.scoring import product_vectors

    inputs = Inputs.of(joined, artefact.vocabulary.table, dtype=artefact.network.node.dtype)
    vectors, _bias = product_vectors(artefact.network, inputs)
    known = len(artefact.features)
    return nearest(vectors[:known], vectors[known:])


def nearest(known: NDArray[np.floating], fresh: NDArray[np.floating], count: int = NEAREST) -> Any:
    """What ``lent`` gives, as sparse float32[fresh, known], for vectors of any length."""
    near = unit(fresh.astype(np.float32)) @ unit(known.astype(np.float32)).T
    columns, weights = lent(near, count)
    rows = np.repeat(np.arange(len(fresh)), columns.shape[1])
    return sp.csr_matrix((weights.ravel(), (rows, columns.ravel())), shape=near.shape)


def lent(near: NDArray[np.float32], count: int = NEAREST) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(columns, weights), both [rows, count]: the largest of the cosines float32[rows, known] of each row, those above
    zero divided by their sum."""
    kept = min(count, near.shape[1])
    columns = np.argpartition(-near, kept - 1, axis=1)[:, :kept]
    weights = np.clip(np.take_along_axis(near, columns, 1), 0.0, None)
    return columns, weights / np.maximum(weights.sum(1, keepdims=True), 1e-12)


def text_share(baseline: Baseline) -> float:
    """How much of a baseline's similarity is likeness of texts, which new products have of their own."""
    return {"textknn": 1.0, "itemknn_text": float(baseline.params.get("share", 0.0))}.get(baseline.name, 0.0)


def _without_new(similarity: Any, known: int) -> Any:
    """The similarity of known products alone, in the same shape."""
    part = similarity[:known, :known].tocoo()
    return sp.csr_matrix((part.data, (part.row, part.col)), shape=similarity.shape)


def _likeness(known: Features, fresh: Features) -> Any:
    """Sparse float32: how alike the texts of new products are to all others, from the vectors at hand; the strongest
    NEIGHBOURS of each new product, both ways, in time linear in the catalogue."""
    pairs = ((known.lexical, fresh.lexical), (known.sentence, fresh.sentence))
    blocks = [new @ np.concatenate([old, new]).T for old, new in pairs if new.shape[1]]
    total = np.mean(blocks, axis=0).astype(np.float32)
    size, new = len(known) + len(fresh), np.arange(len(fresh))
    total[new, len(known) + new] = 0.0
    kept = min(NEIGHBOURS, size)
    columns = np.argpartition(-total, kept - 1, axis=1)[:, :kept]
    rows = np.repeat(len(known) + new, kept)
    near = sp.csr_matrix((total[new[:, None], columns].ravel(), (rows, columns.ravel())), shape=(size, size))
    near.eliminate_zeros()
    return near.maximum(near.T)
