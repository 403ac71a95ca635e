"""How faithful the explanations of a workspace's recommender are, over many recommendations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.catalogue.store import Catalogue
from core.errors import ConfigError
from core.explain.card import SEEDS, card
from core.explain.model import Explainable
from core.explain.reference import AVERAGE, Reference, some_shoppers
from core.explain.shapley import attribute
from core.explain.truth import FIRST, beside_truth
from core.recommend.artefact import load
from core.recommend.source import read_histories
from core.stages.explain_one import true_tastes
from core.storage.workspaces import Workspace


def score(
    workspace: Workspace, n: int = 200, run_id: str | None = None, seed: int = 0, product: str = AVERAGE
) -> dict[str, Any]:
    """The card of the first recommendation of ``n`` shoppers, drawn by ``seed``; see ``core.explain.card``.

    ``truth`` is there for the sample only: the share of recommendations with the group the simulator really went by
    most among the first two of the product's groups, and the mean rank correlation with what it went by.
    Raises ConfigError for less than one shopper and DataError where no run serves.
    """
    if n < 1:
        raise ConfigError("There has to be a shopper at least.", where=str(n), remedy="Give 1 or more.")
    model = load(workspace, run_id)
    histories = read_histories(workspace)
    names = sorted(histories)
    chosen = [names[at] for at in sorted(np.random.default_rng(seed).permutation(len(names))[:n])]
    shown = [
        (name, histories[name], best[0].product_id)
        for name in chosen
        if (best := model.recommend(histories[name], 1))
    ]
    references = [Reference(product, some_shoppers(histories, draw)) for draw in range(SEEDS)]
    pairs = [(history, item) for _name, history, item in shown]
    told = {"run": model.run_id, **card(model, pairs, references=references, seed=seed)}
    truth = _truth(workspace, model, shown, references[0])
    return told | ({"truth": truth} if truth else {})


def _truth(
    workspace: Workspace,
    model: Explainable,
    shown: Sequence[tuple[str, Sequence[str], str]],
    reference: Reference,
) -> dict[str, Any] | None:
    products = {product.id: product for product in Catalogue(workspace).products()}
    cards = []
    for shopper, history, product in shown:
        spoken = true_tastes(shopper, products[product]) if product in products else ()
        if not spoken:
            continue
        found = attribute(model, history, product, reference)
        beside = beside_truth(found.names, found.values, spoken)
        if beside:
            cards.append(beside)
    if not cards:
        return None
    really = Counter(one.group for one in cards)
    return {
        "n": len(cards),
        "groups": cards[0].of,
        "among_first_two": float(np.mean([one.found for one in cards])),
        "by_chance": FIRST / cards[0].of,
        "rank_correlation": float(np.mean([one.correlation for one in cards])),
        "by_group": {
            group: {"n": count, "found": float(np.mean([c.found for c in cards if c.group == group]))}
            for group, count in really.most_common()
        },
    }
