"""What the network knows of a product before anyone has bought it: facts, text, price."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact, Product
from core.recommend.fact_table import FactTable
from core.recommend.price import PriceScale
from core.recommend.text import Encoder, Lexicon, product_text

_BEHAVIOUR = re.compile(
    r"also(buy|bought|view|purchas)|(bought|buy|purchased|viewed)together|buyafterview|boughtafter|co(purchas|view)"
    r"|买了(还|又)|看了(还|又)|(还|也)(买|看)了|一起(购买|买)"
)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """How products are turned into features: learned once from the training catalogue, kept with the run."""

    table: FactTable
    lexicon: Lexicon | None
    sentences: bool
    price: PriceScale

    def encode(
        self,
        products: Sequence[Product],
        facts: Mapping[str, Sequence[Fact]],
        counts: NDArray[np.float32],
        encoder: Encoder | None,
    ) -> Features:
        """Features of products, known or new; ``facts`` by product id, ``counts`` float32[products] of shoppers."""
        texts = [product_text(product) for product in products]
        rows = tuple(self.table.columns(facts.get(product.id, ())) for product in products)
        return Features(
            tuple(product.id for product in products),
            np.arange(len(products), dtype=np.int64),
            *self.encode_texts(texts, encoder),
            self.price.encode(products),
            counts.astype(np.float32),
            rows,
        )

    def encode_texts(
        self, texts: Sequence[str], encoder: Encoder | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(word vectors, sentence vectors) of texts; [texts, 0] for a kind that is not used."""
        none = np.zeros((len(texts), 0), np.float32)
        lexical = self.lexicon.encode(texts) if self.lexicon else none
        sentence = np.asarray(encoder.encode(list(texts)), np.float32) if self.sentences and encoder else none
        return lexical, sentence


@dataclass(frozen=True, eq=False)
class Features:
    """Raw features of ``n`` products, in the order of ``products``.

    ``identity`` int64[n] is the row of the learned vector; −1 for a product the run was not trained with.
    ``lexical`` and ``sentence`` are float32[n, size]; ``price`` float32[n, PRICE_BINS]; ``counts`` float32[n] shoppers
    in training; ``facts`` the fact columns of each product.
    """

    products: tuple[str, ...]
    identity: NDArray[np.int64]
    lexical: NDArray[np.float32]
    sentence: NDArray[np.float32]
    price: NDArray[np.float32]
    counts: NDArray[np.float32]
    facts: tuple[NDArray[np.int64], ...]

    def __len__(self) -> int:
        return len(self.products)

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Features:
        """The products at these rows, repeats allowed."""
        at = np.asarray(rows, np.int64)
        return Features(
            tuple(self.products[row] for row in at),
            self.identity[at],
            self.lexical[at],
            self.sentence[at],
            self.price[at],
            self.counts[at],
            tuple(self.facts[row] for row in at),
        )

    def joined(self, other: Features) -> Features:
        """These products, then the others, which count as new: without a learned vector."""
        return Features(
            self.products + other.products,
            np.concatenate([self.identity, np.full(len(other), -1, np.int64)]),
            np.concatenate([self.lexical, other.lexical]),
            np.concatenate([self.sentence, other.sentence]),
            np.concatenate([self.price, other.price]),
            np.concatenate([self.counts, other.counts]),
            self.facts + other.facts,
        )

    def shuffled(self, seed: int) -> Features:
        """Each product gets the facts of another: the control that shows what the graph is worth."""
        order = np.random.default_rng(seed).permutation(len(self))
        return replace(self, facts=tuple(self.facts[row] for row in order))


def training_facts(
    facts: Iterable[Fact], documents: Mapping[str, str], *, reviews: bool = False, behaviour: bool = False
) -> dict[str, list[Fact]]:
    """Facts of products by product id, without those that may speak of the future: the ones that only reviews support,
    and links that were made of what shoppers did.

    ``documents`` maps an assertion id to its document id; a review's document id ends with ``/text``.
    """
    known = {fact.id: fact for fact in facts}
    chosen: dict[str, list[Fact]] = defaultdict(list)
    for fact in known.values():
        if not fact.subject.startswith("product:"):
            continue
        if not behaviour and from_behaviour(fact.relation):
            continue
        if reviews or not from_reviews(fact, documents, known):
            chosen[fact.subject.removeprefix("product:")].append(fact)
    return dict(chosen)


def from_behaviour(relation: str) -> bool:
    """Whether a relation, by its name, says what shoppers did: also bought, also viewed, bought together."""
    return bool(_BEHAVIOUR.search(re.sub(r"[\W_]+", "", relation).casefold()))


def from_reviews(fact: Fact, documents: Mapping[str, str], known: Mapping[str, Fact]) -> bool:
    """Whether every known support of a fact is a review; a derived fact is from reviews where each way to it has a
    premise (by id in ``known``) that is."""
    if fact.derivations:
        return all(
            any(from_reviews(known[i], documents, known) for i in way.premises if i in known)
            for way in fact.derivations
        )
    support: Collection[str] = [documents[s] for s in fact.supports if s in documents]
    return bool(support) and all(document.endswith("/text") for document in support)
