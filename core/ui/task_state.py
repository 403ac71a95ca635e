"""What the Predict page reads: the kept models, each loaded once, what shoppers took, and a question put to a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.domain import Product, content_hash
from core.recommend.tasks import kept
from core.recommend.tasks.config import CATEGORY, Kind, TaskConfig
from core.recommend.tasks.kept import Card
from core.recommend.tasks.source import read_steps
from core.storage.workspaces import Workspace
from core.ui.session import cached_catalogue, cached_graph, catalogue_stamp
from core.ui.text import distinct, relation_label, t

if TYPE_CHECKING:
    from core.recommend.tasks.predictor import Predictor

TYPED = "typed"


@dataclass(frozen=True)
class Opened:
    """A kept model with its figures and curves."""

    card: Card
    model: Predictor
    metrics: Mapping[str, Any]
    curves: Sequence[Mapping[str, Any]]
    version: str


def opened(workspace: Workspace, card: Card) -> Opened:
    """The model behind a card, loaded once; raises RunError where it is damaged."""
    stamp = (workspace.folder / kept.FOLDER / card.id / "data.safetensors").stat().st_mtime_ns
    return replace(_opened(str(workspace.folder), card.id, stamp, workspace, card), card=card)


def taken(workspace: Workspace) -> Mapping[str, Sequence[str]]:
    """What each shopper took, oldest first; those with most first."""
    return _taken(str(workspace.folder), catalogue_stamp(workspace), workspace)


def name_of(card: Card) -> str:
    """What a model is called on screen: as it was named, else by its task."""
    return task_label(card.config) if card.name in (card.config.target, card.kind.value) else card.name


def task_label(config: TaskConfig) -> str:
    """A task in words: "Class by material", "Rating", "Need"."""
    if config.kind is Kind.CLASS:
        return t("tasks.task_class", target=relation_label(config.target))
    return t(f"tasks.task_{config.kind.value}")


def output_labels(workspace: Workspace, opened: Opened) -> Mapping[str, str]:
    """The outputs of a model by their names, told apart."""
    if opened.card.kind is not Kind.CLASS or opened.card.config.target == CATEGORY:
        return {output: output for output in opened.model.outputs}
    graph = cached_graph(workspace)
    return distinct({output: graph.label(output) for output in opened.model.outputs})


def stated(workspace: Workspace, opened: Opened, product_id: str) -> list[str]:
    """The classes that catalogue or graph state for a product, which the model did not see."""
    config = opened.card.config
    if config.target == CATEGORY:
        product = cached_catalogue(workspace).products.get(product_id)
        return [product.category] if product and product.category else []
    graph = cached_graph(workspace)
    facts = graph.facts_at(graph.resolve(f"product:{product_id}"))
    return sorted({graph.label(fact.object) for fact in facts if fact.relation == config.target})


def typed_model(opened: Opened, text: str, price: float | None) -> tuple[Predictor, str]:
    """The model with a product that was typed in, and a mark that changes with it."""
    return _typed(opened.version, text, price, opened), content_hash(text, str(price))[:12]


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(folder: str, task_id: str, stamp: int, _workspace: Workspace, _card: Card) -> Opened:
    from core.recommend.encoder import sentence_encoder

    model = kept.load(_workspace, task_id, sentence_encoder())
    metrics, curves = kept.metrics_of(_workspace, task_id), kept.curves_of(_workspace, task_id)
    return Opened(_card, model, metrics, curves, f"{folder}:{task_id}@{stamp}")


@st.cache_resource(max_entries=16, show_spinner=False)
def _typed(version: str, text: str, price: float | None, _opened: Opened) -> Predictor:
    return _opened.model.with_product(Product(TYPED, text, price=price))


@st.cache_resource(max_entries=4, show_spinner=False)
def _taken(folder: str, stamp: tuple[object, ...], _workspace: Workspace) -> Mapping[str, Sequence[str]]:
    found: dict[str, dict[str, None]] = {}
    for step in sorted(read_steps(_workspace), key=lambda step: step.time):
        if step.taken:
            found.setdefault(step.shopper, {})[step.product] = None
    return {name: list(found[name]) for name in sorted(found, key=lambda name: (-len(found[name]), name))}
