"""Examples of training: which products are answers, and of what histories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommend.baselines import fit
from core.recommend.batches import SEVERAL, Batch, Examples, horizon_of
from core.recommend.data import Interactions, leave_one_out
from core.recommend.sampling import Sampler
from tests.recommend_world import cut, interactions


def batches(data: Interactions, horizon: int, sampled: bool = False) -> list[Batch]:
    examples = Examples(
        data, fit("itemknn", data, {"shrink": 5.0, "decay": 0.7}), None,
        folds=2, length=6, batch=16, scale=1.0, seed=3, horizon=horizon,
        sampler=Sampler.of(data.counts, 10) if sampled else None,
    )  # fmt: skip
    return list(examples.epoch(0))


def test_the_very_next_product_is_the_answer_where_each_question_has_one() -> None:
    one = leave_one_out(interactions())
    assert horizon_of(0, one.valid) == 1
    assert horizon_of(0, cut().valid) == SEVERAL
    assert horizon_of(5, one.valid) == 5
    for batch in batches(one.train, 1):
        inside = batch.step + 1 < batch.history.shape[1]
        following = batch.history[batch.row[inside], batch.step[inside] + 1]
        # The window's last product is padded where the history is shorter.
        assert np.all((following == batch.target[inside]) | (following == 0))


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
