"""Serving: who is shown what, and what the model would have said had its inputs been others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact
from core.errors import ConfigError, DataError
from core.ontology import Family
from core.recommend.artefact import Artefact
from core.recommend.coalitions import Stand
from core.recommend.data import Ints
from core.recommend.features import Features
from core.recommend.measure import top
from core.recommend.network import LINKED, Inputs
from core.recommend.scoring import Combined, product_vectors, shopper_vectors
from core.recommend.text import Encoder
from core.recommend.withheld import hidden


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """Inputs that are switched on and off together. ``kind`` is "history" or "item"."""

    name: str
    kind: str
    family: Family | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """One line of a list; ``rank`` starts at 1."""

    product_id: str
    score: float
    rank: int


class Recommender:
    """A run, ready to serve.

    The score of product i for history h is  b · baseline(h, i) + n · (Σ_blocks u(h)·v(i) + p(i)). Groups are the recent
    and the older part of the history, one for each relation family among the product's facts, "text", "price", and
    "popularity" (the popularity term and the learned vector: what is known of a product from its sales alone).
    Co-purchases, in the baseline, count to the history they start from. All in double precision. Products that are
    ``withheld`` (by id) are scored, and are in no list.
    """

    def __init__(
        self, artefact: Artefact, encoder: Encoder | None = None, withheld: Collection[str] = ()
    ) -> None:
        import torch

        # A copy: a run that was just trained is in single precision, and stays as it is.
        network = deepcopy(artefact.network).to(torch.float64).eval()
        artefact = replace(artefact, network=network)
        self.artefact = artefact
        self.run_id = artefact.run_id
        self.product_ids = artefact.features.products
        self.withheld = hidden(self.product_ids, withheld)
        self._encoder = encoder
        inputs = Inputs.of(artefact.features, artefact.vocabulary.table, dtype=torch.float64)
        vectors, bias = product_vectors(artefact.network, inputs)
        self.model = Combined(
            artefact.network,
            artefact.baseline,
            artefact.mix,
            vectors,
            bias,
            artefact.average,
            artefact.average_baseline,
        )
        self._stand = Stand(self.model)
        families = tuple(
            FeatureGroup(name, "item", Family(name)) for name in artefact.vocabulary.table.groups
        )
        self.groups: tuple[FeatureGroup, ...] = (
            FeatureGroup("history.recent", "history"),
            FeatureGroup("history.older", "history"),
            *families,
            FeatureGroup("text", "item"),
            FeatureGroup("price", "item"),
            FeatureGroup("popularity", "item"),
        )

    def score(self, history: Sequence[str]) -> NDArray[np.float64]:
        """float64[products]: scores in the order of ``product_ids``; an empty history is the average shopper's."""
        return np.asarray(self.model.score([self.rows(history)])[0], np.float64)

    def recommend(
        self, history: Sequence[str], k: int = 10, exclude: Collection[str] | None = None
    ) -> list[Scored]:
        """The k best products that are not in the history (or, where given, not in ``exclude``)."""
        return self._list(self.score(history), history if exclude is None else exclude, k)

    def baseline(self, history: Sequence[str], k: int = 10) -> list[Scored]:
        """What the baseline beneath the model would have shown."""
        return self._list(self.baseline_scores(history), history, k)

    def baseline_scores(self, history: Sequence[str]) -> NDArray[np.float64]:
        """float64[products]: what the baseline beneath the model gives each, in the order of ``product_ids``."""
        return np.asarray(self.model.baselines([self.rows(history)])[0])

    @property
    def baseline_name(self) -> str:
        """The baseline that the network is a residual over."""
        return self.artefact.baseline.name

    @property
    def reads_sentences(self) -> bool:
        """Whether a sentence encoder reads its texts, which takes long where many are read."""
        return self.artefact.vocabulary.sentences

    def encode(self, text: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(word vector float32[1, size], sentence vector float32[1, size]) of a text; sizes are 0 for a kind that the
        run does not use."""
        return self.artefact.vocabulary.encode_texts([text], self._sentences())

    def facts_of(self, product_id: str) -> tuple[Fact, ...]:
        """The facts of a product that the model uses."""
        return self.artefact.facts.get(product_id, ())

    def score_coalitions(
        self,
        history: Sequence[str],
        product_id: str,
        masks: NDArray[np.bool_],
        background: str = "average",
        shoppers: Sequence[Sequence[str]] = (),
    ) -> NDArray[np.float64]:
        """float64[n] scores of a product with only the groups of each row of ``masks`` (bool[n, groups]) on.

        A part of the history that is off is that of each of the other ``shoppers`` (histories), on average; without
        any, or with the background "empty", it is nothing. A group of the product that is off has the value of the
        background: "average" (the catalogue's mean), "empty" (zero), or another product's id. All on is the served
        score.
        """
        item, rows = self._row(product_id), self.rows(history)
        masks = np.asarray(masks, bool)
        if masks.ndim != 2 or masks.shape[1] != len(self.groups):
            raise ConfigError(f"Masks must have {len(self.groups)} columns.", where="coalitions")
        others = tuple(tuple(known.tolist()) for other in shoppers if len(known := self.rows(other)))
        alone = not others or background == "empty"
        who = tuple(rows.tolist())
        sides = self._stand.from_nothing(who) if alone else self._stand.beside(who, others)
        vectors, base = sides.vectors, sides.baseline(self.model, item, stranger=not alone)
        if alone and not who:
            base[-1] = self.model.average_baseline[item]
        ground, ground_bias = self._background(background)
        own, other = self._by_group(vectors, self.model.vectors[item]), self._by_group(vectors, ground)
        own[:, -1] += self.model.bias[item]
        other[:, -1] += ground_bias
        variant = 2 * masks[:, 0].astype(int) + masks[:, 1]
        network = np.where(masks[:, 2:], own[variant], other[variant]).sum(1)
        return np.asarray(self.model.mix.baseline * base[variant] + self.model.mix.network * network)

    def score_texts(
        self, history: Sequence[str], product_id: str, texts: Sequence[str]
    ) -> NDArray[np.float64]:
        """float64[texts]: scores of a product had its text been each of these, read by the same encoders."""
        rows = [self._row(product_id)] * len(texts)
        features = self.artefact.features.take(rows)
        lexical, sentence = self.artefact.vocabulary.encode_texts(texts, self._sentences())
        return self._rescored(history, rows, replace(features, lexical=lexical, sentence=sentence))

    def score_fact_sets(
        self, history: Sequence[str], product_id: str, kept: Sequence[Collection[str]]
    ) -> NDArray[np.float64]:
        """float64[sets]: scores of a product had it only the facts of each set (fact ids)."""
        return self.score_fact_variants(history, [(product_id, chosen) for chosen in kept])

    def score_fact_variants(
        self, history: Sequence[str], variants: Sequence[tuple[str, Collection[str]]]
    ) -> NDArray[np.float64]:
        """float64[variants]: scores of products, each had it only the facts (ids) beside it; all in one batch."""
        rows = [self._row(product) for product, _kept in variants]
        columns = tuple(
            self.artefact.vocabulary.table.columns(fact for fact in self.facts_of(product) if fact.id in kept)
            for product, kept in variants
        )
        return self._rescored(history, rows, replace(self.artefact.features.take(rows), facts=columns))

    def score_histories(
        self, histories: Sequence[Sequence[str]], product_id: str, *, stranger: bool = True
    ) -> NDArray[np.float64]:
        """float64[histories]: scores of one product for each history. An empty one is the average shopper's or,
        without ``stranger``, nothing: a vector of zeros and the baseline's prior."""
        item, rows = self._row(product_id), [self.rows(history) for history in histories]
        base, vectors = self._baseline_of(rows, item), self.model.shoppers(rows)
        if not stranger:
            empty = [len(row) == 0 for row in rows]
            vectors[empty], base[empty] = 0.0, float(self.model.baseline.prior[item])
        network = vectors @ self.model.vectors[item] + self.model.bias[item]
        return np.asarray(self.model.mix.baseline * base + self.model.mix.network * network)

    def score_lists(self, histories: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        """float64[histories, products]: scores of all products for each history."""
        return np.asarray(self.model.score([self.rows(history) for history in histories]), np.float64)

    def score_versions(
        self,
        history: Sequence[str],
        product_id: str,
        facts: Sequence[Collection[Fact]],
        text: str | None = None,
    ) -> NDArray[np.float64]:
        """float64[sets]: scores of a product had it each of these sets of facts, its own or new ones, and this text
        (None: its own)."""
        rows = [self._row(product_id)] * len(facts)
        columns = tuple(self.artefact.vocabulary.table.columns(chosen) for chosen in facts)
        changed = replace(self.artefact.features.take(rows), facts=columns)
        if text is not None:
            lexical, sentence = self.artefact.vocabulary.encode_texts([text], self._sentences())
            same = [0] * len(facts)
            changed = replace(changed, lexical=lexical[same], sentence=sentence[same])
        return self._rescored(history, rows, changed)

    def score_past_fact_sets(
        self, history: Sequence[str], past: str, product_id: str, kept: Sequence[Collection[str]]
    ) -> NDArray[np.float64]:
        """float64[sets]: scores of a product had ``past``, a product of the history, only the facts of each set (fact
        ids)."""
        known, at, item = self.rows(history), self._row(past), self._row(product_id)
        table = self.artefact.vocabulary.table
        columns = tuple(
            table.columns(fact for fact in self.facts_of(past) if fact.id in chosen) for chosen in kept
        )
        changed = self._vectors(replace(self.artefact.features.take([at] * len(kept)), facts=columns))
        steps, place = self.model.vectors[known], np.arange(len(known), dtype=np.int32)
        histories = [np.where((known == at)[:, None], one, steps) for one in changed]
        shoppers = np.array([shopper_vectors(self.artefact.network, one, [place])[0] for one in histories])
        network = shoppers @ self.model.vectors[item] + self.model.bias[item]
        below = self._baseline_of([known], item)[0]
        return np.asarray(self.model.mix.baseline * below + self.model.mix.network * network)

    def uses(self, fact: Fact) -> bool:
        """Whether the run has learned of facts of this relation and object."""
        return (fact.relation, fact.object) in self.artefact.vocabulary.table.column

    def rows(self, history: Sequence[str]) -> Ints:
        """int32: places of the products of a history; those the catalogue never had are left out."""
        place = self._place
        return np.array([place[product] for product in history if product in place], np.int32)

    def _rescored(
        self, history: Sequence[str], items: Sequence[int], changed: Features
    ) -> NDArray[np.float64]:
        vectors, known = self._vectors(changed), self.rows(history)
        network = vectors @ self.model.shoppers([known])[0] + self.model.bias[list(items)]
        base = {item: self._baseline_of([known], item)[0] for item in dict.fromkeys(items)}
        below = np.array([base[item] for item in items], np.float64)
        return np.asarray(self.model.mix.baseline * below + self.model.mix.network * network)

    def _vectors(self, changed: Features) -> NDArray[np.floating]:
        """[variants, size]. Their bias stays the served one: popularity is measured against the whole catalogue, not
        these variants."""
        import torch

        inputs = Inputs.of(changed, self.artefact.vocabulary.table, dtype=torch.float64)
        return product_vectors(self.artefact.network, inputs)[0]

    def _baseline_of(self, histories: Sequence[Ints], item: int) -> NDArray[np.float64]:
        scores = self.model.baseline.score_one(histories, item)
        scores[[len(history) == 0 for history in histories]] = self.model.average_baseline[item]
        return scores

    def _background(self, name: str) -> tuple[NDArray[np.floating], float]:
        if name == "average":
            return self.model.vectors.mean(0), float(self.model.bias.mean())
        if name == "empty":
            return np.zeros_like(self.model.vectors[0]), 0.0
        row = self._row(name)
        return self.model.vectors[row], float(self.model.bias[row])

    def _by_group(self, shoppers: NDArray[np.floating], vector: NDArray[np.floating]) -> NDArray[np.float64]:
        """float64[shoppers, item groups]: the part of the dot product that each group of the product carries."""
        found = np.zeros((len(shoppers), len(self.groups) - 2))
        for block, where in self.artefact.network.shape.slices().items():
            found[:, self._group_of[block]] += shoppers[:, where] @ vector[where]
        return found

    @cached_property
    def _group_of(self) -> dict[str, int]:
        place = {group.name: index for index, group in enumerate(self.groups[2:])}
        named = {"id": "popularity", "lexical": "text", "sentence": "text", "dearness": "price"}
        named[LINKED] = Family.LINK.value
        return {
            block: place[named.get(block, block.removeprefix("graph."))]
            for block in self.artefact.network.shape.blocks()
        }

    @cached_property
    def _place(self) -> dict[str, int]:
        return {product: row for row, product in enumerate(self.product_ids)}

    def _row(self, product_id: str) -> int:
        try:
            return self._place[product_id]
        except KeyError:
            raise DataError(
                "The run does not know this product.",
                where=product_id[:80],
                remedy="Choose a product of the catalogue, or train again.",
            ) from None

    def _list(self, scores: NDArray[np.floating], exclude: Collection[str], k: int) -> list[Scored]:
        free = np.array(scores, np.float64)
        free[self.rows(list(exclude))] = -np.inf
        free[self.withheld] = -np.inf
        chosen = [int(row) for row in top(free[None], k)[0] if np.isfinite(free[row])]
        return [Scored(self.product_ids[row], float(free[row]), rank) for rank, row in enumerate(chosen, 1)]

    def _sentences(self) -> Encoder | None:
        if self.artefact.vocabulary.sentences and self._encoder is None:
            from core.recommend.encoder import sentence_encoder

            self._encoder = sentence_encoder(self.artefact.tuned, required=True)
        return self._encoder
