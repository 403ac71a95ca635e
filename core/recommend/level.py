"""Where training starts from: how much each part of the score counts, by maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.recommend.batches import Batch
from core.recommend.objective import Objective

NUMBERS = 40_000_000
"""How many numbers the parts of all choices are together at most."""
ALTERNATIVES = 512
LEAST = 0.02
"""What a block and the baseline count at least, in standard deviations: at nothing its vectors would never learn."""
ROUNDS = 25

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Choices:
    """``parts`` float32[k, n, alternatives] of the scores of n choices, the one taken last; ``closed`` bool[n,
    alternatives] are not to be had."""

    parts: Array
    closed: NDArray[np.bool_]


@torch.no_grad()
def level(objective: Objective, batches: Iterable[Batch], seed: int = 0) -> None:
    """Set the sizes of baseline, blocks, popularity and dearness in the sum to those under which the training's first
    examples are likeliest: a dozen weights of a conditional logit, which gradient steps would take long to find."""
    random = np.random.default_rng((seed, 2))
    found: list[Choices] = []
    left = NUMBERS
    for batch in batches:
        if len(batch.target):
            found.append(_choices(objective, batch, random, left))
            left -= found[-1].parts.size
        if left < NUMBERS // 10:
            break
    if not found:
        return
    network = objective.network
    blocks = len(network.strength)
    lower = np.full(len(found[0].parts), -np.inf)
    lower[: blocks + 1] = LEAST
    sizes = fitted(found, lower)
    network.strength.copy_(torch.as_tensor(sizes[:blocks]))
    network.residual.fill_(math.log(sizes[blocks]))
    network.popularity.fill_(float(sizes[blocks + 1]))
    if network.dearness is not None:
        network.dearness.fill_(float(sizes[blocks + 2]))


def fitted(choices: list[Choices], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[k] ≥ ``lower`` · their standard deviation: the weights of the parts in a conditional logit (McFadden
    1974) under a standard normal prior, found by Newton's method on those that are free to move."""
    total = sum(len(one.closed) for one in choices)
    spread = np.sqrt(np.mean([one.parts.astype(np.float64).var((1, 2)) for one in choices], 0))
    scale = np.where(spread > 1e-9, 1.0 / np.maximum(spread, 1e-9), 1.0)
    weights = np.maximum(np.zeros(len(scale)), lower)
    for _ in range(ROUNDS):
        slope, bend = -weights / total, np.eye(len(scale)) / total
        for one in choices:
            gain, spreads = _moments(one, weights * scale)
            slope += scale * gain / total
            bend += np.outer(scale, scale) * spreads / total
        free = (weights > lower) | (slope > 0)
        if not free.any():
            break
        step = np.zeros(len(scale))
        step[free] = np.linalg.solve(bend[np.ix_(free, free)], slope[free])
        moved = np.maximum(weights + np.clip(step, -1.0, 1.0), lower)
        still, weights = float(np.abs(moved - weights).max()), moved
        if still < 1e-3:
            break
    found: NDArray[np.float64] = weights * scale
    return found


def _moments(one: Choices, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(gradient float64[k], negative Hessian float64[k, k]) of the log-likelihood."""
    scores = np.tensordot(weights.astype(np.float32), one.parts, 1)
    scores[one.closed] = -np.inf
    chance = np.exp(scores - scores.max(1, keepdims=True))
    chance /= chance.sum(1, keepdims=True)
    apart = one.parts - (one.parts * chance).sum(2, keepdims=True)
    flat = (apart * chance).reshape(len(apart), -1) @ apart.reshape(len(apart), -1).T
    return apart[:, :, -1].sum(1, dtype=np.float64), flat.astype(np.float64)


def _choices(objective: Objective, batch: Batch, random: np.random.Generator, most: int) -> Choices:
    network, device = objective.network.eval(), objective.device
    where, inputs = objective.dealt_with(batch)
    vectors, sales = network.products(inputs), network.sales(inputs)
    ranked = np.arange(len(vectors)) if batch.sample is None else batch.sample.places
    offered = _offered(batch, len(ranked), random)
    rows = np.arange(len(batch.target))
    fit = max(1, most // ((len(offered) + 1) * (len(network.strength) + 3)))
    if len(rows) > fit:
        rows = np.sort(random.choice(rows, fit, replace=False))
    states = network.shoppers(vectors[torch.as_tensor(batch.history, device=device)])
    shoppers = states[torch.as_tensor(batch.row[rows]), torch.as_tensor(batch.step[rows])]
    target = batch.target[rows]
    others, taken = vectors[torch.as_tensor(ranked[offered])], vectors[torch.as_tensor(target)]

    def beside(table: Array, own: Array) -> Array:
        return np.concatenate([np.broadcast_to(table, (len(rows), len(offered))), own[:, None]], 1)

    slices = network.shape.slices()
    parts = [
        beside(
            (shoppers[:, at] @ others[:, at].T).cpu().numpy(),
            (shoppers[:, at] * taken[:, at]).sum(1).cpu().numpy(),
        )
        for at in slices.values()
    ]
    own = batch.baseline[rows, target] if batch.sample is None else batch.sample.own[rows]
    parts.append(beside(batch.baseline[np.ix_(rows, offered)], own))
    steady = [sales]
    if network.dearness is not None:
        steady.append(vectors[:, slices["dearness"]].ravel())
    parts.extend(beside(one.cpu().numpy()[ranked[offered]], one.cpu().numpy()[target]) for one in steady)
    seen = np.zeros((len(batch.target), len(ranked)), bool)
    seen[batch.seen] = True
    closed = seen[np.ix_(rows, offered)] | objective.unseen[where].cpu().numpy()[ranked[offered]]
    closed |= ranked[offered] == target[:, None]
    return Choices(np.stack(parts).astype(np.float32), np.pad(closed, ((0, 0), (0, 1))))


def _offered(batch: Batch, products: int, random: np.random.Generator) -> NDArray[np.int64]:
    # A uniform sample of the alternatives leaves the weights what they are (McFadden 1978). Where the batch itself is
    # a sample, what is likelier to be in it is drawn less often.
    if batch.sample is not None:
        chance = np.exp(-batch.sample.log_expected.astype(np.float64))
        return random.choice(products, ALTERNATIVES, p=chance / chance.sum())
    if products <= ALTERNATIVES:
        return np.arange(products)
    return np.sort(random.choice(products, ALTERNATIVES, replace=False))
