"""Training: it goes on exactly where it stopped, stops when asked, and knows what the graph is worth."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from core.domain import Fact, Product
from core.errors import Cancelled
from core.recommend.config import GraphKind, GraphLoss
from core.recommend.experiment import Hooks, run_training
from core.recommend.features import training_facts
from core.recommend.forecast import forecast
from core.recommend.measure import Measured
from core.recommend.newcomers import extended
from core.recommend.prepare import Prepared, prepare
from core.recommend.rank import Recommender
from core.recommend.reasons import reasons, reasons_of_all
from core.recommend.train import Trainer
from core.recommend.verdict import verdict
from tests.recommend_world import cut, facts, interactions, outcome, products, small_config

HISTORY = ["p00", "p04", "p08", "p12"]


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(cut(), products(), facts(), small_config(), baselines=("itemknn",))


def weights(trainer: Trainer) -> np.ndarray:
    return np.concatenate([value.detach().numpy().ravel() for value in trainer.network.parameters()])


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"loss": "sampled_softmax", "negatives": 12, "contrastive_weight": 0.5, "debias": "training"},
    ],
)
def test_a_run_that_was_interrupted_ends_as_one_that_was_not(
    prepared: Prepared, values: dict[str, Any]
) -> None:
    config = small_config(**values)
    whole = Trainer(prepared, config)
    expected = whole.run()
    kept: list[bytes] = []

    def keep(checkpoint: dict[str, Any]) -> None:
        file = io.BytesIO()
        torch.save(checkpoint, file)
        kept.append(file.getvalue())

    def stop() -> None:
        if kept:
            raise Cancelled("Asked to stop.")

    with pytest.raises(Cancelled):
        Trainer(prepared, config).run(check=stop, save=keep)
    resumed = Trainer(prepared, config)
    found = resumed.run(resume=torch.load(io.BytesIO(kept[0]), weights_only=True))
    assert np.array_equal(weights(resumed), weights(whole))
    assert [line.valid for line in found.curves] == [line.valid for line in expected.curves]
    assert found.mix == expected.mix


@pytest.mark.parametrize("kind", [GraphLoss.TRANSE, GraphLoss.DISTMULT, GraphLoss.ROTATE])
def test_each_graph_loss_falls_while_it_is_trained(prepared: Prepared, kind: GraphLoss) -> None:
    config = small_config(graph_loss=kind, graph_weight=10.0, learning_rate=0.02, epochs=6, patience=6)
    curves = Trainer(prepared, config).run().curves
    assert curves[-1].graph_loss < curves[0].graph_loss


@pytest.mark.parametrize("values", [{"loss": "bpr"}, {"optimiser": "sgd"}, {"layers": 0}])
def test_the_other_losses_optimisers_and_depths_learn_too(prepared: Prepared, values: dict[str, Any]) -> None:
    config = small_config(learning_rate=0.01, epochs=6, patience=6, id_dropout=0.0, **values)
    # From sizes that were fitted beforehand a few steps have little left to gain.
    unfitted = prepared.network(config).state_dict()
    curves = Trainer(prepared, config, unfitted).run().curves
    assert curves[-1].rank_loss < curves[0].rank_loss


def test_training_stops_when_validation_no_longer_gets_better(prepared: Prepared) -> None:
    # So high a rate undoes what the start has, so the first epochs stay the best.
    config = small_config(epochs=30, patience=1, learning_rate=0.5)
    curves = Trainer(prepared, config).run().curves
    assert len(curves) < 30
    assert curves[-1].valid <= max(line.valid for line in curves)


def test_without_a_graph_no_fact_is_used_and_the_control_breaks_the_tie_to_the_taste() -> None:
    none = prepare(cut(), products(), facts(), small_config(graph="none"), baselines=("itemknn",))
    assert none.vocabulary.table.groups == ()
    assert all(len(row) == 0 for row in none.features.facts)
    shuffled = prepare(cut(), products(), facts(), small_config(graph="shuffled"), baselines=("itemknn",))
    real = prepare(cut(), products(), facts(), small_config(), baselines=("itemknn",))
    sizes = [sorted(map(tuple, made.features.facts)) for made in (real, shuffled)]
    assert sizes[0] == sizes[1]
    assert any(
        not np.array_equal(a, b) for a, b in zip(real.features.facts, shuffled.features.facts, strict=True)
    )


def test_facts_only_reviews_speak_for_are_kept_out_of_training_unless_asked_for() -> None:
    spoken = Fact("f1", "product:p", "praisedFor", "aspect:handle", ("a1",), 0.9)
    both = Fact("f2", "product:p", "material", "material:steel", ("a1", "a2"), 0.9)
    documents = {"a1": "review-9/text", "a2": "p/description"}
    assert training_facts([spoken, both], documents) == {"p": [both]}
    assert training_facts([spoken, both], documents, reviews=True) == {"p": [spoken, both]}


def test_the_graph_is_what_ranks_a_product_nobody_has_taken_yet() -> None:
    artefact = outcome().artefact
    known = artefact.vocabulary.table.column
    assert ("usedFor", "use:camping") in known
    fresh = [Product("new", "Brand new thing")]
    new = artefact.vocabulary.encode(
        fresh,
        {"new": [replace(facts()["p00"][0], subject="product:new")]},
        np.zeros(1, np.float32),
        None,
    )
    assert len(new.facts[0]) == 1
    joined = artefact.features.joined(new)
    assert joined.identity[-1] == -1


def test_a_newcomer_is_ranked_without_retraining(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    like, unlike = facts()["p00"], facts()["p01"]
    told = {
        "like": [replace(fact, subject="product:like") for fact in like],
        "unlike": [replace(fact, subject="product:unlike") for fact in unlike],
    }
    monkeypatch.setattr("core.recommend.newcomers.graph_facts", lambda *_args, **_kwargs: told)
    artefact = outcome().artefact
    # With the network's gate wide open, so that the test does not hang on what validation chose.
    opened = replace(artefact, mix=replace(artefact.mix, network=1.0), network=artefact.network.double())
    model = Recommender(extended(workspace, opened, [Product("like", "Thing"), Product("unlike", "Thing")]))
    scores = dict(zip(model.product_ids, model.score(HISTORY), strict=True))
    assert len(scores) == len(products()) + 2
    assert scores["like"] > scores["unlike"]
    assert model.facts_of("like") == tuple(told["like"])


def test_what_is_off_is_the_background_and_other_shoppers() -> None:
    artefact = outcome().artefact
    model = Recommender(
        replace(artefact, mix=replace(artefact.mix, network=1.0), network=artefact.network.double())
    )
    size, others = len(model.groups), [["p02", "p03", "p05"], ["p07", "p09"]]
    items = np.zeros((1, size), bool)
    items[:, 2:] = True
    strangers = model.score_histories(others, "p16").mean()
    assert model.score_coalitions(HISTORY, "p16", items, shoppers=others)[0] == pytest.approx(strangers)
    none = np.zeros((1, size), bool)
    same = model.score_coalitions(HISTORY, "p16", none, "p16", others)
    assert same[0] == pytest.approx(strangers), "a product stands in for itself"
    recent = np.ones((1, size), bool)
    recent[:, 1] = False
    assert model.score_coalitions(HISTORY, "p16", recent, "empty")[0] == pytest.approx(
        model.score_histories([HISTORY[2:]], "p16")[0]
    ), "beside nothing, a part is taken away"


def test_reasons_weigh_what_the_real_model_loses_and_are_the_same_for_a_list_as_one_by_one() -> None:
    artefact = outcome().artefact
    opened = replace(artefact, mix=replace(artefact.mix, network=1.0), network=artefact.network.double())
    model = Recommender(opened)
    listed = reasons_of_all(model, HISTORY, ["p16", "p17"])
    for one, product in zip(listed, ("p16", "p17"), strict=True):
        alone = reasons(model, HISTORY, product)
        assert [r.fact for r in one] == [r.fact for r in alone]
        # A batch of another size may add in another order: the last digit is not promised.
        assert [r.weight for r in one] == pytest.approx([r.weight for r in alone])
    (use,) = [reason for reason in listed[0] if reason.fact.relation == "usedFor"]
    assert use.shared_with == tuple(HISTORY)
    rest = {fact.id for fact in model.facts_of("p16")} - {use.fact.id}
    lost = model.score(HISTORY)[16] - model.score_fact_sets(HISTORY, "p16", [rest])[0]
    assert use.weight == pytest.approx(lost)
    assert not [reason for reason in listed[1] if reason.fact.relation == "usedFor"], "nobody shares that use"
    assert reasons_of_all(model, HISTORY, []) == []


def test_hooks_are_told_of_every_baseline_and_epoch() -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    config = small_config(graph=GraphKind.NONE, epochs=1)
    hooks = Hooks(emit=lambda kind, **data: told.append((kind, data)))
    chosen = ("popularity", "itemknn")
    run_training("r", config, cut(), interactions(), products(), {}, hooks=hooks, baselines=chosen)
    assert [data["name"] for kind, data in told if kind == "phase"] == ["prepare", "train", "measure"]
    assert [data["name"] for kind, data in told if kind == "baseline"] == ["popularity", "itemknn"]
    (epoch,) = [data for kind, data in told if kind == "epoch"]
    assert {"rank_loss", "graph_loss", "valid", "low", "high", "lr", "grad_norm", "samples_per_s"} <= set(
        epoch
    )
    assert epoch["low"] <= epoch["valid"] <= epoch["high"]


def measured(values: np.ndarray) -> Measured:
    none = {name: np.full(len(values), np.nan) for name in ("warm_item", "cold_item", "cold_shopper")}
    return Measured(dict.fromkeys(("ndcg@10", "hr@10", "recall@20", "mrr"), values), none, 1.0)


@pytest.mark.parametrize(
    ("shift", "opened", "size", "key"),
    [
        (0.1, True, 200, "verdict_better"),
        (-0.1, True, 200, "verdict_worse"),
        (0.0, True, 200, "verdict_same"),
        (0.0, False, 200, "verdict_closed"),
        (0.1, True, 20, "verdict_too_few"),
    ],
)
def test_the_verdict_says_what_the_numbers_say(shift: float, opened: bool, size: int, key: str) -> None:
    random = np.random.default_rng(3)
    base = random.random(size)
    model = base + shift + random.normal(0, 0.05, size) * (shift != 0)
    sentences, _ = verdict(measured(model), {"itemknn": measured(base)}, "itemknn", opened)
    assert sentences[0].key == key


def test_the_forecast_grows_with_what_is_asked_for() -> None:
    small = forecast(small_config(epochs=5), products=500, shoppers=500, events=5_000, groups=3)
    large = forecast(small_config(epochs=50), products=50_000, shoppers=5_000, events=50_000, groups=3)
    assert 0 < small.seconds < large.seconds
    assert small.memory_mb < large.memory_mb


def test_adversarial_training_adds_its_loss_and_every_run_says_what_an_attack_takes() -> None:
    config = small_config(epochs=2, adversarial="fgsm", adversarial_weight=0.5)
    hard = run_training("hard", config, cut(), interactions(), products(), facts())
    assert all(epoch.adversarial_loss > epoch.rank_loss for epoch in hard.curves)
    first = hard.curves[0]
    parts = first.rank_loss + config.graph_weight * first.graph_loss + 0.5 * first.adversarial_loss
    assert first.loss == pytest.approx(parts)
    assert all(epoch.adversarial_loss == epoch.attacked == 0 for epoch in outcome().curves)
    assert [epoch.best for epoch in hard.curves] == [True, hard.curves[1].goal > first.goal]
    for told in (hard.metrics["attacked"], outcome().metrics["attacked"]):
        assert set(told) == {"epsilon", "clean", "random", "fgsm", "pgd"}
        assert told["pgd"] <= told["clean"]
