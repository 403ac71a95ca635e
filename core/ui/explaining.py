"""What the Explain page need not compute twice: each part is kept by version of the model, history and product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.catalogue.sample_truth import Spoken
from core.explain.contrast import ListContrast, list_contrast
from core.explain.counterfactual import Counterfactual, Search, smallest_changes
from core.explain.faithful import Faithfulness, faithfulness
from core.explain.history import HistoryShare, history_shares
from core.explain.model import Explainable
from core.explain.paths import FactEffect, fact_effects
from core.explain.reference import Reference
from core.explain.shapley import Attribution, attribute
from core.explain.surrogate import Surrogate, lime_groups
from core.explain.truth import TruthCard, beside_truth
from core.explain.words import MAX_SEGMENTS, PHRASES, WordShares, lime_words, shap_words

CARD_SEEDS = range(1, 10)
READINGS, SLOW_READINGS, PHRASE_READINGS = 512, 256, 32
"""Texts that are read for the shares of words, by either method; of a slow model; and of phrases."""


class Question:
    """One recommendation to be explained: the served model, the shopper's history, the product, and what it is compared
    with; ``spoken`` is the truth, where it is known. ``slow_text`` is said of a model that takes long to read texts."""

    def __init__(
        self,
        model: Explainable,
        version: str,
        history: Sequence[str],
        product_id: str,
        text: str,
        reference: Reference,
        spoken: Sequence[Spoken] = (),
        *,
        slow_text: bool = False,
    ) -> None:
        self.model = model
        self.version = version
        self.history = tuple(history)
        self.product_id = product_id
        self.text = text
        self.reference = reference
        self.spoken = spoken
        self.slow_text = slow_text
        self.key = (version, self.history, product_id)

    def beside(self, product_id: str) -> Question:
        """The same question about another product."""
        return Question(self.model, self.version, self.history, product_id, "", self.reference)

    def shares(self) -> Attribution:
        """Exact shares of the groups."""
        return _shares(self.key, self.reference.product, self)

    def lime(self) -> Surrogate:
        """LIME over the same groups."""
        return _lime(self.key, self.reference.product, 0, self)

    def card(self) -> Faithfulness:
        """The faithfulness card of the exact shares, and the stability of LIME."""
        return _card(self.key, self.reference.product, self)

    def history_shares(self) -> list[HistoryShare]:
        """Share of each past product."""
        return _history(self.key, self)

    def facts(self) -> list[FactEffect]:
        """Effect of each fact by deletion."""
        return _facts(self.key, self)

    def changes(self, k: int) -> tuple[Counterfactual, ...]:
        """The smallest change of each kind but words that takes the product out of the first ``k``, or into them."""
        return _changes(self.key, k, self)

    def word_change(self, k: int) -> Counterfactual:
        """The smallest change of the text's words that does."""
        return _word_change(self.key, self.text, k, self)

    def list_contrast(self, k: int) -> ListContrast | None:
        """What separates the first ``k`` from the next."""
        return _list_contrast((self.version, self.history), self.reference.product, k, self)

    def truth(self) -> TruthCard | None:
        """The shares beside what is true, where it is known."""
        exact = self.shares()
        return beside_truth(exact.names, exact.values, self.spoken) if self.spoken else None

    def words(self, method: str, *, closely: bool = True) -> WordShares:
        """Shares of the words of the text, by ``shap`` or ``lime``; of phrases, unless ``closely``."""
        return _words(self.key, self.text, method, closely, self)


@st.cache_data(max_entries=256, show_spinner=False)
def _shares(key: Any, against: str, _question: Question) -> Attribution:
    return attribute(_question.model, _question.history, _question.product_id, _question.reference)


@st.cache_data(max_entries=512, show_spinner=False)
def _lime(key: Any, against: str, seed: int, _question: Question) -> Surrogate:
    exact = _question.shares()
    return lime_groups(exact.names, exact.scored, seed=seed)


@st.cache_data(max_entries=256, show_spinner=False)
def _card(key: Any, against: str, _question: Question) -> Faithfulness:
    exact = _question.shares()
    first = _question.lime().values
    others = [_lime(_question.key, against, seed, _question).values for seed in CARD_SEEDS]
    stability = faithfulness(exact, first, others=others, orders=1).stability
    return replace(faithfulness(exact), stability=stability)


@st.cache_data(max_entries=256, show_spinner=False)
def _history(key: Any, _question: Question) -> list[HistoryShare]:
    return history_shares(_question.model, _question.history, _question.product_id)


@st.cache_data(max_entries=256, show_spinner=False)
def _facts(key: Any, _question: Question) -> list[FactEffect]:
    return fact_effects(_question.model, _question.history, _question.product_id)


@st.cache_data(max_entries=256, show_spinner=False)
def _changes(key: Any, k: int, _question: Question) -> tuple[Counterfactual, ...]:
    return smallest_changes(_question.model, _question.history, _question.product_id, k)


@st.cache_data(max_entries=256, show_spinner=False)
def _word_change(key: Any, text: str, k: int, _question: Question) -> Counterfactual:
    return Search(_question.model, _question.history, _question.product_id, k).word_change(text)


@st.cache_data(max_entries=64, show_spinner=False)
def _list_contrast(key: Any, against: str, k: int, _question: Question) -> ListContrast | None:
    return list_contrast(_question.model, _question.history, k, _question.reference)


@st.cache_data(max_entries=256, show_spinner=False)
def _words(key: Any, text: str, method: str, closely: bool, _question: Question) -> WordShares:
    def score(texts: Sequence[str]) -> Any:
        return _question.model.score_texts(_question.history, _question.product_id, texts)

    if not closely:
        most, readings = PHRASES, PHRASE_READINGS
    else:
        most, readings = MAX_SEGMENTS, SLOW_READINGS if _question.slow_text else READINGS
    if method == "shap":
        return shap_words(score, text, evaluations=readings, most=most)
    return lime_words(score, text, samples=readings, most=most)
