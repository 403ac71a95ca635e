"""The served model of a workspace with what the pages show beside it: titles, shoppers, histories, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import streamlit as st

from core.recommend.runs import Run, finished_run
from core.recommend.serve.policy import Policy
from core.recommend.source import read_histories
from core.recommend.withheld import stamp as withheld_stamp
from core.storage.workspaces import Workspace
from core.ui.session import cached_catalogue, cached_graph, catalogue_stamp, log_head
from core.ui.text import distinct, number, t

if TYPE_CHECKING:
    from core.domain import Product
    from core.recommend.rank import Recommender, Scored
    from core.recommend.serve.examples import Example
    from core.recommend.serve.need import Reader
    from core.recommend.serve.shelf import Shelf
    from core.recommend.serve.trial import Effect, Trial
    from core.recommend.serve.unseen import Audience

USUAL_HISTORY = 8
"""The length of history, in products, of the shopper that is shown first: enough to go by, and seen at a glance."""


@dataclass(frozen=True)
class Serving:
    """One finished run, ready to answer for any shopper of this workspace."""

    run: Run
    version: str
    """Changes with the run, the graph and the catalogue: with whatever may change an answer."""
    recommender: Recommender
    products: Mapping[str, Product]
    histories: Mapping[str, Sequence[str]]
    workspace: Workspace

    @property
    def shelf(self) -> Shelf:
        """What policies look at."""
        return _shelf(str(self.workspace.folder), self.version, self)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def run_name(self) -> str:
        """The run's name."""
        return self.run.name

    @cached_property
    def known(self) -> frozenset[str]:
        """Products that can be ranked."""
        return frozenset(self.recommender.product_ids)

    def title(self, product_id: str) -> str:
        """The title of a product; its id where it has left the catalogue."""
        product = self.products.get(product_id)
        return product.title if product else product_id

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return distinct({product: self.title(product) for product in self.recommender.product_ids})

    def product_label(self, product_id: str) -> str:
        """The title, told apart from others of the same name: for choosers."""
        return self._labels.get(product_id) or self.title(product_id)

    def text(self, product_id: str) -> str:
        """Title and description, as the encoders of the model read them."""
        from core.recommend.text import product_text

        product = self.products.get(product_id)
        return product_text(product) if product else ""

    def shoppers(self) -> list[str]:
        """Shoppers with a history, the longest first."""
        return sorted(self.histories, key=lambda s: (-len(self.histories[s]), s))

    def usual_shopper(self, length: int = USUAL_HISTORY) -> str:
        """The shopper whose history is nearest to ``length`` products; "" where there are none."""
        return min(self.histories, key=lambda s: (abs(len(self.histories[s]) - length), s), default="")

    def shopper_label(self, shopper: str) -> str:
        """The shopper's id and how much is known of them."""
        return t("recommend.shopper_n", shopper=shopper, n=number(len(self.histories.get(shopper, ()))))

    def history(self, shopper: str) -> list[str]:
        """Products of a shopper, oldest first."""
        return list(self.histories.get(shopper, ()))

    def top(self, history: Sequence[str], k: int) -> list[str]:
        """The first k products for a history."""
        return [line.product_id for line in self.recommender.recommend(history, k)]

    def places(self, history: Sequence[str]) -> dict[str, Scored]:
        """The place and score of every product that is not in the history."""
        found = self.recommender.recommend(history, len(self.recommender.product_ids))
        return {line.product_id: line for line in found}


def serving(workspace: Workspace, run_id: str | None = None) -> Serving:
    """The run asked for, or the one that serves, loaded once; raises RunError where there is none."""
    run = finished_run(workspace, run_id)
    head, stamp = log_head(workspace), (*catalogue_stamp(workspace), *withheld_stamp(workspace))
    recommender = _recommender(str(workspace.folder), run.id, head, stamp, workspace)
    histories = _histories(str(workspace.folder), stamp, workspace)
    version = f"{run.id}@{head}@{stamp}"
    products = cached_catalogue(workspace).products
    return Serving(run, version, recommender, products, histories, workspace)


