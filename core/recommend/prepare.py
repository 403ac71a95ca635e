"""What a run starts from: data, split, baselines, features. The same inputs give the same preparation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact, Product
from core.recommend.baselines import GRID, NEEDS_TEXT, Baseline, fit, text_similarity, tuned
from core.recommend.config import GraphKind, TextKind, TrainConfig
from core.recommend.data import Ints, Split
from core.recommend.fact_table import FactTable, start_vectors
from core.recommend.features import Features, Vocabulary
from core.recommend.price import PriceScale, dearness, sales_slope
from core.recommend.text import Encoder, Lexicon, principal_axes, product_text

if TYPE_CHECKING:
    from core.recommend.network import Network
    from core.recommend.scoring import Combined, Mix

SENTENCE_SHARE = 0.4


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything the trainer needs, and the tuned baselines it has to beat.

    ``tuning`` maps a baseline to (parameters, validation NDCG@10); ``best`` is the best of them, fitted on training
    rows; ``scale`` is the size of its highest scores, which the residual is expressed in.
    """

    split: Split
    vocabulary: Vocabulary
    features: Features
    similarity: Any
    tuning: Mapping[str, tuple[dict[str, float], float]]
    best: Baseline
    scale: float
    seed: int

    def network(self, config: TrainConfig) -> Network:
        """A fresh network, its vectors of nodes and text started from singular vectors."""
        import torch

        from core.recommend.network import Network, Shape

        features, table = self.features, self.vocabulary.table
        shape = Shape(
            products=len(features),
            nodes=len(table.nodes),
            relations=len(table.relations),
            groups=table.groups,
            lexical=features.lexical.shape[1],
            sentence=features.sentence.shape[1],
            id_dim=config.id_dim,
            text_dim=config.text_dim,
            graph_dim=config.graph_dim,
            width=config.width,
            layers=config.layers,
            heads=config.heads,
            history_length=config.history_length,
            dropout=config.dropout,
            priced=True,
            linked=table.linked,
        )
        network = Network(shape, table)
        with torch.no_grad():
            network.sold.fill_(self._sold())
            decay = min(max(self.best.decay, 0.3), 0.98)
            network.decay.fill_(float(np.log(decay / (1.0 - decay))))
            if len(table):
                start = start_vectors(table, features.facts, features.products, config.graph_dim, config.seed)
                network.node.copy_(torch.as_tensor(start))
            if network.sentence is not None:
                import scipy.sparse as sp

                axes = principal_axes(
                    sp.csr_matrix(features.sentence), network.sentence.out_features, config.seed
                )
                network.sentence.weight.copy_(torch.as_tensor(axes.T.copy()))
        return network

    def _sold(self) -> float:
        taken = self.features.counts > 0
        return sales_slope(dearness(self.features.price[taken]), np.log1p(self.features.counts[taken]))

    def combined(
        self,
        network: Network,
        mix: Mix,
        vectors: NDArray[np.floating],
        bias: NDArray[np.floating],
        average: NDArray[np.floating],
        baseline: Baseline,
    ) -> Combined:
        """A scorer of these products with a given fit of the baseline."""
        from core.recommend.scoring import Combined

        return Combined(network, baseline, mix, vectors, bias, average, self.average_baseline(baseline))

    def refitted(self) -> Baseline:
        """The best baseline, fitted on all that precedes the test."""
        return fit(self.best.name, self.split.known, self.best.params, self.similarity)

    def average_baseline(self, baseline: Baseline) -> NDArray[np.float64]:
        """float64[products]: mean baseline scores of a sample of shoppers."""
        return np.asarray(baseline.score(self.sample_histories(1_000, self.seed)).mean(0))

    def sample_histories(self, most: int, seed: int) -> list[Ints]:
        """Histories of at most that many training shoppers."""
        train = self.split.train
        shoppers = np.flatnonzero(np.diff(train.bounds))
        if len(shoppers) > most:
            shoppers = np.sort(np.random.default_rng(seed).choice(shoppers, most, replace=False))
        return [train.history(int(shopper)) for shopper in shoppers]


