"""What an explainer asks of a model: to be scored again under changed inputs. Nothing is read out of its inside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.domain import Fact
from core.ontology import Family

Scores = NDArray[np.float64]
Masks = NDArray[np.bool_]


class Group(Protocol):
    """A named group of inputs that is switched on and off as one."""

    @property
    def name(self) -> str:
        """``history.recent``, ``text``, ``use`` …"""

    @property
    def family(self) -> Family | None:
        """The relation family, for a group of graph facts."""


class ScoredProduct(Protocol):
    """One line of a ranking."""

    @property
    def product_id(self) -> str:
        """The product."""

    @property
    def score(self) -> float:
        """Its score."""


class Answering(Protocol):
    """A model that scores one product for one shopper: a recommender, or the model of a task."""

    @property
    def groups(self) -> Sequence[Group]:
        """The feature groups, at most 12."""

    def score_coalitions(
        self,
        history: Sequence[str],
        product_id: str,
        masks: Masks,
        background: str = "average",
        shoppers: Sequence[Sequence[str]] = (),
    ) -> Scores:
        """Scores of one product with only the groups of each row of ``masks`` (n, groups) on; shape (n,).

        What is off is that of the ``background`` (see ``core.explain.reference``) and of the other ``shoppers``.
        """

    def score_texts(self, history: Sequence[str], product_id: str, texts: Sequence[str]) -> Scores:
        """Scores of one product had its text been each of ``texts``; shape (len(texts),)."""

    def score_fact_sets(
        self, history: Sequence[str], product_id: str, kept: Sequence[Collection[str]]
    ) -> Scores:
        """Scores of one product had it only the facts of each set; shape (len(kept),)."""

    def score_histories(
        self, histories: Sequence[Sequence[str]], product_id: str, *, stranger: bool = True
    ) -> Scores:
        """Scores of one product for each of the histories; shape (len(histories),). An empty history is that of the
        average shopper or, without ``stranger``, nothing."""

    def facts_of(self, product_id: str) -> Sequence[Fact]:
        """The facts of one product that the model uses."""


class Explainable(Answering, Protocol):
    """A recommender that can be asked what it would have said."""

    @property
    def product_ids(self) -> Sequence[str]:
        """All products that can be ranked, in the order of ``score``."""

    def score(self, history: Sequence[str]) -> Scores:
        """Scores of all products, shape (products,)."""

    def score_versions(
        self,
        history: Sequence[str],
        product_id: str,
        facts: Sequence[Collection[Fact]],
        text: str | None = None,
    ) -> Scores:
        """Scores of one product had it each of these sets of facts, its own or new ones, and this text (None: its
        own); shape (len(facts),)."""

    def score_past_fact_sets(
        self, history: Sequence[str], past: str, product_id: str, kept: Sequence[Collection[str]]
    ) -> Scores:
        """Scores of one product had a product of the history only the facts of each set; shape (len(kept),)."""

    def uses(self, fact: Fact) -> bool:
        """Whether a fact like this one is among those the model has learned of."""

    def score_lists(self, histories: Sequence[Sequence[str]]) -> Scores:
        """Scores of all products for each of the histories, shape (len(histories), products)."""
