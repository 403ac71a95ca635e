"""Matrix factorisation with the BPR loss (Rendle et al., UAI 2009), by minibatches with AdaGrad, in numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.recommend.data import Interactions

SIZE = 64
EPOCHS = 20
BATCH = 2_048
RATE = 0.05
START = 0.1
SEED = 0


@dataclass(frozen=True, eq=False)
class Factors:
    """``shoppers`` float32[shoppers, SIZE] and ``products`` float32[products, SIZE]: a score is their dot product."""

    shoppers: NDArray[np.float32]
    products: NDArray[np.float32]


def factorise(data: Interactions, penalty: float, check: Callable[[], None] = lambda: None) -> Factors:
    """Factors that maximise Σ log σ(p_u · (q_i − q_j)) − penalty · |θ|² over taken i and drawn j.

    The penalty falls on the factors of each draw. There are no product biases, so that what is popular is in the
    vectors too, and a folded-in shopper inherits it. The j are drawn evenly; one the shopper has taken is not
    counted. Same data, same factors.
    """
    random = np.random.default_rng(SEED)
    shoppers = random.normal(0, START, (len(data.shoppers), SIZE)).astype(np.float32)
    products = random.normal(0, START, (len(data.products), SIZE)).astype(np.float32)
    paces = np.full_like(shoppers, 1e-6), np.full_like(products, 1e-6)
    taken = np.sort(_pair(data, data.shopper, data.product))
    for _ in range(EPOCHS):
        order = random.permutation(len(data))
        for start in range(0, len(order), BATCH):
            check()
            rows = order[start : start + BATCH]
            who, liked = data.shopper[rows], data.product[rows]
            other = random.integers(0, len(data.products), len(rows)).astype(np.int32)
            drawn = _pair(data, who, other)
            free = taken[np.minimum(np.searchsorted(taken, drawn), len(taken) - 1)] != drawn
            own, apart = shoppers[who], products[liked] - products[other]
            slope = (free / (1.0 + np.exp((own * apart).sum(1)))).astype(np.float32)[:, None]
            both, push = np.concatenate([liked, other]), np.concatenate([slope * own, -slope * own])
            toward = slope * apart - penalty * own
            _climb(shoppers, paces[0], who, toward)
            _climb(products, paces[1], both, push - penalty * products[both])
    return Factors(shoppers, products)


def _pair(data: Interactions, shopper: NDArray[np.int32], product: NDArray[np.int32]) -> NDArray[np.int64]:
    return shopper.astype(np.int64) * len(data.products) + product


def _climb(
    weights: NDArray[np.float32],
    pace: NDArray[np.float32],
    rows: NDArray[np.int32],
    slopes: NDArray[np.float32],
) -> None:
    """One AdaGrad step uphill; slopes float32[rows, SIZE] of one row are added. Costs nothing for the other rows."""
    touched, place = np.unique(rows, return_inverse=True)
    ones = np.ones(len(rows), np.float32)
    collect = sp.csr_matrix((ones, (place, np.arange(len(rows)))), shape=(len(touched), len(rows)))
    slope = collect @ slopes
    pace[touched] += slope**2
    weights[touched] += RATE * slope / np.sqrt(pace[touched])
