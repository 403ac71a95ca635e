"""Fake shoppers, found by what sets them apart: how much and how popular, how coherent, and whom they resemble.

Features after Burke et al. (KDD 2006) and Williams et al. (2007), without ratings: deviation of the history's length,
mean and spread of popularity, co-visitation and likeness of text among the history's products, similarity to the
nearest shoppers, and the product that these nearest shoppers take much more often than all others do: the one a group
would push.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from core.recommend.data import Interactions
from core.robust.profiles import KINDS, FakeProfiles, injected, is_fake
from core.robust.spotting import Floats, Simulated, spotted

NEIGHBOURS = 10
BLOCK = 256
SIMULATED_SHARE = 0.03
ROUNDS = 2


def shopper_features(
    data: Interactions, likeness: Any
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """(shoppers with a history, float[shoppers, 10] features, the product each shares most with the nearest).

    ``likeness`` is a sparse float[products, products] of similar texts, which no profile can change; None for none.
    Cost: a product of sparse matrices and, in blocks, similarities of all pairs of shoppers.
    """
    rows = np.flatnonzero(np.diff(data.bounds))
    taken = data.matrix[rows].astype(np.float64)
    size = np.asarray(taken.sum(1)).ravel()
    counts = np.asarray(taken.sum(0)).ravel()
    logs = np.log1p(counts)
    mean = taken @ logs / size
    spread = np.sqrt(np.maximum(taken @ logs**2 / size - mean**2, 0.0))
    rare = np.asarray((taken @ (logs < np.median(logs)).astype(float)) / size)
    nearest, lift, product = _neighbours(taken, size, counts)
    features = np.column_stack(
        [
            np.log(size),
            mean,
            spread,
            rare,
            _coherence(taken, size, counts),
            nearest,
            nearest - _expected(nearest, size),
            lift,
            *_likeness(taken, size, likeness, product),
        ]
    )
    return rows, features, product


def spot_profiles(
    data: Interactions, targets: NDArray[np.int64], likeness: Any = None, seed: int = 0
) -> tuple[NDArray[np.int64], Floats, NDArray[np.int64]]:
    """(shoppers, scores in [0, 1], the product each seems to push), taught by attacks simulated on this very shop.

    ``targets`` are products that simulated attackers push. Who is fake already is not known to it.
    """
    random = np.random.default_rng((seed, 77))
    rows, features, product = shopper_features(data, likeness)
    simulated: list[Simulated] = []
    for kind in KINDS:
        for _ in range(ROUNDS):
            fake = FakeProfiles(kind, SIMULATED_SHARE)
            target = int(random.choice(targets))
            histories = fake.histories(data, target, random)
            mixed = injected(data, histories, random)
            found, told, _ = shopper_features(mixed, likeness)
            new = found >= len(data.shoppers)
            simulated.append((told[~new], told[new]))
    return rows, spotted(features, simulated, seed), product


def without(data: Interactions, shoppers: NDArray[np.int64]) -> Interactions:
    """The events of all others."""
    return data.where(~np.isin(data.shopper, shoppers))


def fakes_among(data: Interactions, shoppers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """bool[shoppers]: which of these an attack injected."""
    return is_fake(data)[shoppers]


def _coherence(taken: sp.csr_matrix, size: Floats, counts: Floats) -> Floats:
    """float[shoppers]: mean over pairs of a history of how often others took both, as a cosine."""
    together = (taken.T @ taken).tocoo()
    off = together.row != together.col
    row, col, both = together.row[off], together.col[off], together.data[off]
    cosines = sp.csr_matrix(((both - 1.0) / np.sqrt(counts[row] * counts[col]), (row, col)), together.shape)
    total = np.asarray((taken @ cosines).multiply(taken).sum(1)).ravel()
    return np.asarray(total / np.maximum(size * (size - 1), 1.0))


def _likeness(
    taken: sp.csr_matrix, size: Floats, likeness: Any, product: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Mean likeness of text over pairs of a history, and of the striking product to the rest of it."""
    if likeness is None:
        return np.zeros(len(size)), np.zeros(len(size))
    near = (taken @ likeness).tocsr()
    whole = np.asarray(near.multiply(taken).sum(1)).ravel() / np.maximum(size * (size - 1), 1.0)
    own = np.asarray(near[np.arange(len(size)), product]).ravel() / np.maximum(size - 1, 1.0)
    return whole, own


def _neighbours(
    taken: sp.csr_matrix, size: Floats, counts: Floats
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Mean cosine of the nearest shoppers; the largest excess of their share over everybody's among the history's
    products; and that product."""
    length = sp.diags(1.0 / np.sqrt(np.maximum(size, 1.0)))
    unit = (length @ taken).tocsr()
    base = counts / len(size)
    mean, lift, product = np.zeros(len(size)), np.zeros(len(size)), np.zeros(len(size), np.int64)
    near = min(NEIGHBOURS, len(size) - 1)
    if near < 1:
        return mean, lift, product
    for start in range(0, len(size), BLOCK):
        stop = min(start + BLOCK, len(size))
        cosines = (unit[start:stop] @ unit.T).toarray()
        cosines[np.arange(stop - start), np.arange(start, stop)] = -1.0
        best = np.argpartition(-cosines, near - 1, axis=1)[:, :near]
        mean[start:stop] = np.take_along_axis(cosines, best, 1).mean(1)
        places = (np.full(best.size, 1.0 / near), (np.repeat(np.arange(stop - start), near), best.ravel()))
        share = (sp.csr_matrix(places, (stop - start, len(size))) @ taken).toarray()
        excess = np.where(taken[start:stop].toarray() > 0, (share - base) / np.sqrt(base + 0.01), -np.inf)
        product[start:stop] = excess.argmax(1)
        lift[start:stop] = excess.max(1)
    return mean, lift, product


def _expected(nearest: Floats, size: Floats) -> Floats:
    """What the similarity to the nearest usually is for histories of that length: a line in its logarithm."""
    if len(size) < 3 or np.ptp(size) == 0:
        return np.full(len(size), nearest.mean())
    slope, level = np.polyfit(np.log(size), nearest, 1)
    return np.asarray(level + slope * np.log(size))
