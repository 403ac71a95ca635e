"""How faithful the explanations of a workspace's recommender are, over many recommendations."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import ConfigError
from core.explain.card import card
from core.recommend.artefact import load
from core.recommend.source import read_events
from core.storage.workspaces import Workspace


def score(workspace: Workspace, n: int = 200, run_id: str | None = None, seed: int = 0) -> dict[str, Any]:
    """The card of the first recommendation of ``n`` shoppers, drawn by ``seed``; see ``core.explain.card``.

    Raises ConfigError for less than one shopper and DataError where no run serves.
    """
    if n < 1:
        raise ConfigError("There has to be a shopper at least.", where=str(n), remedy="Give 1 or more.")
    model = load(workspace, run_id)
    histories: dict[str, dict[str, None]] = {}
    for shopper, product, _time in sorted(read_events(workspace), key=lambda row: row[2]):
        histories.setdefault(shopper, {})[product] = None
    names = sorted(histories)
    chosen = np.random.default_rng(seed).permutation(len(names))[:n]
    pairs = []
    for at in sorted(chosen):
        history = list(histories[names[at]])
        best = model.recommend(history, 1)
        if best:
            pairs.append((history, best[0].product_id))
    return {"run": model.run_id, **card(model, pairs, seed=seed)}
