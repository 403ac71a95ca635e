"""Link prediction: what is held out, what ranks mean, how far probabilities go, and what may be predicted."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import GraphError
from core.graph.embedding import EmbeddingConfig, Triples, divided
from core.graph.embedding.calibration import Platt, reliability
from core.graph.embedding.doubt import doubts
from core.graph.embedding.measure import ranks
from core.graph.embedding.predict import functional, predict
from tests.contract.test_scorers import RELATIONS, shelf_world

QUICK = EmbeddingConfig(dim=16, steps=40)


def test_nothing_is_held_out_that_is_in_no_trained_fact() -> None:
    parts = divided(Triples.of(shelf_world()), seed=5)
    assert len(parts.train) + len(parts.valid) + len(parts.test) == len(parts.all)
    assert len(parts.valid) == len(parts.test) == 32
    for held in (parts.valid, parts.test):
        assert np.isin(held.rows[:, 0], parts.train.rows[:, 0]).all()
        assert np.isin(held.rows[:, 2], parts.train.rows[:, 2]).all()
    again = divided(Triples.of(reversed(shelf_world())), seed=5)
    assert again.test.facts == parts.test.facts, "the order of the facts does not matter"


def test_ranks_leave_other_true_values_out_and_share_ties() -> None:
    known = Triples.of(shelf_world(16, 4)[:8])
    held = known.take(np.array([0]))
    tied = ranks(lambda heads, relation, tails: np.zeros((len(heads), len(tails))), held, known)
    others = len(known.tails[int(held.rows[0, 1])]) - 1
    assert tied[0] == 1 + others / 2


def test_a_missing_fact_is_predicted_with_the_products_that_support_it() -> None:
    facts = [fact for fact in shelf_world() if fact.id != "0-usedfor:0"]
    told = predict(facts, QUICK, most=5)
    first = told.predictions[0]
    assert (first.subject, first.relation, first.object) == ("product:000", "usedFor", "usedfor:0")
    assert first.probability > 0.5
    assert first.support
    assert all(int(node.removeprefix("product:")) % 8 == 0 for node in first.support)
    assert told.measured.mrr > told.frequency.mrr


def test_what_is_not_wanted_and_second_values_are_not_predicted() -> None:
    facts = [fact for fact in shelf_world() if fact.id != "0-usedfor:0"]
    assert functional(Triples.of(facts)) == {"material", "usedFor", "usedIn", "style"}
    told = predict(facts, QUICK, wanted=lambda subject, relation, node: subject != "product:000")
    assert not told.predictions, "only product 0 lacks a value of a relation that has one"


def test_a_fact_on_the_wrong_shelf_is_doubted_most() -> None:
    facts = [
        fact
        if fact.id != "0-usedfor:0"
        else type(fact)("wrong", "product:000", "usedFor", "usedfor:9", ("a",), 1.0)
        for fact in shelf_world(80, 10, (*RELATIONS, "scent", "color", "audience", "feature"))
    ]
    found = doubts(facts, EmbeddingConfig(dim=16, steps=80, learning_rate=0.05))
    assert found[0].fact_id == "wrong"
    assert np.mean([doubt.place for doubt in found]) < 0.1


def test_probabilities_follow_the_answers() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(4000, 1))
    true = random.random(4000) < 1 / (1 + np.exp(-(2 * features[:, 0] - 1)))
    curve = Platt.fit(features[:2000], true[:2000])
    believed = reliability(curve.probability(features[2000:]), true[2000:])
    assert believed.error < 0.04
    flat = Platt.fit(features[:98], np.zeros(98, bool)).probability(features[:3])
    np.testing.assert_allclose(flat, 0.01)


def test_too_few_facts_are_told() -> None:
    with pytest.raises(GraphError, match="an embedding needs 20"):
        predict(shelf_world(3, 3), QUICK)
