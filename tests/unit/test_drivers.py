"""What a whole model hangs on: laws of shares, and shops whose truth is known."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.drivers.clusters import clustered
from core.drivers.drift import drift
from core.drivers.importance import Weights, group_weights, importance, relation_weights
from core.drivers.kept import Drivers
from core.drivers.rows import REST, Row, relation_shares, row
from core.drivers.segments import by_segment
from core.drivers.swarm import amounts, as_shap, spread
from core.recommend.rank import Recommender
from tests.recommend_world import interactions, outcome

NAMES = ("a", "b", "c")


@cache
def model() -> Recommender:
    return Recommender(outcome().artefact)


def made(shopper: str, values: tuple[float, ...], product: str = "p", history: int = 5) -> Row:
    return Row(
        shopper, product, 1, history, 3, values, {"use": values[0], "brand": values[1]}, 0.0, sum(values), 0.0
    )


def test_shares_of_groups_and_of_relations_add_up_to_the_score() -> None:
    known = interactions()
    history = [known.products[k] for k in known.history(3)]
    best = model().recommend(history, 1)[0]
    found = row(model(), "s03", history, best.product_id, 1, 4)
    assert found.base + sum(found.values) == pytest.approx(best.score)
    facts = [fact.id for fact in model().facts_of(best.product_id)]
    every, none = model().score_fact_sets(history, best.product_id, [facts, []])
    assert sum(found.relations.values()) == pytest.approx(every - none)
    assert Row.of_plain(json.loads(json.dumps(found.plain()))) == found


def test_more_relations_than_can_be_told_apart_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.drivers.rows.MOST_RELATIONS", 1)
    history = list(model().product_ids[:2])
    assert set(relation_shares(model(), history, model().product_ids[5])) == {REST}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(*[st.integers(-50, 50)] * 3), min_size=1, max_size=12))
def test_a_shoppers_shares_sum_to_one_whatever_the_scale(values: list[tuple[float, ...]]) -> None:
    rows = [made(f"s{k % 4}", one) for k, one in enumerate(values)]
    found = group_weights(rows, NAMES)
    sums = found.share.sum(1)
    assert np.allclose(sums[~np.isnan(sums)], 1)
    assert (np.abs(found.signed) <= found.share + 1e-9)[~np.isnan(sums)].all()
    tenfold = group_weights([made(one.shopper, tuple(10 * v for v in one.values)) for one in rows], NAMES)
    assert np.allclose(found.share, tenfold.share, equal_nan=True)


def test_importance_has_the_heaviest_first_and_intervals_around_it() -> None:
    rows = [made(f"s{k}", (4.0 + k % 3, -1.0, 0.0)) for k in range(30)]
    first, second, third = importance(group_weights(rows, NAMES))
    assert (first.name, second.name, third.name) == NAMES
    assert first.share.low <= first.share.mean <= first.share.high
    assert second.signed.high < 0 < first.signed.low
    assert third.share.mean == 0
    assert importance(relation_weights(rows))[0].name == "use"


def test_two_kinds_of_shoppers_are_found_and_named_by_what_sets_them_apart() -> None:
    random = np.random.default_rng(0)
    rows = [
        made(f"s{k:02d}", (5.0, random.random(), 0.1) if k < 20 else (0.1, random.random(), -5.0))
        for k in range(35)
    ]
    told = clustered(group_weights(rows, NAMES))
    assert [len(one.shoppers) for one in told.clusters] == [20, 15]
    assert {name for name, _, _ in told.clusters[0].drivers} == {"a", "c"}
    assert told.stability == pytest.approx(1)
    assert told.clusters[0].middle in told.clusters[0].shoppers
    dense = clustered(group_weights(rows, NAMES), "hdbscan")
    assert sum(len(one.shoppers) for one in dense.clusters) + len(dense.alone) == 35
    assert len(clustered(group_weights(rows[:5], NAMES)).clusters) == 1


def test_drift_is_antisymmetric_and_none_between_a_run_and_itself() -> None:
    random = np.random.default_rng(1)
    old = group_weights([made(f"s{k}", (3.0, random.random() + 1, 0.5)) for k in range(40)], NAMES)
    new = group_weights([made(f"s{k}", (1.0, random.random() + 1, 2.5)) for k in range(5, 45)], NAMES)
    there = {one.name: one for one in drift(old, new)}
    back = {one.name: one for one in drift(new, old)}
    assert there["c"].moved
    assert there["c"].change.mean > 0 > there["a"].change.mean
    assert there["a"].shoppers == 35
    assert (there["a"].rank_before, back["a"].rank_after) == (1, 1)
    for name in NAMES:
        assert there[name].change.mean == pytest.approx(-back[name].change.mean)
    assert not any(one.moved for one in drift(old, old))
    assert drift(old, Weights(NAMES, ("other",), np.ones((1, 3)) / 3, np.zeros((1, 3)))) == []


def test_a_group_that_only_one_run_has_weighed_nothing_in_the_other() -> None:
    old = group_weights([made(f"s{k}", (1.0, 1.0, 2.0)) for k in range(12)], NAMES)
    new = group_weights([made(f"s{k}", (1.0, 1.0)) for k in range(12)], NAMES[:2])
    told = {one.name: one for one in drift(old, new)}
    assert (told["c"].before, told["c"].after) == (0.5, 0.0)
    assert told["c"].change.mean == pytest.approx(-0.5)


def test_a_swarm_keeps_its_numbers_and_its_way_to_a_file() -> None:
    rows = (made("s1", (1.0, 2.0, 0.0), "p", 2), made("s2", (0.5, -2.0, 0.0), "q", 9))
    inputs = amounts(rows, ("history.recent", "b", "c"), {"p": {"b": 3.0}, "q": {"b": 1.0}})
    assert inputs[:, 0].tolist() == [0.0, 1.0]
    assert inputs[:, 1].tolist() == [1.0, 0.0]
    assert np.isnan(inputs[:, 2]).all()
    told = as_shap(rows, NAMES, inputs)
    assert told.values.tolist() == [[1.0, 2.0, 0.0], [0.5, -2.0, 0.0]]
    found = Drivers("run", "name", 1.0, 0, 2.0, NAMES, rows, inputs)
    back = Drivers.of_plain(json.loads(json.dumps(found.plain(), allow_nan=False)))
    assert back.rows == rows
    assert np.array_equal(back.amounts, inputs, equal_nan=True)
    assert by_segment(found, lambda one: one.product) == {}


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=60))
def test_points_of_a_swarm_stay_on_their_line(values: list[float]) -> None:
    off = spread(np.array(values), 0.1)
    assert len(off) == len(values)
    assert np.abs(off).max() <= 1
