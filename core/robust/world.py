"""A trained run, and the world it ranks in: what a shop, its sellers and its visitors may write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from core.domain import Product
from core.recommend.artefact import Artefact
from core.recommend.baselines import Baseline, fit
from core.recommend.data import Cases, Interactions, Ints, split
from core.recommend.features import Features
from core.recommend.network import Inputs
from core.recommend.prepare import similarity_of
from core.recommend.scoring import Combined, product_vectors
from core.recommend.text import Encoder, product_text

Reading = frozenset[tuple[str, str]]
"""(relation, node id) pairs that were read in a text."""
Read = Callable[[str, str], Reading]
"""Text and category → what is read there."""

AVERAGE_SHOPPERS = 1_000


@dataclass(frozen=True, eq=False)
class World:
    """What an attack may change, each in the order of the run's products.

    ``facts`` are columns of the run's fact table; ``known`` the events the baseline is fitted on; ``shift``
    float[products, size] is added to the network's product vectors.
    """

    texts: tuple[str, ...]
    facts: tuple[NDArray[np.int64], ...]
    known: Interactions
    shift: NDArray[np.floating] | None = None


class Model:
    """A finished run as it stood before its test: network as trained, baseline refitted on all rows before the test.

    ``clean`` is the world it was trained in; ``cases`` are the test's, at most ``most`` of them.
    """

    def __init__(
        self,
        artefact: Artefact,
        products: Sequence[Product],
        data: Interactions,
        read: Read,
        encoder: Encoder | None = None,
        *,
        most: int = 2_000,
        seed: int = 0,
    ) -> None:
        config = artefact.config
        # A copy: a run that was just trained is in single precision, and stays as it is.
        network = deepcopy(artefact.network).to(torch.float64).eval()
        self.artefact = replace(artefact, network=network)
        self.data = data
        self.split = split(data, config.split.value, config.valid_share, config.test_share)
        self.cases: Cases = self.split.test.some(most, seed)
        by_id = {product.id: product for product in products}
        self.products = tuple(by_id.get(one) for one in artefact.features.products)
        self.encoder = encoder
        self._read = read
        self._readings: dict[tuple[str, str], Reading] = {}
        texts = tuple(product_text(product) if product else "" for product in self.products)
        self.clean = World(texts, artefact.features.facts, self.split.known)

    def __len__(self) -> int:
        return len(self.products)

    @property
    def names(self) -> tuple[str, ...]:
        """Product ids."""
        return self.artefact.features.products

    @cached_property
    def counts(self) -> NDArray[np.float32]:
        """float32[products]: shoppers of each product before the test."""
        return self.split.known.counts

    def scorer(self, world: World) -> Combined:
        """The run in that world: texts and facts encoded again, the baseline fitted again."""
        features = self.features(world)
        artefact = self.artefact
        inputs = Inputs.of(features, artefact.vocabulary.table, dtype=torch.float64)
        vectors, bias = product_vectors(artefact.network, inputs)
        baseline = self._baseline(world, features)
        return Combined(
            artefact.network,
            baseline,
            artefact.mix,
            vectors if world.shift is None else vectors + world.shift,
            bias,
            artefact.average,
            np.asarray(baseline.score(self._sample).mean(0)),
        )

    def features(self, world: World) -> Features:
        """The features of the products in that world; only what differs is encoded again."""
        old = self.artefact.features
        changed = self.changed(world)
        lexical, sentence = old.lexical, old.sentence
        if changed:
            found = self.artefact.vocabulary.encode_texts([world.texts[k] for k in changed], self.encoder)
            lexical, sentence = lexical.copy(), sentence.copy()
            lexical[changed], sentence[changed] = found
        counts = old.counts
        if world.known is not self.clean.known:
            # The network knows the counts of training, a part of these; a defence may drop more than that part.
            counts = np.maximum(counts + world.known.counts - self.counts, 0.0)
        return replace(old, lexical=lexical, sentence=sentence, counts=counts, facts=world.facts)

    def changed(self, world: World) -> list[int]:
        """Places of the products whose text is another than in the clean world."""
        return [k for k, text in enumerate(world.texts) if text != self.clean.texts[k]]

    def with_texts(self, world: World, texts: Sequence[str]) -> World:
        """The world with these texts, and with the facts that are read in them instead of those read before.

        Facts that no text states, such as those of a column, stay.
        """
        facts = list(world.facts)
        for k, text in enumerate(texts):
            if text != world.texts[k]:
                before, after = self._columns(k, world.texts[k]), self._columns(k, text)
                kept = set(facts[k].tolist()) - (before - after) | (after - before)
                facts[k] = np.array(sorted(kept), np.int64)
        return replace(world, texts=tuple(texts), facts=tuple(facts))

    def reading(self, product: int, text: str) -> Reading:
        """What is read in a text of that product; each text is read once."""
        at = self.products[product]
        key = (text, (at.category or "") if at else "")
        if key not in self._readings:
            self._readings[key] = self._read(*key)
        return self._readings[key]

    def _columns(self, product: int, text: str) -> set[int]:
        column = self.artefact.vocabulary.table.column
        return {column[pair] for pair in self.reading(product, text) if pair in column}

    def _baseline(self, world: World, features: Features) -> Baseline:
        told = self.artefact.baseline
        similarity = self.likeness
        if self.changed(world):
            similarity = similarity_of(self.artefact.vocabulary, world.texts, features)
        return fit(told.name, world.known, told.params, similarity)

    @cached_property
    def likeness(self) -> Any:
        """Sparse float[products, products]: how alike the clean texts are; None where the run reads no text."""
        return similarity_of(self.artefact.vocabulary, self.clean.texts, self.artefact.features)

    @cached_property
    def _sample(self) -> list[Ints]:
        train, seed = self.split.train, self.artefact.config.seed
        shoppers = np.flatnonzero(np.diff(train.bounds))
        if len(shoppers) > AVERAGE_SHOPPERS:
            random = np.random.default_rng(seed)
            shoppers = np.sort(random.choice(shoppers, AVERAGE_SHOPPERS, replace=False))
        return [train.history(int(shopper)) for shopper in shoppers]
