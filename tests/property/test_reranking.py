"""What holds for any scores and any policy: lists are lists, filters hold, sliders push one way, nothing is random."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommend.serve.lists import explained, lines, rank
from core.recommend.serve.policy import AS_RANKED, Boost, Policy, Trait
from core.recommend.serve.rerank import best, discounted
from tests.serving_world import random_scores, shelf

SHARE = st.integers(0, 20).map(lambda step: step / 20)


def traits() -> list[Trait]:
    return sorted(shelf().traits, key=lambda trait: (trait.relation, trait.value))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy, contradictory ones too."""
    some = st.lists(st.sampled_from(traits()), max_size=2, unique=True).map(tuple)
    low = draw(st.none() | st.integers(0, 40).map(float))
    return Policy(
        wanted=draw(some),
        unwanted=draw(some),
        price_from=low,
        price_to=draw(st.none() | st.integers(int(low or 0), 60).map(float)),
        exclude_bought=draw(st.booleans()),
        boosts=tuple(Boost(trait=trait, weight=draw(st.integers(-4, 4)) / 4) for trait in draw(some)),
        diversity=draw(SHARE),
        discount=draw(SHARE),
        long_tail=draw(SHARE),
    )


@given(st.integers(0, 50), policies(), st.integers(1, 20), st.lists(st.integers(0, 47), max_size=6))
@settings(max_examples=80, deadline=None)
def test_a_list_holds_each_product_once_and_only_what_may_be_shown(
    seed: int, policy: Policy, k: int, taken: list[int]
) -> None:
    scores, bought = random_scores(seed), np.array(taken, np.int64)
    found = rank(scores, shelf(), policy, k, [bought] * 3)
    allowed = shelf().allowed(policy)
    if policy.exclude_bought:
        allowed[bought] = False
    for own, values in zip(found.rows, scores, strict=True):
        shown = own[own >= 0]
        assert len(set(shown.tolist())) == len(shown) == min(k, int((allowed & np.isfinite(values)).sum()))
        assert allowed[shown].all()
        assert np.isfinite(values[shown]).all()
        if policy.price_to is not None:
            assert (shelf().price[shown] <= policy.price_to).all()
        if policy.price_from is not None:
            assert (shelf().price[shown] >= policy.price_from).all()
        assert (own[len(shown) :] == -1).all()


@given(st.integers(0, 50), policies(), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_the_moves_of_a_product_add_up_to_the_way_it_came(seed: int, policy: Policy, k: int) -> None:
    scores = random_scores(seed)
    for shown in lines(rank(scores, shelf(), policy, k), scores, shelf(), policy):
        for line in shown:
            assert line.before - line.rank == sum(move.places for move in line.moves)
            assert all(move.places for move in line.moves)


@given(st.integers(0, 50), st.integers(1, 20), st.lists(st.integers(0, 47), max_size=6))
@settings(max_examples=40, deadline=None)
def test_without_settings_the_list_is_the_models_own_of_equal_scores_the_first(
    seed: int, k: int, taken: list[int]
) -> None:
    scores = random_scores(seed, 1)
    free = scores[0].copy()
    free[taken] = -np.inf
    order = [row for row in np.argsort(-free, kind="stable") if np.isfinite(free[row])][:k]
    shown, missed = explained(scores[0], shelf(), AS_RANKED, k, np.array(taken, np.int64))
    assert [line.product_id for line in shown] == [shelf().products[row] for row in order]
    assert not any(line.moves for line in shown)
    assert not missed


@given(st.integers(0, 50), policies(), SHARE, SHARE)
@settings(max_examples=60, deadline=None)
def test_more_long_tail_is_never_less_of_it_and_at_least_what_was_asked(
    seed: int, policy: Policy, one: float, other: float
) -> None:
    scores, k = random_scores(seed), 10
    low, high = sorted((one, other))
    few = rank(scores, shelf(), policy.with_(long_tail=low), k).rows
    many = rank(scores, shelf(), policy.with_(long_tail=high), k).rows
    everything = rank(scores, shelf(), policy.with_(long_tail=0.0), 48).rows
    for less, more, there in zip(few, many, everything, strict=True):
        tail = shelf().tail
        count = int(tail[more[more >= 0]].sum())
        assert count >= int(tail[less[less >= 0]].sum())
        for j in range(1, int((more >= 0).sum()) + 1):
            due = min(int(np.floor(high * j + 1e-9)), int(tail[there[there >= 0]].sum()))
            assert int(tail[more[:j]].sum()) >= due


@given(st.integers(0, 50), SHARE, SHARE, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_a_stronger_discount_never_shows_better_known_products_on_the_whole(
    seed: int, one: float, other: float, k: int
) -> None:
    found, known = best(random_scores(seed)), shelf().popularity
    low, high = (discounted(found, known, strength).rows[:, :k] for strength in sorted((one, other)))
    for weak, strong in zip(low, high, strict=True):
        assert known[strong[strong >= 0]].sum() <= known[weak[weak >= 0]].sum() + 1e-9


@given(st.integers(0, 50), policies(), st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_a_shopper_gets_the_same_list_alone_and_among_others(seed: int, policy: Policy, k: int) -> None:
    scores = random_scores(seed)
    together = rank(scores, shelf(), policy, k)
    for at in range(len(scores)):
        alone = rank(scores[at : at + 1], shelf(), policy, k)
        assert np.array_equal(alone.rows[0], together.rows[at])
        assert np.array_equal(alone.places[0], together.places[at])