def prepare(
    split: Split,
    products: Sequence[Product],
    facts: Mapping[str, Sequence[Fact]],
    config: TrainConfig,
    encoder: Encoder | None = None,
    *,
    baselines: Sequence[str] = tuple(GRID),
    tuning: Mapping[str, tuple[dict[str, float], float]] | None = None,
    check: Callable[[], None] = lambda: None,
    on_step: Callable[[str, dict[str, Any]], None] = lambda name, data: None,
) -> Prepared:
    """Learn vocabularies, compute features, tune baselines on validation.

    ``products`` are in the order of ``split.train.products``; ``facts`` by product id, already without what must not
    be known; ``on_step`` is told "features" and then each tuned baseline. With ``tuning``, what a search has found, no
    baseline is tuned again.
    """
    used = facts if config.graph is not GraphKind.NONE else {}
    texts = [product_text(product) for product in products]
    lexical = config.text in (TextKind.LEXICAL, TextKind.BOTH)
    vocabulary = Vocabulary(
        FactTable.of([fact for rows in used.values() for fact in rows], len(products), linked=True),
        Lexicon.of(texts, config.text_dim, config.seed) if lexical else None,
        config.text in (TextKind.SENTENCE, TextKind.BOTH) and encoder is not None,
        PriceScale.of(products),
    )
    check()
    features = vocabulary.encode(products, used, split.train.counts, encoder)
    if config.graph is GraphKind.SHUFFLED:
        features = features.shuffled(config.seed)
    similarity = similarity_of(vocabulary, texts, features)
    on_step("features", {"columns": len(vocabulary.table), "products": len(products)})
    chosen: dict[str, tuple[dict[str, float], float]] = {}
    for name in tuning or baselines:
        if name in NEEDS_TEXT and similarity is None:
            continue
        check()
        chosen[name] = tuning[name] if tuning else tuned(name, split.train, split.valid, similarity, check)
        on_step("baseline", {"name": name, "params": chosen[name][0], "valid": chosen[name][1]})
    return _with_leader(split, vocabulary, features, similarity, chosen, config.seed)


def restored(
    split: Split,
    products: Sequence[Product],
    vocabulary: Vocabulary,
    features: Features,
    tuning: Mapping[str, tuple[dict[str, float], float]],
    seed: int,
) -> Prepared:
    """The preparation of a finished run from what it left; nothing is learned or tuned again."""
    similarity = similarity_of(vocabulary, [product_text(product) for product in products], features)
    return _with_leader(split, vocabulary, features, similarity, tuning, seed)


def regraphed(prepared: Prepared, kind: GraphKind, seed: int) -> Prepared:
    """A preparation made with the real graph, with that kind of graph instead; all else stays, the baselines too."""
    features = prepared.features
    if kind is GraphKind.REAL:
        return prepared
    if kind is GraphKind.SHUFFLED:
        return replace(prepared, features=features.shuffled(seed))
    nothing = (np.empty(0, np.int64),) * len(features)
    vocabulary = replace(prepared.vocabulary, table=FactTable.of((), len(features)))
    return replace(prepared, vocabulary=vocabulary, features=replace(features, facts=nothing))


def _with_leader(
    split: Split,
    vocabulary: Vocabulary,
    features: Features,
    similarity: Any,
    tuning: Mapping[str, tuple[dict[str, float], float]],
    seed: int,
) -> Prepared:
    leader = max(tuning, key=lambda name: tuning[name][1])
    best = fit(leader, split.train, tuning[leader][0], similarity)
    highest = best.score(split.valid.some(500, seed).histories).max(1)
    scale = float(max(highest.mean(), 1e-6))
    return Prepared(split, vocabulary, features, similarity, tuning, best, scale, seed)


def similarity_of(vocabulary: Vocabulary, texts: Sequence[str], features: Features) -> Any:
    """Text kNN's cosines: of words, of sentences, or a weighted sum of both."""
    words = text_similarity(vocabulary.lexicon.sparse(texts)) if vocabulary.lexicon else None
    if not features.sentence.shape[1]:
        return words
    sentences = text_similarity(features.sentence)
    return sentences if words is None else ((1 - SENTENCE_SHARE) * words + SENTENCE_SHARE * sentences).tocsr()
