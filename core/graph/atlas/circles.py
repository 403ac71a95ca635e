"""Circles that lie close together and do not overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating[Any]]
"""(K, 2) centres."""
Floats = NDArray[np.floating[Any]]

GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def packed(radii: Floats, ties: Floats, gap: float, width: float = 1.0) -> Points:
    """(K, 2) centres of circles of these radii, ``gap`` apart, in an outline about ``width`` times as wide as high.

    The largest comes first; each further one touches two that lie already, where it is nearest both to the middle and,
    by the weights of its ``ties`` (K, K, symmetric), to those it is tied to.
    """
    centres = np.zeros((len(radii), 2))
    order = np.lexsort((np.arange(len(radii)), -radii))
    for position, k in enumerate(order[1:], 1):
        placed = order[:position]
        choice = _touching(centres[placed], radii[placed] + radii[k] + gap)
        pull = ties[k, placed] / ties[k, placed].sum() if ties[k, placed].any() else np.zeros(position)
        far = np.hypot(choice[:, 0] / width, choice[:, 1])
        away = np.hypot(*(choice[:, None, :] - centres[placed][None, :, :]).transpose(2, 0, 1)) @ pull
        centres[k] = choice[np.argmin(np.round(far + away, 6))]
    return centres - _middle(centres, radii)


def apart(centres: Points, radii: Floats, gap: float, rounds: int = 2_000) -> Points:
    """The centres moved no more than it takes for no two circles to be nearer than ``gap``."""
    for _round in range(rounds):
        moved = _pushed(centres, radii, gap)
        if float(np.abs(moved - centres).max(initial=0.0)) < 1e-6 * max(float(radii.max(initial=1.0)), 1.0):
            break
        centres = moved
    return centres


def sunflower(slots: NDArray[np.integer[Any]]) -> Points:
    """(n, 2) places of numbered seeds around the origin (Vogel 1979): seed k lies at √(k + ½), so that the area is
    filled evenly and no place depends on how many there are."""
    radius = np.sqrt(slots + 0.5)
    angle = slots * GOLDEN_ANGLE
    return np.column_stack((radius * np.cos(angle), radius * np.sin(angle)))


def aligned(points: Points, to: Points, weights: Floats) -> tuple[Points, Points, Points]:
    """The rotation or reflection (2, 2), and the two middles (2,), that lay ``points`` nearest to ``to`` by
    weighted least squares (orthogonal Procrustes: Schönemann 1966): ``(points - middle) @ rotation + middle_to``."""
    share = (weights / weights.sum())[:, None]
    middle, middle_to = (points * share).sum(axis=0), (to * share).sum(axis=0)
    left, _scale, right = np.linalg.svd(((points - middle) * share).T @ (to - middle_to))
    return left @ right, middle, middle_to


def _touching(centres: Points, reach: Floats) -> Points:
    """(n, 2) the points at distance ``reach`` (K,) from two centres and no nearer than that to any other."""
    if len(centres) == 1:
        return np.asarray(centres + np.array([[reach[0], 0.0]]))
    first, second = np.triu_indices(len(centres), 1)
    delta = centres[second] - centres[first]
    distance = np.hypot(delta[:, 0], delta[:, 1])
    near = (distance > 1e-9) & (distance <= reach[first] + reach[second])
    first, second, delta, distance = first[near], second[near], delta[near], distance[near]
    along = (reach[first] ** 2 - reach[second] ** 2 + distance**2) / (2 * distance)
    across = np.sqrt(np.maximum(reach[first] ** 2 - along**2, 0.0))
    unit = delta / distance[:, None]
    foot = centres[first] + along[:, None] * unit
    side = across[:, None] * np.column_stack((-unit[:, 1], unit[:, 0]))
    found = np.concatenate((foot + side, foot - side))
    clear = np.hypot(*(found[:, None, :] - centres[None, :, :]).transpose(2, 0, 1)) >= reach - 1e-6
    return np.asarray(found[clear.all(axis=1)])


def _pushed(centres: Points, radii: Floats, gap: float) -> Points:
    """One step of pushing apart what overlaps; a large circle moves less than a small one."""
    delta = centres[:, None, :] - centres[None, :, :]
    distance = np.hypot(delta[..., 0], delta[..., 1])
    over = radii[:, None] + radii[None, :] + gap - distance
    np.fill_diagonal(over, 0.0)
    over = np.maximum(over, 0.0)
    if not over.any():
        return centres
    weight = radii**2
    share = weight[None, :] / (weight[:, None] + weight[None, :])
    k = np.arange(len(radii))
    turn = (k[:, None] - k[None, :]) * GOLDEN_ANGLE
    flat = distance < 1e-9
    unit = np.where(
        flat[..., None],
        np.stack((np.cos(turn), np.sin(turn)), axis=-1) * np.sign(k[:, None] - k[None, :])[..., None],
        delta / np.maximum(distance, 1e-9)[..., None],
    )
    return np.asarray(centres + ((over * share)[..., None] * unit).sum(axis=1) * 0.7)


def _middle(centres: Points, radii: Floats) -> Points:
    """The centre of about the smallest circle around all (Bădoiu and Clarkson 2003)."""
    middle = (centres * radii[:, None]).sum(axis=0) / radii.sum() if len(radii) else np.zeros(2)
    for step in range(1, 200):
        away = centres - middle
        distance = np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-9)
        k = int(np.argmax(distance + radii))
        middle = middle + away[k] * (1 + radii[k] / distance[k]) / (step + 1)
    return np.asarray(middle)
