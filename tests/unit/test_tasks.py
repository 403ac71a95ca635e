"""Task models: nothing leaks, nothing of the test is learned from, answers and their explanations are one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import Derivation, Fact
from core.errors import ConfigError, DataError
from core.explain.reference import Reference
from core.explain.shapley import attribute
from core.explain.task_report import task_explanation
from core.recommend.tasks import kept
from core.recommend.tasks.answer import Scale, fitted
from core.recommend.tasks.baselines import baselines
from core.recommend.tasks.classes import class_examples, without
from core.recommend.tasks.config import Kind, task_config
from core.recommend.tasks.examples import cut_in_time, folds
from core.recommend.tasks.experiment import fit, outputs_of, world_of
from core.recommend.tasks.figures import auc, calibration_error, measured
from core.recommend.tasks.names import Names
from core.recommend.tasks.pairs import DAY, VISIT, Step, need_examples
from core.recommend.tasks.record import Record, unseen_offsets
from core.storage.workspaces import Workspace
from tests.recommend_world import facts, products
from tests.task_world import FORMS, examples_of, model_of, outcome_of, small_task

KINDS = list(Kind)
HISTORY = ("p03", "p07", "p15")


def asked(kind: Kind):
    model = model_of(kind)
    needs = model.encoding.needs[:1] if kind is Kind.NEED else ()
    return model.asked(model.outputs[-1], "s03", needs)


@pytest.mark.parametrize("kind", KINDS)
def test_shares_add_up_to_the_served_answer(kind: Kind) -> None:
    question = asked(kind)
    for product in ("p11", "p46"):
        found = attribute(question, HISTORY, product)
        assert found.additivity_error < 1e-9
        assert found.score == pytest.approx(
            question.score(HISTORY)[question.product_ids.index(product)], abs=1e-12
        )
        assert len(found.names) <= 12


@pytest.mark.parametrize("kind", KINDS)
def test_an_unchanged_input_gives_the_served_answer(kind: Kind) -> None:
    question, product = asked(kind), "p11"
    served = question.score(HISTORY)[11]
    every = [fact.id for fact in question.facts_of(product)]
    assert question.score_fact_sets(HISTORY, product, [every])[0] == pytest.approx(served, abs=1e-6)
    assert question.score_texts(HISTORY, product, [question.text(product)])[0] == pytest.approx(
        served, abs=1e-6
    )
    assert question.score_histories([HISTORY], product)[0] == pytest.approx(served, abs=1e-12)


def test_a_product_as_its_own_background_leaves_nothing_to_its_groups() -> None:
    question = asked(Kind.CLASS)
    found = attribute(question, (), "p11", reference=Reference("p11"))
    assert np.abs(found.values).max() < 1e-12


def test_chances_of_classes_sum_to_one_and_any_class_can_be_asked_for() -> None:
    model = model_of(Kind.CLASS)
    told = model.told([product.id for product in model.products])
    assert told.sum(1) == pytest.approx(1.0)
    scores = [model.asked(name).score(())[5] for name in model.classes]
    assert scores == pytest.approx(told[5])
    with pytest.raises(ConfigError, match="no class"):
        model.asked("use:nothing")


def test_the_answer_is_nowhere_in_what_is_seen() -> None:
    examples, _parts = examples_of(Kind.CLASS)
    assert all(fact.relation != "usedFor" for rows in examples.facts.values() for fact in rows)
    model = model_of(Kind.CLASS)
    assert "camping" not in (
        model.encoding.vocabulary.lexicon.vocabulary if model.encoding.vocabulary.lexicon else {}
    )
    one, other = (
        model.asked().score_texts((), "p03", [f"A lamp for {use}"]) for use in ("camping", "TRAVEL")
    )
    assert one == pytest.approx(other, abs=1e-12)


def test_facts_that_follow_from_the_answer_are_left_out_too() -> None:
    def fact(name: str, relation: str, node: str, *premises: str) -> Fact:
        ways = (Derivation("r", premises),) if premises else ()
        return Fact(name, "product:p", relation, node, () if premises else ("a",), 0.9, derivations=ways)

    told = {
        "p": [
            fact("1", "usedFor", "use:camping"),
            fact("2", "suitedTo", "suitability:outdoors", "1"),
            fact("3", "feature", "feature:light", "2"),
            fact("4", "feature", "feature:camping chair"),
            fact("5", "material", "material:steel"),
        ]
    }
    left = without(told, "usedFor", Names.of(["camping"]))
    assert [f.id for f in left["p"]] == ["5"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_test_is_learned_from(kind: Kind) -> None:
    """Answers of the test that are no numbers would spoil whatever is computed with them."""
    examples, parts = examples_of(kind)
    part = parts[0]
    target = examples.target.copy()
    target[part.test] = np.nan
    blind = replace(examples, target=target)
    made = fit(blind, part, small_task(kind), None)
    world = world_of(blind, made.encoding, None)
    told = made.scale.told(kind, outputs_of(blind, part.test, world, made.weights, made.record))
    assert np.isfinite(told).all()
    before, after = baselines(examples, part), baselines(blind, part)
    assert before.keys() == after.keys()
    assert all(before[name] == pytest.approx(after[name], abs=1e-6) for name in before)


def test_folds_test_each_product_once_and_apart_from_what_is_trained_on() -> None:
    target = np.repeat(np.arange(4.0), 12)
    *parts, served = folds(target, 4, 0.2, 0)
    assert sorted(np.concatenate([part.test for part in parts])) == list(range(48))
    for part in parts:
        assert not set(part.test) & {*part.train, *part.valid}
        assert len(set(target[part.test])) == 4
    assert len(served.test) == 0
    assert len(served.train) + len(served.valid) == 48


def test_an_answer_that_is_not_known_before_the_cut_is_not_trained_on() -> None:
    time = np.arange(100) * DAY / 4
    (part,) = cut_in_time(time, 0.2, 0.2, 0, gap=DAY)
    assert time[part.train].max() + DAY <= time[part.valid].min()
    assert time[part.valid].max() + DAY <= time[part.test].min()


def test_a_history_ends_before_the_visit_and_holds_not_the_product() -> None:
    at = 1_000_000.0
    steps = [
        Step("s", "p01", at - 10 * DAY, True),
        Step("s", "p02", at - VISIT / 2, True),
        Step("s", "p03", at, False),
        Step("s", "p03", at + 60, True),
        Step("s", "p01", at + 120, False),
        *(Step(f"t{n}", "p05", at + n * DAY, n % 2 == 0) for n in range(24)),
    ]
    examples, _parts = need_examples(products(), facts(), steps, small_task(Kind.NEED, negatives="seen"))
    row = next(at for at in range(len(examples)) if examples.products[examples.product[at]].id == "p03")
    assert examples.target[row] == 1
    assert [examples.products[p].id for p in examples.histories[row]] == ["p01"]


def test_needs_alone_and_history_tell_what_a_shopper_takes() -> None:
    models = outcome_of(Kind.NEED).metrics["models"]
    assert models["network"]["auc"]["low"] > 0.65
    assert models["network"]["log_loss"]["value"] < models["records"]["log_loss"]["value"]
    model = model_of(Kind.NEED)
    camping = [p.id for p in model.products if "camping" in p.title]
    others = [p.id for p in model.products if "camping" not in p.title]
    wanted, plain = (model.told([*camping, *others], needs=needs)[:, 0] for needs in (["use:camping"], []))
    gain = wanted - plain
    assert gain[: len(camping)].mean() > gain[len(camping) :].mean()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=6, max_size=20))
def test_no_rating_speaks_for_itself(given_stars: list[tuple[int, int]]) -> None:
    base = examples_of(Kind.RATING)[0]
    n = len(given_stars)
    examples = replace(
        base,
        product=np.array([p for p, _ in given_stars]),
        target=np.array([float(v) for _, v in given_stars]),
        shopper=np.full(n, -1),
        histories=(np.empty(0, np.int64),) * n,
    )
    rows = np.arange(n)
    offsets = unseen_offsets(examples, rows)
    sums = np.bincount(examples.product, examples.target)
    counts = np.bincount(examples.product)
    mean = examples.target.mean()
    for at in rows:
        own = examples.product[at]
        expected = (sums[own] - examples.target[at] + 8 * mean) / (counts[own] - 1 + 8)
        assert offsets[at] == pytest.approx(expected)
    assert Record.of(examples, rows).offsets(examples.product, examples.shopper).shape == (n,)


@given(st.text("ab 钢硅 ", max_size=30), st.lists(st.text("ab钢硅", min_size=2, max_size=3), max_size=4))
def test_hidden_words_are_gone_and_the_rest_stays_in_place(text: str, forms: list[str]) -> None:
    names = Names.of(forms)
    shown = names.hide(text)
    assert len(shown) == len(text)
    assert all(now in (was, " ") for now, was in zip(shown, text, strict=True))
    assert not names.within(shown)


def test_a_scale_makes_overconfident_chances_true() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 1))
    target = (random.random(4000) < 1 / (1 + np.exp(-logits[:, 0]))).astype(float)
    loud = 4 * logits
    scale = fitted(Kind.NEED, loud, target, target)
    plain, told = Scale().told(Kind.NEED, loud), scale.told(Kind.NEED, loud)
    assert calibration_error(told, target) < 0.03 < calibration_error(plain, target)
    assert auc(told, target) == pytest.approx(auc(plain, target))


def test_intervals_hold_their_figure() -> None:
    random = np.random.default_rng(1)
    target = random.integers(0, 2, 200).astype(float)
    told = {"m": np.clip(target[:, None] * 0.4 + 0.3 + random.normal(size=(200, 1)) / 5, 0.01, 0.99)}
    for bounds in measured(Kind.NEED, told, target, np.arange(200) // 4)["m"].values():
        assert bounds.low <= bounds.value * 1.2
        assert bounds.low <= bounds.high


def test_a_kept_model_answers_as_before(workspace: Workspace) -> None:
    for number, kind in enumerate(KINDS):
        card = kept.Card(f"t{number}", kind.value, small_task(kind), "hash", float(number))
        kept.keep(workspace, card, examples_of(kind)[0], outcome_of(kind), None)
        model, again = model_of(kind), kept.load(workspace, card.id)
        ids = [product.id for product in model.products]
        assert np.array_equal(model.told(ids, HISTORY, "s03"), again.told(ids, HISTORY, "s03"))
    assert [card.id for card in kept.cards(workspace)] == ["t2", "t1", "t0"]
    kept.rename(workspace, "t1", "Stars")
    assert kept.card_of(workspace, "t1").name == "Stars"
    kept.remove(workspace, "t1")
    assert [card.id for card in kept.cards(workspace)] == ["t2", "t0"]


def test_an_explanation_has_groups_words_and_a_card_of_its_own() -> None:
    found = task_explanation(asked(Kind.CLASS), (), "p11")
    assert found["faithfulness"]["additivity_error"] < 1e-9
    assert sum(group["shap"] for group in found["groups"]) + found["base"] == pytest.approx(found["answer"])
    assert found["words"]["shap"]
    assert found["words"]["lime"]
    assert found["facts"]


def test_too_little_is_said_to_be_too_little() -> None:
    with pytest.raises(DataError, match="Fewer than two values"):
        class_examples(products(), facts(), FORMS, small_task(Kind.CLASS, target="material"))
    with pytest.raises(DataError, match="shoppers' choices"):
        need_examples(products(), facts(), [], small_task(Kind.NEED))
    with pytest.raises(ConfigError):
        task_config({"kind": "colour"})


def test_of_several_values_the_first_named_counts_or_none() -> None:
    told = {p: list(rows) for p, rows in facts().items()}
    other = replace(told["p01"][0], id="other", object="use:camping", subject="product:p01")
    told["p01"].append(other)
    places = {told["p01"][0].id: (True, "p01/description", 9), "other": (False, "p01/title", 20)}

    def class_of_p01(**values: object) -> str | None:
        examples, _parts = class_examples(products(), told, FORMS, small_task(Kind.CLASS, **values), places)
        rows = np.flatnonzero(examples.product == 1)
        return examples.classes[int(examples.target[rows[0]])] if len(rows) else None

    assert class_of_p01() == "use:camping"
    assert class_of_p01(several="leave") is None
