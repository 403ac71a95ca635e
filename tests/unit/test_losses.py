"""Losses held to values worked out by hand and to the laws they stand on."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommend.batches import Batch, Examples
from core.recommend.config import TrainConfig, ranking
from core.recommend.data import Cases
from core.recommend.losses import bpr_loss, info_nce, sampled_softmax_loss, softmax_loss
from core.recommend.objective import Objective, sampler_of
from core.recommend.prepare import Prepared, prepare
from core.recommend.propensity import debiased, weights
from core.recommend.sampling import Sampler, inclusion
from core.recommend.train import Trainer
from tests.recommend_world import cut, facts, products, small_config

SCORES = [[0.0, math.log(2.0), math.log(5.0)], [math.log(3.0), 0.0, float("-inf")]]
TARGET = torch.tensor([1, 0])


def slope(loss: torch.Tensor, scores: torch.Tensor) -> np.ndarray:
    return torch.autograd.grad(loss, scores)[0].numpy()


def leaf(rows: list[list[float]]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64, requires_grad=True)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(cut(), products(), facts(), small_config(), baselines=("itemknn",))


def test_softmax_pushes_the_target_up_and_each_other_product_down_by_its_share() -> None:
    scores = leaf(SCORES)
    loss = softmax_loss(scores, TARGET)
    assert loss.item() == pytest.approx((math.log(8 / 2) + math.log(4 / 3)) / 2)
    # Shares are 1/8, 2/8, 5/8 and 3/4, 1/4, 0; an example counts for a half.
    expected = np.array([[1, 2 - 8, 5], [(3 - 4) * 2, 1 * 2, 0]]) / 16
    assert slope(loss, scores) == pytest.approx(expected)


def test_a_weight_multiplies_an_examples_slope() -> None:
    scores, weight = leaf(SCORES), torch.tensor([3.0, 0.5], dtype=torch.float64)
    plain = slope(softmax_loss(scores, TARGET), scores)
    assert slope(softmax_loss(scores, TARGET, weight), scores) == pytest.approx(plain * [[3.0], [0.5]])


def test_bpr_pulls_the_pair_apart_by_the_chance_that_it_is_the_wrong_way_round() -> None:
    scores = leaf(SCORES)
    loss = bpr_loss(scores, TARGET, torch.tensor([2, 1]))
    # σ(−(log 2 − log 5)) = 5/7 and σ(−log 3) = 1/4 are the chances.
    assert loss.item() == pytest.approx((math.log(7 / 2) + math.log(4 / 3)) / 2)
    expected = np.array([[0, -5 / 7, 5 / 7], [-1 / 4, 1 / 4, 0]]) / 2
    assert slope(loss, scores) == pytest.approx(expected)


def test_bpr_leaves_out_a_draw_that_is_the_target_or_not_ranked() -> None:
    scores = leaf(SCORES)
    alone = slope(bpr_loss(scores, TARGET, torch.tensor([2, 2])), scores)
    assert alone == pytest.approx(np.array([[0, -5 / 7, 5 / 7], [0, 0, 0]]))
    assert slope(bpr_loss(scores, TARGET, torch.tensor([1, 2])), scores) == pytest.approx(np.zeros((2, 3)))


def test_info_nce_of_two_products_is_the_log_share_of_the_right_pair() -> None:
    one = torch.eye(2, dtype=torch.float64, requires_grad=True)
    aligned = info_nce(one, torch.eye(2, dtype=torch.float64) * 7.0, temperature=0.5)
    assert aligned.item() == pytest.approx(math.log(1 + math.exp(-2.0)))
    crossed = info_nce(one, torch.eye(2, dtype=torch.float64).flip(0), temperature=0.5)
    assert crossed.item() == pytest.approx(math.log(1 + math.exp(2.0)))
    # The wrong pair's share, over the temperature, a half for each of the two products; what would only lengthen a
    # vector has no slope.
    wrong = (1 - 1 / (1 + math.exp(-2.0))) / 0.5 / 2
    assert slope(aligned, one) == pytest.approx(np.array([[0, wrong], [wrong, 0]]))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 12), st.integers(0, 2**31))
def test_sampled_softmax_over_every_product_is_the_full_softmax(size: int, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    scores = torch.randn(3, size, generator=random, dtype=torch.float64, requires_grad=True)
    target = torch.randint(0, size, (3,), generator=random)
    full = softmax_loss(scores, target)
    rows = torch.arange(3)
    others = scores.index_put((rows, target), torch.tensor(-math.inf, dtype=torch.float64))
    sampled = sampled_softmax_loss(others, scores[rows, target], torch.zeros(size, dtype=torch.float64))
    assert sampled.item() == pytest.approx(full.item())
    assert slope(sampled, scores) == pytest.approx(slope(full, scores))


def test_the_sum_that_sampled_softmax_estimates_is_right_on_average() -> None:
    random = np.random.default_rng(4)
    scores = torch.as_tensor(random.normal(0, 1, (1, 40)))
    sampler = Sampler.of(random.integers(1, 50, 40).astype(float), 12)
    others = scores.clone()
    others[0, 3] = -math.inf
    sums = []
    for _ in range(4_000):
        drawn = sampler.draw(random)
        expected = torch.as_tensor(np.log(sampler.expected[drawn]))
        loss = float(sampled_softmax_loss(others[:, drawn], scores[:, 3], expected))
        sums.append(math.exp(loss + float(scores[0, 3])))
    assert np.mean(sums) == pytest.approx(float(scores.exp().sum()), rel=0.02)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 1_000), min_size=1, max_size=60), st.integers(1, 70))
def test_a_sample_has_the_size_that_was_asked_for_on_average(counts: list[int], size: int) -> None:
    found = inclusion(np.array(counts, float), size)
    assert ((found >= 0) & (found <= 1)).all()
    assert found.sum() == pytest.approx(min(size, sum(n > 0 for n in counts)))
    assert not found[np.array(counts) == 0].any()


def gradients(prepared: Prepared, config: TrainConfig, batch: Batch) -> np.ndarray:
    torch.manual_seed(0)
    network = prepared.network(config).eval()
    objective = Objective(prepared, config, network, "cpu")
    hidden = torch.zeros(len(prepared.features), dtype=torch.bool)
    parts = objective.parts(batch, hidden, np.random.default_rng(0))
    objective.total(parts).backward()
    return np.concatenate([p.grad.numpy().ravel() for p in network.parameters() if p.grad is not None])


def test_bpr_over_a_sample_pulls_the_answer_up_where_a_catalogue_is_large(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.recommend.objective.FULL_PRODUCTS", 10)
    config = small_config(loss="bpr", negatives=12, learning_rate=0.01, epochs=6, patience=6, id_dropout=0.0)
    trainer = Trainer(prepared, config, prepared.network(config).state_dict())
    assert next(trainer.examples.epoch(0)).sample is not None
    curves = trainer.run().curves
    assert 0 < curves[-1].rank_loss < curves[0].rank_loss


def test_a_step_over_a_sample_of_everything_moves_the_network_as_a_full_one(prepared: Prepared) -> None:
    batches = []
    for loss in ("softmax", "sampled_softmax"):
        config = small_config(loss=loss, negatives=1_000, graph_loss="none")
        sampler = sampler_of(config, prepared.split.train.counts)
        assert (sampler is None) == (loss == "softmax")
        examples = Examples(
            prepared.split.train, prepared.best, prepared.similarity,
            folds=2, length=8, batch=16, scale=prepared.scale, seed=0, sampler=sampler,
        )  # fmt: skip
        batches.append(gradients(prepared, config, next(examples.epoch(0))))
    assert batches[1] == pytest.approx(batches[0], abs=1e-5)
    assert np.abs(batches[0]).max() > 1e-3


def test_a_large_catalogue_is_sampled_unless_the_full_softmax_is_asked_for() -> None:
    assert ranking(TrainConfig(), 80_000) == "softmax"
    assert ranking(TrainConfig(), 80_001) == "sampled_softmax"
    assert ranking(TrainConfig(loss="softmax"), 10**6) == "softmax"


@pytest.mark.parametrize(
    "values",
    [
        {"loss": "sampled_softmax", "negatives": 12},
        {"contrastive_weight": 1.0, "graph_weight": 0.0},
        {"debias": "training", "propensity_power": 1.0},
    ],
)
def test_each_way_of_training_lowers_its_own_loss(prepared: Prepared, values: dict[str, object]) -> None:
    config = small_config(learning_rate=0.01, epochs=6, patience=6, id_dropout=0.0, **values)
    # From sizes that were fitted beforehand a few steps have little left to gain.
    unfitted = prepared.network(config).state_dict()
    curves = Trainer(prepared, config, unfitted).run().curves
    part = "contrastive_loss" if "contrastive_weight" in values else "rank_loss"
    assert getattr(curves[-1], part) < getattr(curves[0], part)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=40), st.floats(0.0, 2.0), st.floats(1.0, 50.0))
def test_inverse_propensities_are_clipped_and_fall_with_popularity(
    counts: list[int], power: float, clip: float
) -> None:
    many = np.array(counts, float)
    found = weights(many, power, clip)
    assert found.max() <= clip * (1 + 1e-6)
    order = np.argsort(many)
    assert (np.diff(found[order]) <= 1e-6).all()
    if many.sum() and found.max() < clip * (1 - 1e-6):
        assert np.average(found, weights=many) == pytest.approx(1.0, rel=1e-4)


def test_self_normalised_figures_count_a_rare_answer_for_more() -> None:
    # Product 0 has 16 shoppers and is ranked first, product 1 has one and is ranked second.
    counts = np.array([16.0, 1.0, 1.0])
    cases = Cases(np.arange(2, dtype=np.int32), (np.empty(0, np.int32),) * 2,
                  (np.array([0], np.int32), np.array([1], np.int32)))  # fmt: skip
    found = debiased(lambda rows: np.tile([3.0, 2.0, 1.0], (len(rows), 1)), cases, counts, 0.5, 1_000.0)
    second = 1 / math.log2(3)
    assert found.ndcg == pytest.approx((1 + second) / 2)
    assert found.snips == pytest.approx((1 * 1 + 4 * second) / 5)
    mean = (16 * 1 + 1 * 4 + 1 * 4) / 18
    assert found.ips == pytest.approx((1 + 4 * second) / 2 / mean)
    assert found.snips_hr == pytest.approx(1.0)
    assert found.effective == pytest.approx(25 / 17)
    flat = debiased(lambda rows: np.tile([3.0, 2.0, 1.0], (len(rows), 1)), cases, counts, 0.0, 10.0)
    assert flat.ips == flat.snips == pytest.approx(flat.ndcg)
