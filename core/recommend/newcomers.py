"""Products that came into the catalogue after a run was trained: ranked by what is known of them, at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from core.catalogue.store import Catalogue
from core.domain import Product
from core.recommend.artefact import Artefact
from core.recommend.baselines import Baseline, text_similarity
from core.recommend.encoder import sentence_encoder
from core.recommend.features import Features
from core.recommend.source import graph_facts
from core.storage.workspaces import Workspace


def with_newcomers(workspace: Workspace, artefact: Artefact) -> Artefact:
    """The artefact with the catalogue's new products added: facts, text and price, but no learned vector."""
    known = set(artefact.features.products)
    fresh = [product for product in Catalogue(workspace).products() if product.id not in known]
    return extended(workspace, artefact, fresh) if fresh else artefact


def extended(workspace: Workspace, artefact: Artefact, fresh: list[Product]) -> Artefact:
    """Add products to an artefact; raises ModelUnavailable where the run needs an encoder that is not here."""
    vocabulary = artefact.vocabulary
    facts = graph_facts(workspace, reviews=artefact.config.reviews_in_graph)
    encoder = sentence_encoder(artefact.tuned, required=True, remember=True) if vocabulary.sentences else None
    features = vocabulary.encode(fresh, facts, np.zeros(len(fresh), np.float32), encoder)
    size = len(artefact.features) + len(fresh)
    baseline = artefact.baseline
    similarity = baseline.similarity.tocsr(copy=True)
    similarity.resize((size, size))
    share = {"textknn": 1.0, "itemknn_text": float(baseline.params.get("share", 0.0))}.get(baseline.name, 0.0)
    if share:
        similarity = similarity + share * _likeness(artefact.features, features)
    padded = Baseline(
        baseline.name,
        baseline.params,
        sp.csr_matrix(similarity),
        np.concatenate([baseline.prior, np.zeros(len(fresh), np.float32)]),
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
        features=artefact.features.joined(features),
        facts={**artefact.facts, **own},
        baseline=padded,
        average_baseline=np.concatenate([artefact.average_baseline, np.zeros(len(fresh))]),
    )


def _likeness(known: Features, fresh: Features) -> Any:
    """Sparse float32: how alike the texts of new products are to all others, from the vectors at hand."""
    vectors = [
        np.concatenate([old, new])
        for old, new in ((known.lexical, fresh.lexical), (known.sentence, fresh.sentence))
    ]
    used = [block for block in vectors if block.shape[1]]
    total = sum((text_similarity(block) for block in used[1:]), text_similarity(used[0])) / len(used)
    edges = total.tocoo()
    touches = (edges.row >= len(known)) | (edges.col >= len(known))
    return sp.csr_matrix((edges.data[touches], (edges.row[touches], edges.col[touches])), shape=edges.shape)
