"""The list of a shopper under a policy, and why each product stands where it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.recommend.serve.policy import Boost, Policy, Trait
from core.recommend.serve.rerank import (
    CANDIDATES,
    Candidates,
    best,
    discounted,
    similarity,
    varied,
    with_tail,
)
from core.recommend.serve.shelf import Shelf

if TYPE_CHECKING:
    from core.recommend.rank import Recommender

Rows = NDArray[np.int64]
STEPS = ("filter", "boost", "discount", "diversity", "long_tail")
"""What may move a product, in the order in which it is done."""


@dataclass(frozen=True, slots=True)
class Move:
    """Places that one step moved a product: above zero up, below zero down."""

    step: str
    places: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of a served list. ``score`` is the model's own, ``before`` the place the model itself gives; the moves
    add up to ``before`` − ``rank``. ``rules`` are the boosts that apply."""

    product_id: str
    score: float
    rank: int
    before: int
    moves: tuple[Move, ...]
    rules: tuple[Boost, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """A product of the model's own first k that is not shown: ``cause`` is that of ``Shelf.why_not``, or the step that
    moved it furthest down, to the place ``rank`` (None where a filter keeps it out)."""

    product_id: str
    before: int
    rank: int | None
    cause: str
    trait: Trait | None = None


@dataclass(frozen=True, eq=False)
class Ranked:
    """Served lists of several shoppers: int64[shoppers, k] places of products (−1 for none) and the place each product
    had before the first step and after each, int64[shoppers, k, 1 + steps] from 1."""

    rows: Rows
    places: Rows


def rank(
    scores: NDArray[np.floating],
    shelf: Shelf,
    policy: Policy,
    k: int,
    bought: Sequence[NDArray[np.integer]] = (),
    allowed: NDArray[np.bool_] | None = None,
    look: int = 0,
) -> Ranked:
    """Lists for scores [shoppers, n] (higher is better; −∞ never shows). ``bought`` are the places of what each
    shopper has, which the policy may exclude; ``allowed`` is ``shelf.allowed(policy)``, where it is known already;
    ``look`` is how far down the same list is told, ``k`` unless it is more."""
    free = np.array(scores, np.float64)
    free[:, shelf.withheld] = -np.inf
    if policy.exclude_bought:
        for own, rows in zip(free, bought, strict=False):
            own[rows] = -np.inf
    size = max(CANDIDATES, 2 * k)
    filtered = _filtered(free, shelf, policy, allowed)
    found = _candidates(filtered, shelf, policy, size)
    lower = discounted(found, shelf.popularity, policy.discount)
    depth = 2 * k
    alike = similarity(lower, shelf.vectors) if policy.diversity else np.empty((0, 0, 0), np.float32)
    spread = varied(lower, alike, policy.diversity, depth)
    each = np.arange(len(free))[:, None]
    tail = shelf.tail[lower.rows[each, spread]] & (lower.rows[each, spread] >= 0)
    final = with_tail(spread, tail, policy.long_tail, depth)[:, : max(k, look)]
    rows = lower.rows[each, final]
    places = np.zeros((*rows.shape, 1 + len(STEPS)), np.int64)
    places[..., 2] = _position(found.rows, rows)
    places[..., 3] = final
    places[..., 4] = _position(lower.rows[each, spread], rows)
    places[..., 5] = np.arange(rows.shape[1])
    places[..., 1] = _places(filtered, rows) if policy.boosts else places[..., 2]
    places[..., 0] = _places(free, rows) if policy.filters else places[..., 1]
    return Ranked(rows, places + 1)


def serve(
    model: Recommender, shelf: Shelf, history: Sequence[str], policy: Policy, k: int = 10
) -> tuple[list[Shown], list[Missed]]:
    """The k products for a history under a policy, and the model's own first k that are not among them."""
    return explained(model.score(history), shelf, policy, k, model.rows(history))


def explained(
    scores: NDArray[np.floating], shelf: Shelf, policy: Policy, k: int, bought: NDArray[np.integer]
) -> tuple[list[Shown], list[Missed]]:
    """As ``serve``, for scores float[n] from wherever they come."""
    ranked = rank(scores[None], shelf, policy, k, [bought])
    shown = lines(ranked, np.asarray(scores)[None], shelf, policy)[0]
    return shown, _missed(np.asarray(scores), shelf, policy, k, bought, shown)


def places_by(scores: NDArray[np.floating], bought: NDArray[np.integer], rows: Sequence[int]) -> list[int]:
    """The places (from 1) of products among all by scores float[n], those at ``bought`` left out."""
    free = np.array(scores, np.float64)
    free[bought] = -np.inf
    found: list[int] = (_places(free[None], np.array([rows], np.int64))[0] + 1).tolist()
    return found


def lines(ranked: Ranked, scores: NDArray[np.floating], shelf: Shelf, policy: Policy) -> list[list[Shown]]:
    """Lists with ids, scores, moves and rules; ``scores`` float[shoppers, n] are the model's own."""
    found = []
    for own, places, values in zip(ranked.rows, ranked.places, scores, strict=True):
        made = []
        for at, row in enumerate(own):
            if row < 0:
                break
            falls = places[at, :-1] - places[at, 1:]
            moves = tuple(Move(step, int(n)) for step, n in zip(STEPS, falls, strict=True) if n)
            rules = tuple(rule for rule in policy.boosts if row in shelf.with_trait(rule.trait))
            made.append(
                Shown(shelf.products[row], float(values[row]), at + 1, int(places[at, 0]), moves, rules)
            )
        found.append(made)
    return found


def _filtered(
    free: NDArray[np.float64], shelf: Shelf, policy: Policy, allowed: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    if not policy.filters:
        return free
    passes = shelf.allowed(policy) if allowed is None else allowed
    return np.where(passes, free, -np.inf)


def _candidates(filtered: NDArray[np.float64], shelf: Shelf, policy: Policy, size: int) -> Candidates:
    found = best(filtered, size)
    if not policy.boosts:
        return found
    return best(filtered + found.scale[:, None] * shelf.boost(policy), size)


def _missed(
    scores: NDArray[np.floating],
    shelf: Shelf,
    policy: Policy,
    k: int,
    bought: NDArray[np.integer],
    shown: Sequence[Shown],
) -> list[Missed]:
    before = rank(scores[None], shelf, policy.plain, k, [bought]).rows[0]
    kept = {line.product_id for line in shown}
    lost = [
        (at, int(row)) for at, row in enumerate(before, 1) if row >= 0 and shelf.products[row] not in kept
    ]
    if not lost:
        return []
    longer = rank(scores[None], shelf, policy, k, [bought], look=CANDIDATES)
    where = {int(row): at for at, row in enumerate(longer.rows[0]) if row >= 0}
    found = []
    for place, row in lost:
        cause, trait = shelf.why_not(policy, row)
        if cause or row not in where:
            found.append(Missed(shelf.products[row], place, None, cause or "boost", trait))
            continue
        places = longer.places[0, where[row]]
        falls = places[1:] - places[:-1]
        found.append(Missed(shelf.products[row], place, int(places[-1]), STEPS[int(falls.argmax())]))
    return found


def _position(order: Rows, rows: Rows) -> Rows:
    """int64: where each of ``rows`` [shoppers, k] stands in ``order`` [shoppers, size], from 0."""
    return np.asarray((order[:, None, :] == rows[:, :, None]).argmax(2), np.int64)


def _places(scores: NDArray[np.float64], rows: Rows) -> Rows:
    """int64[shoppers, k]: places among all products by score, from 0; of equal scores the first product is first."""
    found = np.zeros(rows.shape, np.int64)
    for at, (own, chosen) in enumerate(zip(scores, rows, strict=True)):
        for k, row in enumerate(chosen):
            if row >= 0:
                found[at, k] = (own > own[row]).sum() + (own[:row] == own[row]).sum()
    return found
