"""What a tuning reads of a workspace: products, the split of their events, and vectors of their facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.catalogue.store import Catalogue
from core.domain import Fact, content_hash
from core.recommend.config import TrainConfig
from core.recommend.data import Split, split
from core.recommend.dataset import dataset
from core.recommend.fact_table import FactTable
from core.recommend.source import graph_facts
from core.recommend.text import principal_axes, product_text, unit
from core.recommend.tuning.config import TuneConfig
from core.recommend.tuning.pairs import Pairs
from core.recommend.tuning.phases import Material
from core.storage.decisions import left_out
from core.storage.workspaces import Workspace

FACT_SIZE = 64


@dataclass(frozen=True, eq=False)
class Ground:
    """The material of a tuning and the split that it is validated on."""

    material: Material
    split: Split

    @property
    def hash(self) -> str:
        """Content hash of texts and pairs."""
        return content_hash(*self.material.texts, self.material.pairs.hash)


def ground(workspace: Workspace, config: TuneConfig) -> Ground:
    """Read it; raises DataError where there are too few events. Of the events only those before the validation period
    make pairs; facts that only reviews support are left out, as they may speak of what came later."""
    products = list(Catalogue(workspace).products())
    shared = ("split", "valid_share", "test_share", "purchases_only")
    asked = TrainConfig.model_validate({name: getattr(config, name) for name in shared})
    data = dataset(workspace, products, asked, left_out(workspace)).data
    parts = split(data, config.split.value, config.valid_share, config.test_share)
    texts = [product_text(product) for product in products]
    facts = None
    if config.graph_weight:
        facts = fact_vectors(graph_facts(workspace), [product.id for product in products])
    return Ground(Material(texts, Pairs.of(parts.train, config.window), facts), parts)


def fact_vectors(facts: Mapping[str, Sequence[Fact]], products: Sequence[str]) -> NDArray[np.float32]:
    """float32[products, FACT_SIZE]: the idf-weighted facts of each product on their strongest singular vectors, rows of
    length one, or zero where a product shares no fact."""
    table = FactTable.of([fact for rows in facts.values() for fact in rows], len(products))
    rows = [table.columns(facts.get(product, ())) for product in products]
    flat = np.concatenate([*rows, np.empty(0, np.int64)]).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    bags = sp.csr_matrix((table.idf[flat], flat, ends), shape=(len(rows), len(table)))
    if not len(flat):
        return np.zeros((len(products), FACT_SIZE), np.float32)
    return unit(np.asarray(bags @ principal_axes(bags, FACT_SIZE), np.float32))
