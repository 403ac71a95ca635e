"""However a step is computed, in halves of precision, in pieces or by several processes, it is the same step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigError
from core.recommend.batches import Batch
from core.recommend.compute import ahead, half_of, largest
from core.recommend.config import TrainConfig
from core.recommend.prepare import Prepared, prepare
from core.recommend.train import Trainer
from tests.devices import only_cpu
from tests.recommend_world import cut, facts, products, small_config

STILL = {"dropout": 0.0, "graph_loss": "none", "epochs": 2}
"""With no dropout and no drawn facts a step is fixed by its shoppers."""


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(cut(), products(), facts(), small_config(), baselines=("itemknn",))


@pytest.fixture(scope="module")
def plain(prepared: Prepared) -> np.ndarray:
    return trained(prepared, small_config(**STILL))


def trained(prepared: Prepared, config: TrainConfig) -> np.ndarray:
    trainer = Trainer(prepared, config)
    trainer.run()
    return weights(trainer)


def weights(trainer: Trainer) -> np.ndarray:
    return np.concatenate([value.detach().cpu().numpy().ravel() for value in trainer.network.parameters()])


def test_mixed_precision_learns_the_same_from_coarser_numbers(prepared: Prepared) -> None:
    whole, half = (
        Trainer(prepared, small_config(precision=name)).run().curves for name in ("float32", "bf16")
    )
    assert {line.precision for line in half} == {"bf16"}
    losses = [line.rank_loss for line in half]
    assert losses != [line.rank_loss for line in whole]
    assert losses == pytest.approx([line.rank_loss for line in whole], rel=0.02)


def test_the_format_follows_the_device_and_float16_is_refused_off_cuda() -> None:
    assert half_of("auto", "cpu") is half_of("float32", "cuda:1") is None
    assert half_of("bf16", "cpu") is torch.bfloat16
    assert half_of("fp16", "cuda") is torch.float16
    with pytest.raises(ConfigError) as caught:
        half_of("fp16", "cpu")
    assert caught.value.where == "precision"


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(1, 4_096), st.integers(1, 10_000))
def test_the_search_for_a_batch_ends_at_a_size_that_fits_and_whose_double_does_not(
    start: int, most: int, limit: int
) -> None:
    tried: list[int] = []

    def fits(size: int) -> bool:
        tried.append(size)
        return size <= limit

    found = largest(start, max(start, most), fits)
    assert found <= limit
    if found < start:  # halved from a size that did not fit
        assert found * 2 + 1 > limit
    else:
        assert found * 2 > min(limit, max(start, most))
    assert len(tried) <= 2 * 14


@given(st.lists(st.integers(), max_size=9), st.integers(0, 9))
def test_items_made_ahead_are_the_same_ones_and_an_error_among_them_comes_in_its_place(
    items: list[int], end: int
) -> None:
    def made() -> Iterator[int]:
        yield from items[:end]
        if end < len(items):
            raise ArithmeticError("no more")

    given, found = made(), list[int]()
    try:
        found.extend(ahead(given))
    except ArithmeticError:
        assert end < len(items)
    else:
        assert end >= len(items)
    assert found == items[:end]


def test_a_shopper_that_does_not_fit_alone_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(ConfigError) as caught:
        largest(32, 64, lambda size: False)
    assert caught.value.where == "batch_size"
    assert "sampled" in caught.value.remedy


def short_of_memory(trainer: Trainer, most: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From now on a batch of more than ``most`` shoppers runs out of memory; the sizes that were computed."""
    original, sizes = trainer.objective.parts, list[int]()

    def parts(batch: Batch, *rest: Any) -> Any:
        if len(batch.history) > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        sizes.append(len(batch.history))
        return original(batch, *rest)

    monkeypatch.setattr(trainer.objective, "parts", parts)
    return sizes


def test_a_step_that_does_not_fit_is_taken_in_pieces_to_the_same_end(
    prepared: Prepared, plain: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(prepared, small_config(**STILL))
    sizes = short_of_memory(trainer, 10, monkeypatch)
    trainer.run()
    assert trainer.steps.pieces == 4
    assert max(sizes) <= 10
    assert weights(trainer) == pytest.approx(plain, abs=2e-4)


def test_where_not_even_one_shopper_fits_the_run_fails_as_what_it_is(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(prepared, small_config(**STILL))
    short_of_memory(trainer, 0, monkeypatch)
    with pytest.raises(torch.OutOfMemoryError):
        trainer.run()


@only_cpu
def test_the_batch_that_was_found_is_kept_over_a_resume(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = small_config(**STILL, find_batch=True, batch_size=4)
    trainer = Trainer(prepared, config)
    assert trainer.run().curves[0].batch == 4, "on the CPU the batch stays as it is"
    monkeypatch.setattr("core.recommend.train.STEPS_AN_EPOCH", 2)
    short_of_memory(trainer, 20, monkeypatch)
    trainer.find_batch()
    assert trainer.examples.batch == 16
    again = Trainer(prepared, config)
    again.run(resume=trainer._checkpoint())
    assert again.examples.batch == 16


@only_cpu
def test_two_processes_share_a_step_to_the_same_end(prepared: Prepared, plain: np.ndarray) -> None:
    assert trained(prepared, small_config(**STILL, processes=2)) == pytest.approx(plain, abs=2e-4)
