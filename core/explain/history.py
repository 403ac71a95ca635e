"""Which past products carry a score: Shapley values over the products of the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.explain.model import Answering, Masks, Scores
from core.explain.shapley import shapley_of

MAX_PLAYERS = 10


@dataclass(frozen=True, slots=True)
class HistoryShare:
    """The share of one past product, or of all ``older`` ones together (``product_id`` is then empty)."""

    product_id: str
    share: float
    older: tuple[str, ...] = ()


def history_shares(model: Answering, history: Sequence[str], product_id: str) -> list[HistoryShare]:
    """Exact shares of the latest distinct products, newest first; what is older counts as one player.

    Shares sum to ``score(history) - score(nothing)``, where nothing is not the average shopper: a first product would
    else have to make up for everything that shopper has. Empty for an empty history.
    """
    latest = list(dict.fromkeys(reversed(history)))
    players: list[tuple[str, ...]] = [(product,) for product in latest[:MAX_PLAYERS]]
    if len(latest) > MAX_PLAYERS:
        players[-1] = tuple(latest[MAX_PLAYERS - 1 :])
    if not players:
        return []

    def value(masks: Masks) -> Scores:
        kept = [{p for player, on in zip(players, row, strict=True) if on for p in player} for row in masks]
        histories = [[p for p in history if p in keep] for keep in kept]
        return model.score_histories(histories, product_id, stranger=False)

    shares, _table = shapley_of(value, len(players))
    return [
        HistoryShare("" if len(player) > 1 else player[0], float(share), player if len(player) > 1 else ())
        for player, share in zip(players, np.asarray(shares), strict=True)
    ]
