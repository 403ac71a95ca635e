"""Tuning the text encoder: each way learns and comes back as it was kept, on training events and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import Cancelled, DataError
from core.llm.backbone import Backbone
from core.llm.encoder_kinds import EncoderKind, restore
from core.recommend.data import Interactions
from core.recommend.tuning.config import TuneConfig, config_of
from core.recommend.tuning.curves import Step
from core.recommend.tuning.material import fact_vectors, ground
from core.recommend.tuning.objectives import contrast
from core.recommend.tuning.pairs import Pairs
from core.recommend.tuning.phases import Material
from core.recommend.tuning.quality import Quality, validated
from core.recommend.tuning.trainer import Trained, Tuner
from core.storage.workspaces import Workspace
from tests import recommend_world as shop
from tests import tiny_encoder, tiny_model
from tests.devices import DEVICE
from tests.tiny_encoder import QUICK, TEXTS

TUNED = [kind for kind in EncoderKind if kind is not EncoderKind.FROZEN]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.make(tmp_path_factory.mktemp("llama"))


def pairs() -> Pairs:
    return Pairs.of(shop.cut().train, 5)


def tuner(
    base: Path,
    facts: NDArray[np.float32] | None = None,
    resume: dict[str, Any] | None = None,
    **values: Any,
) -> Tuner:
    material = Material(TEXTS, pairs(), facts)
    config = config_of({**QUICK, **values})

    def judge(found: NDArray[np.float32]) -> Quality:
        return validated(found, shop.cut())

    return Tuner(Backbone(str(base), DEVICE), material, config, judge, resume)


def pulled_apart(backbone: Backbone) -> float:
    """The contrastive loss of a fixed batch of training pairs, read without dropout."""
    found, known = torch.as_tensor(backbone.encode(TEXTS)), pairs()
    left, right = known.left[:64], known.right[:64]
    return float(contrast(found[left], found[right], torch.as_tensor(known.alike(left, right)), 0.07))


def losses(trained: Trained, phase: str) -> list[float]:
    return [step.loss for step in trained.steps if step.phase == phase]


@pytest.mark.parametrize("kind", TUNED)
def test_each_kind_learns_and_is_the_same_when_it_is_read_back(bert: Path, kind: EncoderKind) -> None:
    rate = {"full": 3e-3, "lora": 1e-2, "bottleneck": 1e-2}.get(kind.value, 3e-2)
    made = tuner(bert, kind=kind, learning_rate=rate)
    apart = [pulled_apart(made.backbone)]

    def at_last(step: Step) -> None:
        if step.step == made.total:
            apart.append(pulled_apart(made.backbone))

    trained = made.run(on_step=at_last)
    assert apart[1] < apart[0]
    before, after = trained.perplexity
    assert before is not None
    assert after is not None
    assert after < before
    again = Backbone(str(bert), DEVICE)
    restore(again, made.config, trained.state)
    np.testing.assert_array_equal(again.encode(TEXTS), made.backbone.encode(TEXTS))
    assert not np.allclose(again.encode(TEXTS), Backbone(str(bert), DEVICE).encode(TEXTS), atol=1e-4)
    whole = trained.counts["parameters"] == trained.counts["all_parameters"]
    assert whole == (kind is EncoderKind.FULL)


@pytest.mark.parametrize("kind", [EncoderKind.LORA, EncoderKind.PREFIX])
def test_a_decoder_is_tuned_too(llama: Path, kind: EncoderKind) -> None:
    made = tuner(llama, kind=kind, learning_rate=3e-2)
    assert made.backbone.style == "causal"
    trained = made.run()
    before, after = trained.perplexity
    assert before is not None
    assert after is not None
    assert after < before
    again = Backbone(str(llama), DEVICE)
    restore(again, made.config, trained.state)
    np.testing.assert_array_equal(again.encode(TEXTS), made.backbone.encode(TEXTS))


@pytest.mark.parametrize(
    ("device", "pairs", "given", "size"),
    [("cpu", 9_000, 0, 32), ("cuda", 9_000, 0, 40), ("cuda", 500, 0, 32), ("cuda", 500, 100, 100)],
)
def test_a_gpu_is_given_more_pairs_at_once_where_a_pass_keeps_its_steps(
    device: str, pairs: int, given: int, size: int
) -> None:
    assert config_of({"batch_size": given, "most_pairs": 2_000}).pairs_a_step(device, pairs) == size


def test_a_frozen_encoder_takes_no_step(bert: Path) -> None:
    trained = tuner(bert, kind="frozen").run()
    assert (trained.steps, trained.state, trained.counts["parameters"]) == ((), {}, 0)
    assert len(trained.checks) == 1


def test_a_text_longer_than_the_model_has_places_for_is_cut(bert: Path) -> None:
    long = "a thing for camping " * 200
    for kind in ("frozen", "prefix"):
        found = tuner(bert, kind=kind, pretrain_epochs=0, epochs=0).backbone.encode([long, long + "more"])
        np.testing.assert_array_equal(found[0], found[1])


def test_a_resumed_tuning_ends_with_the_same_weights(bert: Path) -> None:
    whole = tuner(bert, kind="adalora", pretrain_epochs=2).run()
    saved: list[dict[str, Any]] = []

    def stop(checkpoint: dict[str, Any]) -> None:
        saved.append(checkpoint)
        if len(saved) == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        tuner(bert, kind="adalora", pretrain_epochs=2).run(save=stop)
    resumed = tuner(bert, resume=saved[-1], kind="adalora", pretrain_epochs=2).run()
    assert [step.loss for step in resumed.steps] == [step.loss for step in whole.steps]
    for name, value in whole.state.items():
        torch.testing.assert_close(resumed.state[name], value, rtol=0, atol=0)


def test_pairs_are_made_of_training_events_only(workspace: Workspace) -> None:
    shop.fill(workspace)
    found = ground(workspace, TuneConfig(window=3))
    train = found.split.train
    taken = {shopper: history.tolist() for shopper, history in train.histories()}
    known = {
        frozenset(pair)
        for history in taken.values()
        for at, one in enumerate(history)
        for other in history[at + 1 : at + 4]
        if one != other
        for pair in [(one, other)]
    }
    made = {
        frozenset(pair)
        for pair in zip(*map(list, (found.material.pairs.left, found.material.pairs.right)), strict=True)
    }
    assert made == known
    assert found.split.cuts is not None
    assert train.time.max() < found.split.cuts[0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=40, max_size=80), st.integers(1, 4))
def test_later_events_change_no_pair(rows: list[tuple[int, int]], window: int) -> None:
    timed = [(f"s{shopper}", f"p{product}", float(at)) for at, (shopper, product) in enumerate(rows)]
    names = [f"p{product}" for product in range(12)]
    early = [row for row in timed if row[2] < 30]
    late = [*early, *(("s0", f"p{8 + at % 4}", 100.0 + at) for at in range(20))]
    try:
        first = Pairs.of(Interactions.of(early, names), window)
    except DataError:  # too few pairs is a fine answer for a small history
        return
    cut = Interactions.of(late, names)
    second = Pairs.of(cut.where(cut.time < 50), window)
    assert first.hash == second.hash
    assert set(first.left.tolist()) | set(first.right.tolist()) <= set(range(8))
    assert not (first.left == first.right).any()


def test_products_known_to_go_together_are_no_counterexamples() -> None:
    left = torch.eye(3)
    right = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    apart = contrast(left, right, torch.eye(3, dtype=torch.bool), 0.1)
    alike = torch.eye(3, dtype=torch.bool)
    alike[0, 1] = alike[1, 0] = True
    assert contrast(left, right, alike, 0.1) < apart


def test_facts_pull_texts_where_the_graph_counts(bert: Path) -> None:
    facts = fact_vectors(shop.facts(), [product.id for product in shop.products()])
    assert facts.shape[0] == shop.PRODUCTS
    np.testing.assert_allclose(np.linalg.norm(facts, axis=1), 1.0, rtol=1e-5)
    # Sharp, so that a handful of steps shows in the loss.
    plain = losses(tuner(bert, pretrain_epochs=0, temperature=0.07).run(), "contrast")
    joined = losses(
        tuner(bert, facts, pretrain_epochs=0, graph_weight=1.0, temperature=0.07).run(), "contrast"
    )
    assert joined[0] > plain[0]
    assert np.mean(joined[-4:]) < np.mean(joined[:4])
