"""A need in a shopper's own words: what of it the catalogue has words for, and which products meet it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.extract.lexicon import Gazetteer, stems
from core.extract.tokens import tokenize
from core.ontology import Family, family
from core.recommend.serve.policy import Policy, Trait
from core.recommend.serve.prices import prices
from core.recommend.serve.shelf import Shelf

if TYPE_CHECKING:
    from core.recommend.rank import Recommender

NOT_NEEDED = frozenset({Family.OPINION, Family.LINK})
"""What reviewers think, and links between products, are not words of a need."""
FACTS_SHARE = 0.6
TASTE = 0.2
"""How much of a need is its facts, where it has any (the rest is likeness of texts), and what the model's own score
may add to a need that is fully met."""

_NOT = frozenset({"without", "no", "not", "non", "无", "不", "非"})
_NOT_BEFORE = frozenset({"含", "要", "带"})


@dataclass(frozen=True, slots=True)
class Need:
    """What was understood: a band of prices, traits that are wanted and unwanted, and the words without the prices."""

    text: str
    wanted: tuple[Trait, ...]
    unwanted: tuple[Trait, ...]
    price_from: float | None
    price_to: float | None
    words: str

    @property
    def empty(self) -> bool:
        """Whether there is nothing to go by."""
        return not (self.words.strip() or self.wanted or self.price_from or self.price_to)


class Reader:
    """Knows the words of a shelf. Made once a shelf, in time linear in its traits."""

    def __init__(self, shelf: Shelf) -> None:
        self._traits: list[Trait] = []
        self._words = Gazetteer()
        for trait, names in shelf.names.items():
            if family(trait.relation) in NOT_NEEDED:
                continue
            for name in names:
                if any(letter.isalpha() for letter in name):
                    self._words.add(str(len(self._traits)), name)
            self._traits.append(trait)

    def read(self, text: str) -> Need:
        """Understand a need; words that are no trait count by their likeness to the products' texts."""
        low, high, words = prices(text)
        tokens = [token.text for token in tokenize(words)]
        wanted: dict[Trait, None] = {}
        unwanted: dict[Trait, None] = {}
        for first, _stop, label in self._words.match(stems(tokens)):
            into = unwanted if _denied(tokens, first) else wanted
            into[self._traits[int(label)]] = None
        return Need(text, tuple(wanted), tuple(unwanted), low, high, words)


def policy_for(need: Need, policy: Policy) -> Policy:
    """The policy with what the need rules out: its price band, where it has one, takes the place of the policy's."""
    unwanted = tuple(dict.fromkeys((*policy.unwanted, *need.unwanted)))
    if need.price_from is None and need.price_to is None:
        return policy.with_(unwanted=unwanted)
    return policy.with_(unwanted=unwanted, price_from=need.price_from, price_to=need.price_to)


def scores(need: Need, shelf: Shelf, model: Recommender, history: Sequence[str] = ()) -> NDArray[np.float64]:
    """float64[n]: how well each product meets a need, in [0, 1], plus at most TASTE for what the model makes of the
    history (of the average shopper, without one). A fact weighs log(1 + n / products with it); the product with most
    of that weight has all of it."""
    text = _likeness(need, model)
    fit = text
    if need.wanted:
        facts = np.zeros(len(shelf))
        for trait in need.wanted:
            rows = shelf.with_trait(trait)
            facts[rows] += np.log1p(len(shelf) / max(len(rows), 1))
        fit = FACTS_SHARE * facts / max(float(facts.max()), 1e-12) + (1 - FACTS_SHARE) * text
    own_taste = model.score(history)
    low, high = float(own_taste.min()), float(own_taste.max())
    return np.asarray(fit + TASTE * (own_taste - low) / max(high - low, 1e-12))


def _likeness(need: Need, model: Recommender) -> NDArray[np.float64]:
    """float64[n] in [0, 1]: mean cosine of words and of sentences, 1 for the likeliest product; 0 without words."""
    features = model.artefact.features
    lexical, sentence = model.encode(need.words)
    blocks = [
        known @ own[0] for known, own in ((features.lexical, lexical), (features.sentence, sentence))
        if own.shape[1] and own.any()
    ]  # fmt: skip
    if not blocks or not need.words.strip():
        return np.zeros(len(features))
    total = np.clip(np.mean(blocks, axis=0), 0.0, None).astype(np.float64)
    return np.asarray(total / max(float(total.max()), 1e-12))


def met(need: Need, shelf: Shelf, row: int) -> tuple[Trait, ...]:
    """The wanted traits that a product has."""
    return tuple(trait for trait in need.wanted if row in shelf.with_trait(trait))


def _denied(tokens: list[str], first: int) -> bool:
    before = [token.casefold() for token in tokens[max(0, first - 2) : first]]
    return bool(before) and (before[-1] in _NOT or (before[-1] in _NOT_BEFORE and before[0] in _NOT))
