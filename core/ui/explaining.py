"""What the Explain page need not compute twice: each part is kept by version of the model, history and product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.explain.counterfactual import Counterfactual, without_facts, without_history
from core.explain.faithful import Faithfulness, faithfulness
from core.explain.history import HistoryShare, history_shares
from core.explain.model import Explainable
from core.explain.paths import FactEffect, fact_effects
from core.explain.shapley import Attribution, attribute
from core.explain.surrogate import Surrogate, lime_groups
from core.explain.words import WordShares, lime_words, shap_words

CARD_SEEDS = (1, 2, 3)


class Question:
    """One recommendation to be explained: the served model, the shopper's history, the product."""

    def __init__(
        self, model: Explainable, version: str, history: Sequence[str], product_id: str, text: str
    ) -> None:
        self.model = model
        self.history = tuple(history)
        self.product_id = product_id
        self.text = text
        self.key = (version, self.history, product_id)

    def shares(self) -> Attribution:
        """Exact shares of the groups."""
        return _shares(self.key, self)

    def lime(self) -> Surrogate:
        """LIME over the same groups."""
        return _lime(self.key, 0, self)

    def card(self) -> Faithfulness:
        """The faithfulness card of the exact shares, and the stability of LIME."""
        return _card(self.key, self)

    def history_shares(self) -> list[HistoryShare]:
        """Share of each past product."""
        return _history(self.key, self)

    def facts(self) -> list[FactEffect]:
        """Effect of each fact by deletion."""
        return _facts(self.key, self)

    def counterfactuals(self, k: int) -> tuple[Counterfactual, Counterfactual]:
        """(fewest facts, fewest past products) without which the product leaves the first ``k``."""
        return _counterfactuals(self.key, k, self)

    def words(self, method: str) -> WordShares:
        """Shares of the words of the text, by ``shap`` or ``lime``."""
        return _words(self.key, self.text, method, self)


@st.cache_data(max_entries=256, show_spinner=False)
def _shares(key: Any, _question: Question) -> Attribution:
    return attribute(_question.model, _question.history, _question.product_id)


@st.cache_data(max_entries=512, show_spinner=False)
def _lime(key: Any, seed: int, _question: Question) -> Surrogate:
    return lime_groups(_question.model, _question.history, _question.product_id, seed=seed)


@st.cache_data(max_entries=256, show_spinner=False)
def _card(key: Any, _question: Question) -> Faithfulness:
    exact = _question.shares()
    first = _question.lime().values
    others = [_lime(_question.key, seed, _question).values for seed in CARD_SEEDS]
    stability = faithfulness(exact, first, others=others, orders=1).stability
    return replace(faithfulness(exact), stability=stability)


@st.cache_data(max_entries=256, show_spinner=False)
def _history(key: Any, _question: Question) -> list[HistoryShare]:
    return history_shares(_question.model, _question.history, _question.product_id)


@st.cache_data(max_entries=256, show_spinner=False)
def _facts(key: Any, _question: Question) -> list[FactEffect]:
    return fact_effects(_question.model, _question.history, _question.product_id)


@st.cache_data(max_entries=256, show_spinner=False)
def _counterfactuals(key: Any, k: int, _question: Question) -> tuple[Counterfactual, Counterfactual]:
    args = (_question.model, _question.history, _question.product_id, k)
    return without_facts(*args), without_history(*args)


@st.cache_data(max_entries=256, show_spinner=False)
def _words(key: Any, text: str, method: str, _question: Question) -> WordShares:
    def score(texts: Sequence[str]) -> Any:
        return _question.model.score_texts(_question.history, _question.product_id, texts)

    return shap_words(score, text) if method == "shap" else lime_words(score, text)
