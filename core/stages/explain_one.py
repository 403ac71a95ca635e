"""One recommendation of a workspace, taken apart with all that is known there: titles, labels, the sample's truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.catalogue.sample_truth import Spoken, sample_titles, sample_truth
from core.catalogue.store import Catalogue
from core.domain import Product
from core.explain.reference import AVERAGE, Reference, some_shoppers
from core.explain.report import explanation
from core.graph.store import GraphStore
from core.recommend.artefact import load
from core.recommend.source import read_histories
from core.recommend.text import product_text
from core.storage.workspaces import Workspace


def explain(
    workspace: Workspace,
    history: Sequence[str],
    product_id: str,
    shopper: str = "",
    against: str = "",
    product: str = AVERAGE,
    run_id: str | None = None,
) -> dict[str, Any]:
    """The report on one product for a history; ``product`` is what stands in for its groups (see ``Reference``).

    Raises RunError where no run serves, DataError for products that are not known.
    """
    model = load(workspace, run_id)
    catalogue = Catalogue(workspace)
    asked = catalogue.product(product_id)
    titles = {one.id: one.title for one in catalogue.products()}
    graph = GraphStore(workspace).graph()
    found = explanation(
        model,
        history,
        product_id,
        {p: model.facts_of(p) for p in {*history, product_id}},
        text=product_text(asked),
        against=against,
        reference=Reference(product, some_shoppers(read_histories(workspace))),
        title=lambda one: titles.get(one, one),
        label=graph.label,
        spoken=true_tastes(shopper, asked),
    )
    return {"run": model.run_id, "user": shopper, "title": asked.title, **found}


def true_tastes(shopper: str, product: Product) -> list[Spoken]:
    """What the sample's simulator knows to speak for the product; nothing for other shops, told by the title."""
    if sample_titles().get(product.id) != product.title or shopper not in sample_truth().shoppers:
        return []
    return sample_truth().spoken(shopper, product.id)
