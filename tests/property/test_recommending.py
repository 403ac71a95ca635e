"""What holds for any data: splits that do not leak, measures that are measures, coalitions that are exact."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError
from core.recommend.baselines import fit
from core.recommend.data import Interactions, split
from core.recommend.dense import SESSION, k_core, sessions
from core.recommend.measure import ndcg, target_ranks
from core.recommend.rank import Recommender
from core.recommend.significance import holm
from tests.recommend_world import outcome

PRODUCTS = [f"p{n}" for n in range(8)]
ROW = st.tuples(
    st.sampled_from("abcdef"), st.sampled_from([*PRODUCTS, "gone"]), st.integers(0, 50).map(float)
)


@given(st.lists(ROW, max_size=120), st.sampled_from(["temporal", "leave_one_out"]))
@settings(max_examples=60, deadline=None)
def test_no_split_lets_training_see_an_answer(rows: list[tuple[str, str, float]], kind: str) -> None:
    data = Interactions.of(rows, PRODUCTS, once=True)
    try:
        parts = split(data, kind)
    except DataError:
        return
    for cases, seen in ((parts.valid, parts.train), (parts.test, parts.known)):
        pairs = set(zip(seen.shopper.tolist(), seen.product.tolist(), strict=True))
        for shopper, history, targets in zip(cases.shopper, cases.histories, cases.targets, strict=True):
            assert len(targets)
            assert not {(int(shopper), int(product)) for product in targets} & pairs
            assert set(history) == {product for owner, product in pairs if owner == shopper}
    if parts.cuts:
        assert (parts.train.time < parts.cuts[0]).all()
        assert (parts.known.time < parts.cuts[1]).all()


@given(st.lists(ROW, min_size=30, max_size=120), st.sampled_from(["cold_item", "cold_user", "cross_domain"]))
@settings(max_examples=80, deadline=None)
def test_what_is_held_out_is_in_no_training_row(rows: list[tuple[str, str, float]], kind: str) -> None:
    data = Interactions.of(rows, PRODUCTS, once=True)
    data = replace(data, target=np.arange(len(PRODUCTS)) < 4)
    try:
        parts = split(data, kind, 0.2, 0.2)
    except DataError:
        return
    assert parts.hidden is not None
    for cases, seen, hidden in zip(
        (parts.valid, parts.test), (parts.train, parts.known), parts.hidden, strict=True
    ):
        assert not hidden.rows(seen).any()
        pairs = set(zip(seen.shopper.tolist(), seen.product.tolist(), strict=True))
        for shopper, history, targets in zip(cases.shopper, cases.histories, cases.targets, strict=True):
            own = data.history(int(shopper)).tolist()
            assert hidden.shoppers[shopper]
            assert hidden.products[targets].all()
            assert not set(history) & set(targets)
            assert not {(int(shopper), int(product)) for product in targets} & pairs
            assert max(map(own.index, history)) < min(map(own.index, targets)), "nothing later is told"
    if kind == "cold_item":
        assert not set(np.concatenate(parts.test.targets)) & set(parts.known.product)
    if kind == "cold_user":
        assert not set(parts.test.shopper) & set(parts.known.shopper)
    asked = set(parts.test.shopper.tolist()) if kind != "cold_item" else set()
    assert not asked & set(parts.valid.shopper.tolist())


@given(st.lists(ROW, max_size=120), st.integers(1, 5))
def test_a_k_core_is_a_fixpoint_and_the_largest(rows: list[tuple[str, str, float]], k: int) -> None:
    data = Interactions.of(rows, PRODUCTS, once=True)
    core, out = k_core(data, k)
    assert len(core) + out.events == len(data)
    if len(core):
        assert np.bincount(core.shopper).min() >= k
        assert min(n for n in np.bincount(core.product) if n) >= k
    again, nothing = k_core(core, k)
    assert again.hash == core.hash
    assert nothing.rounds == 0
    # One at a time, in another order, ends at the same rows.
    left = {(data.shoppers[s], int(p)) for s, p in zip(data.shopper, data.product, strict=True)}
    while True:
        for side in (1, 0):
            few = {one for one, n in Counter(pair[side] for pair in left).items() if n < k}
            if few:
                left = {pair for pair in left if pair[side] not in few}
                break
        else:
            break
    assert left == {(core.shoppers[s], int(p)) for s, p in zip(core.shopper, core.product, strict=True)}


@given(st.lists(ROW, max_size=60), st.floats(0, 20))
def test_sessions_are_a_partition_without_a_gap_inside_and_with_one_between(
    rows: list[tuple[str, str, float]], gap: float
) -> None:
    named = sessions(rows, gap)
    assert [row[1:] for row in named] == [row[1:] for row in rows]
    times: dict[str, dict[int, list[float]]] = {}
    for (shopper, _product, time), (session, _same, _time) in zip(rows, named, strict=True):
        owner, _, number = session.rpartition(SESSION)
        assert owner == shopper
        times.setdefault(owner, {}).setdefault(int(number), []).append(time)
    for own in times.values():
        assert sorted(own) == list(range(1, len(own) + 1))
        ordered = [sorted(own[number]) for number in sorted(own)]
        for session in ordered:
            assert all(b - a <= gap for a, b in pairwise(session))
        assert all(b[0] - a[-1] > gap for a, b in pairwise(ordered))


@given(st.lists(st.tuples(ROW, st.sampled_from([0.5, 1.0, 2.0])), max_size=60))
def test_with_weights_the_first_of_the_heaviest_events_stands(
    told: list[tuple[tuple[str, str, float], float]],
) -> None:
    rows, weights = [row for row, _ in told], [weight for _, weight in told]
    data = Interactions.of(rows, PRODUCTS, once=True, weights=weights)
    best: dict[tuple[str, str], tuple[float, float]] = {}
    for (shopper, product, time), weight in told:
        if product in PRODUCTS:
            best[shopper, product] = min(best.get((shopper, product), (0.0, np.inf)), (-weight, time))
    assert data.weight is not None
    kept = zip(data.shopper, data.product, data.weight, data.time, strict=True)
    assert {(data.shoppers[s], PRODUCTS[p]): (-w, t) for s, p, w, t in kept} == best
    even = Interactions.of(rows, PRODUCTS, once=True)
    ones = Interactions.of(rows, PRODUCTS, once=True, weights=[1.0] * len(rows))
    assert np.array_equal(even.time, ones.time)
    for name, params in (("itemknn", {}), ("rp3beta", {}), ("ease", {}), ("popularity", {"recency": 2.0})):
        if len(even):
            one, other = fit(name, even, params), fit(name, ones, params)
            assert np.array_equal(one.similarity.toarray(), other.similarity.toarray())
            assert np.array_equal(one.prior, other.prior)


@given(st.lists(ROW, max_size=60, unique_by=lambda row: (row[0], row[2])), st.randoms())
def test_the_order_of_arrival_does_not_change_the_data(
    rows: list[tuple[str, str, float]], random: object
) -> None:
    moved = list(rows)
    random.shuffle(moved)  # type: ignore[attr-defined]
    assert Interactions.of(rows, PRODUCTS).hash == Interactions.of(moved, PRODUCTS).hash


@given(st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=12), st.data())
def test_ranks_are_those_of_a_sorted_list_with_ties_in_the_middle(
    values: list[float], data: st.DataObject
) -> None:
    target = data.draw(st.integers(0, len(values) - 1))
    seen = [k for k in data.draw(st.sets(st.integers(0, len(values) - 1))) if k != target]
    (rank,) = target_ranks(np.array([values]), [np.array(seen, np.int32)], [np.array([target], np.int32)])
    free = [value for k, value in enumerate(values) if k not in seen]
    above, equal = sum(v > values[target] for v in free), sum(v == values[target] for v in free)
    assert rank[0] == above + (equal - 1) / 2


@given(st.sets(st.integers(0, 40), min_size=1, max_size=12))
def test_ndcg_is_between_none_and_all_and_never_falls_when_an_answer_rises(ranks: set[int]) -> None:
    value = ndcg(np.array(sorted(ranks), float))
    assert 0.0 <= value <= 1.0 + 1e-12
    best = max(ranks)
    higher = next((k for k in range(best) if k not in ranks), best)
    assert ndcg(np.array(sorted({*ranks - {best}, higher}), float)) >= value - 1e-12


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1), min_size=1))
def test_holm_never_makes_a_p_value_smaller_and_keeps_their_order(values: dict[str, float]) -> None:
    found = holm(values)
    for name, p in values.items():
        assert p <= found[name] <= 1.0
    order = sorted(values, key=lambda name: values[name])
    assert [found[name] for name in order] == sorted(found.values())


@cache
def model() -> Recommender:
    return Recommender(outcome().artefact)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_groups_of_the_product_add_up_whatever_the_history(data: st.DataObject) -> None:
    history = data.draw(st.lists(st.sampled_from(model().product_ids), max_size=8, unique=True))
    product = data.draw(st.sampled_from([p for p in model().product_ids if p not in history]))
    size = len(model().groups)
    base = np.ones((1 + size, size), bool)
    base[1:][np.eye(size, dtype=bool)] = False
    base[1:3] = True
    scores = model().score_coalitions(history, product, base)
    nothing = np.ones((1, size), bool)
    nothing[:, 2:] = False
    dropped = (scores[0] - scores[3:]).sum()
    bare = model().score_coalitions(history, product, nothing)[0]
    served = model().score(history)[model().product_ids.index(product)]
    assert abs(scores[0] - served) < 1e-9
    assert abs(served - bare - dropped) < 1e-9
