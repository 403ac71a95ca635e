"""Examples of training: which products are answers, and of what histories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommend.baselines import fit
from core.recommend.batches import SEVERAL, Batch, Examples, horizon_of
from core.recommend.data import Cases, Interactions
from core.recommend.sampling import Sampler
from tests.recommend_world import cut


def batches(data: Interactions, horizon: int, sampled: bool = False) -> list[Batch]:
    examples = Examples(
        data, fit("itemknn", data, {"shrink": 5.0, "decay": 0.7}), None,
        folds=2, length=6, batch=16, scale=1.0, seed=3, horizon=horizon,
        sampler=Sampler.of(data.counts, 10) if sampled else None,
    )  # fmt: skip
    return list(examples.epoch(0))


@pytest.mark.parametrize(
    ("answers", "wanted", "horizon"),
    [((1, 1, 1), 0, 1), ((1, 1, 2), 0, 1), ((1, 4, 7), 0, SEVERAL), ((1, 4, 7), 3, 3), ((1, 1, 1), 3, 3)],
)
def test_training_answers_as_the_split_asks_unless_told_otherwise(
    answers: tuple[int, ...], wanted: int, horizon: int
) -> None:
    targets = tuple(np.arange(many, dtype=np.int32) for many in answers)
    shoppers = np.arange(len(answers), dtype=np.int32)
    assert horizon_of(wanted, Cases(shoppers, targets, targets)) == horizon


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=12), min_size=6, max_size=8),
    st.integers(1, 20),
    st.booleans(),
)
def test_an_answer_comes_later_within_the_horizon_and_is_new(
    rows: list[list[int]], horizon: int, sampled: bool
) -> None:
    events = [(f"s{k}", f"p{p}", float(t)) for k, row in enumerate(rows) for t, p in enumerate(row)]
    data = Interactions.of(events, [f"p{p}" for p in range(10)])
    every = np.arange(10)
    histories = {tuple(row) for _, row in data.histories()}
    for batch in batches(data, horizon, sampled):
        names = every if batch.products is None else batch.products
        for row, step, target in zip(batch.row, batch.step, batch.target, strict=True):
            before = names[batch.history[row, : step + 1]].tolist()
            answer = int(names[target])
            assert answer not in before
            assert any(
                list(history[at : at + len(before)]) == before
                and answer in history[at + len(before) : at + len(before) + horizon]
                for history in histories
                for at in range(len(history))
            )


def test_the_sample_ranks_neither_the_answer_nor_what_the_shopper_has() -> None:
    data = cut().train
    for batch in batches(data, 4, sampled=True):
        assert batch.sample is not None
        assert batch.products is not None
        ranked = np.ones(batch.baseline.shape, bool)
        ranked[batch.seen] = False
        for k, places in enumerate(ranked):
            free = set(batch.sample.places[places].tolist())
            had = batch.history[batch.row[k], : batch.step[k] + 1]
            assert not free & {*had.tolist(), int(batch.target[k])}
            assert free | {*had.tolist(), int(batch.target[k])} >= set(batch.sample.places.tolist())
        example, drawn = np.nonzero(batch.sample.places == batch.target[:, None])
        assert len(example)
        assert batch.baseline[example, drawn] == pytest.approx(batch.sample.own[example])
