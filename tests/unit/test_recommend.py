"""The recommender on a shop whose taste is known: honest splits, honest figures, scores that can be asked again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from core.errors import ConfigError, DataError, RunError
from core.explain.shapley import attribute, coalitions
from core.recommend.artefact import read, save
from core.recommend.audit import audit
from core.recommend.config import PRESETS, config_of
from core.recommend.data import Interactions, leave_one_out
from core.recommend.measure import ndcg, target_ranks
from core.recommend.rank import Recommender
from core.recommend.reasons import reasons
from core.recommend.significance import bootstrap, compare, holm
from core.recommend.text import principal_axes
from tests.recommend_world import cut, facts, interactions, outcome, rows, use_of


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """The trained run, written to disk and read back."""
    folder = tmp_path_factory.mktemp("run")
    save(outcome().artefact, folder)
    return Recommender(read(folder))


HISTORY = ["p00", "p04", "p08", "p12"]


def test_the_temporal_split_lets_nobody_see_later_than_the_cut() -> None:
    parts = cut()
    assert parts.cuts is not None
    assert parts.train.time.max() <= parts.cuts[0]
    assert parts.known.time.max() <= parts.cuts[1]
    for history, targets in zip(parts.test.histories, parts.test.targets, strict=True):
        assert not set(history) & set(targets)


def test_leave_one_out_takes_the_last_and_the_one_before() -> None:
    data = Interactions.of(
        [("a", f"p0{n}", n) for n in range(5)] * 1 + list(rows()), [f"p{n:02d}" for n in range(48)]
    )
    parts = leave_one_out(data)
    shopper = data.shoppers.index("a")
    at = list(parts.test.shopper).index(shopper)
    assert list(parts.test.targets[at]) == [4]
    assert list(parts.test.histories[at]) == [0, 1, 2, 3]


def test_too_few_events_are_refused_with_a_remedy() -> None:
    tiny = Interactions.of([("a", "p", 1.0)], ["p"])
    with pytest.raises(DataError) as caught:
        leave_one_out(tiny)
    assert caught.value.remedy


def test_data_that_differ_in_one_event_have_another_hash() -> None:
    names = [f"p{n:02d}" for n in range(48)]
    assert Interactions.of(rows(), names, once=True).hash == interactions().hash
    assert Interactions.of(rows()[1:], names).hash != Interactions.of(rows(), names).hash


def test_ranks_leave_out_what_the_shopper_has_and_ties_are_worth_a_random_list() -> None:
    scores = np.array([[9.0, 1.0, 2.0, 3.0]])
    (ranks,) = target_ranks(scores, [np.array([0])], [np.array([3])])
    assert list(ranks) == [0.0]
    (tied,) = target_ranks(np.zeros((1, 5)), [np.array([], int)], [np.array([2])])
    assert list(tied) == [2.0]
    assert ndcg(np.array([0.0])) == 1.0
    assert ndcg(np.array([1.0])) == pytest.approx(1 / np.log2(3))


def test_a_difference_that_is_not_there_is_not_significant() -> None:
    random = np.random.default_rng(0)
    values = random.random(200)
    found = compare(values, {"same": values, "worse": values - 0.2})
    assert found["same"].p == 1.0
    assert found["worse"].p_holm < 0.01
    assert found["worse"].difference.low > 0
    assert holm({"a": 0.01, "b": 0.04}) == pytest.approx({"a": 0.02, "b": 0.04})
    interval = bootstrap(values)
    assert interval.low < interval.mean < interval.high


def test_the_audit_catches_a_planted_leak() -> None:
    parts = cut()
    clean = audit(interactions(), parts)
    assert clean.clean
    leaky = audit(interactions(), type(parts)(**{**vars(parts), "known": interactions()}))
    assert not leaky.clean


def test_the_run_learns_the_taste_and_names_its_baselines() -> None:
    metrics = outcome().metrics
    assert {"shelfgraph", "popularity", "itemknn", "ease", "rp3beta"} <= set(metrics["models"])
    assert metrics["models"]["shelfgraph"]["ndcg@10"] > metrics["models"]["popularity"]["ndcg@10"]
    assert metrics["verdict"]
    json.dumps(metrics)


def test_a_list_follows_the_taste_and_leaves_out_the_history(model: Recommender) -> None:
    lines = model.recommend(HISTORY, 5)
    assert [line.rank for line in lines] == [1, 2, 3, 4, 5]
    assert not {line.product_id for line in lines} & set(HISTORY)
    taste = [use_of(int(line.product_id[1:])) for line in lines]
    assert taste.count("camping") >= 3
    assert len(model.recommend([], 3)) == 3
    assert len(model.recommend(["never heard of"], 3)) == 3


def test_reading_back_gives_the_same_scores(model: Recommender, tmp_path: Path) -> None:
    save(model.artefact, tmp_path)
    assert np.array_equal(Recommender(read(tmp_path)).score(HISTORY), model.score(HISTORY))


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "ids.json"])
def test_a_damaged_run_is_named(model: Recommender, tmp_path: Path, name: str) -> None:
    save(model.artefact, tmp_path)
    (tmp_path / name).write_bytes(b"{")
    with pytest.raises(RunError):
        read(tmp_path)


def test_all_ways_to_ask_for_a_score_agree(model: Recommender) -> None:
    item = model.recommend(HISTORY, 1)[0].product_id
    served = model.score(HISTORY)[model.product_ids.index(item)]
    everything = np.ones((1, len(model.groups)), bool)
    own = {fact.id for fact in model.facts_of(item)}
    assert model.score_coalitions(HISTORY, item, everything)[0] == pytest.approx(served, abs=1e-9)
    assert model.score_histories([HISTORY], item)[0] == pytest.approx(served, abs=1e-9)
    assert model.score_fact_sets(HISTORY, item, [own])[0] == pytest.approx(served, abs=1e-6)
    assert len(model.groups) <= 12


def test_shares_add_up_to_the_served_score(model: Recommender) -> None:
    found = attribute(model, HISTORY, "p16")
    assert found.additivity_error < 1e-9
    assert found.score == pytest.approx(model.score(HISTORY)[16], abs=1e-9)
    assert len(found.table) == len(coalitions(len(model.groups)))


def test_a_history_that_is_off_is_that_of_other_shoppers(model: Recommender) -> None:
    others, item = (("p01", "p05"), ("p02", "p06", "p10", "p14"), ("p03",)), "p16"
    masks = np.ones((2, len(model.groups)), bool)
    masks[1, :2] = False
    full, off = model.score_coalitions(HISTORY, item, masks, shoppers=others)
    row = model.product_ids.index(item)
    assert full == pytest.approx(model.score(HISTORY)[row], abs=1e-9)
    assert off == pytest.approx(np.mean([model.score(other)[row] for other in others]), abs=1e-9)
    nothing = model.score_coalitions(HISTORY, item, np.zeros_like(masks[:1]), "empty")[0]
    prior = model.model.mix.baseline * model.model.baseline.prior[row]
    assert nothing == pytest.approx(prior, abs=1e-9)
    assert attribute(model, [], item).score == pytest.approx(model.score([])[row], abs=1e-9)


def test_a_version_with_its_own_text_and_facts_is_the_product(model: Recommender) -> None:
    item = "p16"
    own = facts()[item]
    served = model.score(HISTORY)[model.product_ids.index(item)]
    same, bare = model.score_versions(HISTORY, item, [own, ()])
    assert same == pytest.approx(served, abs=1e-6)
    assert bare != same
    assert all(model.uses(fact) for fact in own)


def test_reasons_are_facts_of_both_sides(model: Recommender) -> None:
    for reason in reasons(model, HISTORY, "p16"):
        assert reason.fact in facts()["p16"]
        assert set(reason.shared_with) <= set(HISTORY)


@pytest.mark.parametrize("values", [{"epochs": 0}, {"width": 65}, {"nonsense": 1}, {"learning_rate": "x"}])
def test_a_configuration_out_of_range_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        config_of(values)


def test_presets_are_valid_and_ordered_by_work() -> None:
    assert PRESETS["quick"].epochs < PRESETS["balanced"].epochs < PRESETS["best"].epochs


@pytest.mark.parametrize("shape", [(40, 9), (9, 40)])
def test_equal_matrices_have_equal_axes_also_where_singular_values_are_equal(shape: tuple[int, int]) -> None:
    matrix = sp.csr_matrix(np.eye(6)[np.arange(shape[0]) % 6][:, np.arange(shape[1]) % 6])
    first = principal_axes(matrix, 8)
    assert all(np.array_equal(first, principal_axes(matrix, 8)) for _ in range(5))
    ordinary = np.random.default_rng(0).random(shape)
    _, _, exact = np.linalg.svd(ordinary, full_matrices=False)
    found = principal_axes(sp.csr_matrix(ordinary), 3)
    assert np.abs(np.abs(exact[:3] @ found) - np.eye(3)).max() < 1e-5