def trial_of(workspace: Workspace, served: Serving) -> Trial:
    """The run's validation cases; raises RunError where the events have changed since."""
    return _trial(str(workspace.folder), served.version, workspace, served)


def effect_of(workspace: Workspace, served: Serving, policy: Policy) -> Effect:
    """A policy's figures on the validation cases, measured once."""
    return _effect(str(workspace.folder), served.version, policy.hash, workspace, served, policy)


def curve_of(workspace: Workspace, served: Serving, policy: Policy, slider: str) -> list[Effect]:
    """The figures along a slider, everything else as it is; measured once, wherever that slider stands."""
    still = policy.with_(**{slider: 0.0})
    return _curve(str(workspace.folder), served.version, still.hash, slider, workspace, served, still)


def reader_of(workspace: Workspace, served: Serving) -> Reader:
    """What understands needs in the words of this catalogue."""
    return _reader(str(workspace.folder), served.version, served)


def examples_of(workspace: Workspace, served: Serving) -> tuple[Example, ...]:
    """Needs to try, in the words of this catalogue."""
    return _examples(str(workspace.folder), served.version, served)[0]


def sketch_of(workspace: Workspace, served: Serving) -> str:
    """A product that this catalogue might get."""
    return _examples(str(workspace.folder), served.version, served)[1]


def audience_of(workspace: Workspace, served: Serving) -> Audience:
    """The shoppers that a new product is held against."""
    return _audience(str(workspace.folder), served.version, served)


@st.cache_resource(max_entries=4, show_spinner=False)
def _examples(folder: str, version: str, _served: Serving) -> tuple[tuple[Example, ...], str]:
    from core.recommend.serve.examples import needs, sketch

    return needs(_served.shelf), sketch(_served.shelf)


@st.cache_resource(max_entries=4, show_spinner=False)
def _reader(folder: str, version: str, _served: Serving) -> Reader:
    from core.recommend.serve.need import Reader

    return Reader(_served.shelf)


@st.cache_resource(max_entries=4, show_spinner=False)
def _audience(folder: str, version: str, _served: Serving) -> Audience:
    from core.recommend.serve.unseen import audience

    return audience(_served.recommender, _served.histories)


@st.cache_resource(max_entries=4, show_spinner=False)
def _recommender(
    folder: str, run_id: str, head: int, stamp: tuple[object, ...], _workspace: Workspace
) -> Recommender:
    from core.recommend.artefact import load

    return load(_workspace, run_id)


@st.cache_resource(max_entries=4, show_spinner=False)
def _shelf(folder: str, version: str, _served: Serving) -> Shelf:
    from core.recommend.serve.shelf import Shelf

    graph, model = cached_graph(_served.workspace), _served.recommender
    counts, vectors = model.artefact.features.counts, model.model.vectors
    facts = graph.facts.values()
    return Shelf.of(model.product_ids, _served.products, facts, graph.nodes, counts, vectors, model.withheld)


@st.cache_resource(max_entries=2, show_spinner=False)
def _trial(folder: str, version: str, _workspace: Workspace, _served: Serving) -> Trial:
    from core.recommend.artefact import read
    from core.recommend.serve.trial import trial

    artefact = read(_workspace.sub("runs") / _served.run_id)
    return trial(_workspace, _served.run, artefact, len(_served.shelf))


@st.cache_resource(max_entries=256, show_spinner=False)
def _effect(
    folder: str, version: str, policy: str, _workspace: Workspace, _served: Serving, _policy: Policy
) -> Effect:
    from core.recommend.serve.trial import effect

    return effect(trial_of(_workspace, _served), _served.shelf, _policy)


@st.cache_resource(max_entries=64, show_spinner=False)
def _curve(
    folder: str,
    version: str,
    policy: str,
    slider: str,
    _workspace: Workspace,
    _served: Serving,
    _policy: Policy,
) -> list[Effect]:
    from core.recommend.serve.trial import curve

    return curve(trial_of(_workspace, _served), _served.shelf, _policy, slider)


@st.cache_resource(max_entries=4, show_spinner=False)
def _histories(folder: str, stamp: tuple[object, ...], _workspace: Workspace) -> Mapping[str, Sequence[str]]:
    return read_histories(_workspace)
