"""Folds that leak nothing, a law that foresees, and a stage that judges each text by what never saw it."""

from __future__ import annotations

import random
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain import EntryKind
from core.errors import Cancelled, ConfigError, DataError
from core.extract import methods
from core.extract.folds import first, folds, sizes, some
from core.extract.labelled import Labelled
from core.extract.learning import fit, half_width, prospect
from core.extract.tokens import fold
from core.graph.log import Log
from core.graph.review_log import Choice, corrected, decide
from core.jobs import Context, Jobs, run_inline, worker
from core.llm import registry
from core.llm.base import Completion
from core.stages import REGISTRY
from core.stages.evaluate_plan import forecast, material, parse, parts, size_of
from core.stages.evaluate_result import kept, load
from core.stages.evaluate_texts import keep_file, reviewed, sample
from core.storage.workspaces import Workspace
from tests.evaluate_world import Teacher, jsonl, settings_of
from tests.graph_world import SHOP, fill, put_products, read
from tests.graph_world import document as text_of

TEXTS = st.lists(
    st.tuples(st.sampled_from(["a cup", "A  cup", "b", "c", "d", "e", "f 1", "杯"]), st.sampled_from("XYZ")),
    max_size=40,
)


def labelled(pairs: Sequence[tuple[str, str]]) -> list[Labelled]:
    return [Labelled(str(at), category, text, {}) for at, (text, category) in enumerate(pairs)]


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch) -> Teacher:
    made = Teacher()
    monkeypatch.setattr(methods, "taught", made)
    return made


def evaluate(workspace: Workspace, **params: Any) -> dict[str, Any]:
    run_inline(workspace, "evaluate", REGISTRY, params)
    return load(workspace, Jobs(workspace).list("evaluate")[0].id)


@given(TEXTS, st.integers(2, 5), st.randoms(use_true_random=False))
def test_each_text_is_judged_once_and_never_learned_from_there(
    pairs: list[tuple[str, str]], count: int, chosen: random.Random
) -> None:
    items = labelled(pairs)
    if len({fold(text) for text, _ in pairs}) < count:
        with pytest.raises(DataError):
            folds(items, count)
        return
    made = folds(items, count)
    assert sorted(at for one in made for at in one.test) == list(range(len(items)))
    for one in made:
        assert one.test
        assert sorted((*one.train, *one.test)) == list(range(len(items)))
        assert not {fold(items[at].text) for at in one.train} & {fold(items[at].text) for at in one.test}
    mixed = list(pairs)
    chosen.shuffle(mixed)
    again = labelled(mixed)
    assert [sorted(pairs[at] for at in one.test) for one in made] == [
        sorted(mixed[at] for at in one.test) for one in folds(again, count)
    ]


def test_parts_of_the_texts_keep_their_mix_and_smaller_ones_are_within_larger_ones() -> None:
    items = labelled([(f"text {n}", "rare" if n % 10 == 0 else "common") for n in range(200)])
    few = some(items, 50)
    assert len(few) == 50
    assert sum(items[at].category == "rare" for at in few) in (4, 5, 6)
    for one in folds(items, 4):
        assert sum(items[at].category == "rare" for at in one.test) in (4, 5, 6)
        chain = [set(first(items, one.train, size)) for size in (10, 50, 150)]
        assert [len(part) for part in chain] == [10, 50, 150]
        assert chain[0] < chain[1] < chain[2] == set(one.train)
    assert some(labelled([("same", "X")] * 5), 3) == [0, 1, 2]
    assert sizes(9) == [9]
    assert sizes(60) == [10, 24, 60]
    assert sizes(1500) == [10, 50, 300, 1500]


def test_the_law_is_found_again_and_foresees_what_ten_more_give() -> None:
    def curve(a: float) -> list[tuple[int, float]]:
        return [(n, a - 1.2 * n**-0.5) for n in (10, 50, 300)]

    law = fit(curve(0.9))
    assert law is not None
    assert (law.a, law.b, law.c) == pytest.approx((0.9, 1.2, 0.5), abs=1e-6)
    outlook = prospect([curve(0.9), curve(0.86), curve(0.88)])
    assert outlook is not None
    assert outlook.texts == 300
    assert outlook.gain == pytest.approx(1.2 * (300**-0.5 - 310**-0.5), rel=1e-6)
    assert outlook.low <= outlook.gain <= outlook.high
    assert prospect([curve(0.9)[:2]]) is None
    falling = fit([(10, 0.9), (50, 0.8), (300, 0.7)])
    assert falling is not None
    assert falling.at(310) == pytest.approx(0.8), "more labels are never foreseen to do harm"
    assert half_width([0.5]) is None
    assert half_width([0.4, 0.5, 0.6]) == pytest.approx(4.303 * 0.1 / 3**0.5)


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 1)), min_size=3, max_size=6))
def test_no_law_foresees_more_than_everything_or_a_fall(points: list[tuple[int, float]]) -> None:
    law = fit(points)
    if law is not None:
        assert law.at(10**6) <= 1.0 + 1e-9
        assert law.at(10_010) >= law.at(10_000) - 1e-12


def test_every_text_is_judged_by_what_never_saw_it(workspace: Workspace, teacher: Teacher) -> None:
    result = evaluate(workspace, **settings_of(keep_file(workspace, jsonl(30))))
    assert result["n"] == 30
    by = result["by_attribute"]
    assert by["Brand"]["vc"] == 0, "a brand stands in one text only, so nothing can have learned it"
    assert (by["Color"]["f1"], by["Size"]["f1"]) == (1.0, 1.0)
    assert by["Origin"]["nv"] == 30
    assert result["mistakes"] == {"missed": 30, "invented": 30}
    assert result["strict"]["precision"] == pytest.approx(60 / 90)
    assert result["absent_left_empty"] == 0.0
    assert result["reliability"] == [[pytest.approx(0.3), 0.0, 30], [pytest.approx(0.9), 1.0, 60]]
    assert result["ece"] == pytest.approx((0.3 * 30 + 0.1 * 60) / 90)
    found = result["review"]
    assert (found["wrong_share"], found["first_tenth"]) == (pytest.approx(1 / 3), pytest.approx(0.3))
    assert found["first_tenth_by_value"] == pytest.approx(0.9), "two of 18 looks hold all that was made up"
    assert found["curves"]["by_value"][10] == found["same_looks_by_value"] == 1.0, "nine looks hold both"
    assert [len(lesson) for lesson in teacher.lessons] == [20, 20, 20]
    wrong = next(one for one in result["wrong"] if one["mistake"] == "invented")
    text = result["texts"][wrong["text"]]
    assert text[slice(*wrong["span"])] == wrong["value"] == "last"
    assert len(result["folds"]) == 3
    assert [path.stem for path in kept(workspace)] == [result["id"]]


def test_progress_is_told_by_fold_and_epoch(workspace: Workspace, teacher: Teacher) -> None:
    evaluate(workspace, **settings_of(keep_file(workspace, jsonl(30)), folds=2))
    job = Jobs(workspace).list("evaluate")[0]
    assert job.fraction == 1.0
    told = [event for event in Jobs(workspace).events(job.id) if event.kind in ("part", "epoch", "scored")]
    assert [event.kind for event in told] == ["part", "epoch", "epoch", "scored"] * 2
    assert [event.data["fold"] for event in told] == [1] * 4 + [2] * 4
    assert told[0].data["folds"] == 2


def test_a_learning_curve_learns_from_more_and_more_of_each_fold(
    workspace: Workspace, teacher: Teacher
) -> None:
    result = evaluate(workspace, **settings_of(keep_file(workspace, jsonl(120))), curve=True)
    assert [point["texts"] for point in result["curve"]] == [10, 50, 80]
    assert [len(lesson) for lesson in teacher.lessons] == [10, 50, 80] * 3
    for fold_at in range(3):
        small, middle, whole = (set(lesson) for lesson in teacher.lessons[3 * fold_at : 3 * fold_at + 3])
        assert small < middle < whole
    assert result["n"] == 120, "only what learned from the whole is judged"
    assert result["curve"][-1]["strict"] == [one["strict"] for one in result["folds"]]


def test_a_job_that_is_tried_again_does_not_learn_again_what_it_had_done(
    workspace: Workspace, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Context.emit

    def failing(self: Context, kind: str, **data: Any) -> None:
        if kind == "part" and data["fold"] == 2 and len(teacher.lessons) == 1:
            raise DataError("The disk is full.")
        original(self, kind, **data)

    params = settings_of(keep_file(workspace, jsonl(30)))
    with monkeypatch.context() as patch:
        patch.setattr(Context, "emit", failing)
        with pytest.raises(DataError):
            run_inline(workspace, "evaluate", REGISTRY, params)
    assert kept(workspace) == []
    monkeypatch.setattr(Jobs, "dispatch", lambda self: None)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    (job,) = Jobs(workspace).list("evaluate")
    Jobs(workspace).retry(job.id)
    assert worker.run(workspace, job.id, REGISTRY) == worker.DONE
    assert len(teacher.lessons) == 3
    resumed, straight = load(workspace, job.id), evaluate(workspace, **params)
    for name in ("strict", "mistakes", "wrong"):
        assert resumed[name] == straight[name]


def test_a_wish_to_stop_is_heard_between_epochs(
    workspace: Workspace, teacher: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    original = Context.emit

    def emit(self: Context, kind: str, **data: Any) -> None:
        heard.append(kind)
        original(self, kind, **data)

    def check(self: Context) -> None:
        if "epoch" in heard:
            raise Cancelled("Asked to stop.")

    monkeypatch.setattr(Context, "emit", emit)
    monkeypatch.setattr(Context, "check", check)
    with pytest.raises(Cancelled):
        evaluate(workspace, **settings_of(keep_file(workspace, jsonl(30))))
    assert heard.count("epoch") == 1
    assert kept(workspace) == []


def test_a_language_model_reads_every_text_and_its_tokens_are_counted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Copies:
        """Finds one color."""

        id, languages = "copies", ("*",)

        def complete(self, prompts: Any, forms: Any, **options: Any) -> list[Completion]:
            made = []
            for form in forms:
                lines = {
                    name: ["red"] if name == "Color" and "red" in form.text else [] for name in form.names
                }
                made.append(Completion(form.render(lines), 50, 10, None, 0.1))
            return made

    monkeypatch.setattr(registry, "load", lambda model_id: Copies())
    params = settings_of(keep_file(workspace, jsonl(20)), how="as_is", method="llm", model="copies")
    result = evaluate(workspace, **params)
    assert (result["llm_share"], result["tokens_per_product"]) == (1.0, 60.0)
    assert result["by_attribute"]["Color"]["vc"] == 4
    assert result["folds"] == []


def test_what_reviewers_accepted_and_corrected_is_gold_and_twenty_texts_are_needed(
    workspace: Workspace,
) -> None:
    shop = {f"p{n}": (f"Cup {n}", "", f"A steel cup of {n + 1} l, number {n}.") for n in range(20)}
    put_products(workspace, shop)
    readings = [read(text_of(p, text), "material", "steel") for p, (_, _, text) in shop.items()]
    wide = [
        read(text_of(p, text), "capacity", f"{n + 1} l, number")
        for n, (p, (_, _, text)) in enumerate(shop.items())
    ]
    Log(workspace).append([*readings, *wide])
    accept = [Choice(EntryKind.ACCEPTED, (one.id,)) for one in readings]
    decide(workspace, accept[:19], "me", 10**9)
    with pytest.raises(DataError, match="19") as caught:
        material(workspace, parse({"source": "review"}))
    assert "20" in caught.value.remedy
    decide(workspace, accept[19:], "me", 10**9)
    source = text_of("p0", shop["p0"][2])
    start = source.text.index("1 l")
    better = corrected(source, wide[0], start, start + 3, "capacity")
    decide(workspace, [Choice(EntryKind.CORRECTED, (wide[0].id,), better)], "me", 10**9)
    decide(workspace, [Choice(EntryKind.REJECTED, (wide[1].id,))], "me", 10**9)
    found = material(workspace, parse({"source": "review"}))
    values = {item.id: dict(item.values) for item in found.items}
    assert len(values) == 20
    assert values["p0/description"] == {"material": ("steel",), "capacity": ("1 l",)}
    assert values["p1/description"] == {"material": ("steel",), "capacity": ()}
    assert found.asked["kitchen"]["material"], "the schema in force says what is meant"


def test_nothing_was_decided_in_a_workspace_without_decisions(workspace: Workspace) -> None:
    fill(workspace)
    assert SHOP
    assert reviewed(workspace).items == ()


def test_the_workspaces_own_tagger_reads_the_sample_as_it_is(workspace: Workspace) -> None:
    result = evaluate(workspace, source="sample", how="as_is", reader="own", most=40)
    assert result["n"] == 40
    assert result["strict"]["f1"] > 0.8, "it has learned from these very texts"
    assert len(sample(workspace).items) > 800


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"source": "file"}, "labelled file"),
        ({"method": "llm"}, "language model"),
        ({"how": "as_is", "curve": True}, "folds"),
        ({"reader": "own"}, "as it is"),
        ({"file": "../../etc/passwd"}, "file"),
        ({"folds": 1}, "folds"),
    ],
)
def test_settings_that_do_not_go_together_are_named(params: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse(params)


def test_the_forecast_goes_by_what_was_measured_and_grows_with_the_work(workspace: Workspace) -> None:
    file = keep_file(workspace, jsonl(60))
    plain, curved = parse(settings_of(file)), parse(settings_of(file, curve=True))
    found = material(workspace, plain)
    small, large = (size_of(found, one, parts(found, one)) for one in (plain, curved))
    assert small.learned < large.learned
    assert forecast(small) < forecast(large)
    measured = {"model": "", "learned": 100_000, "learn_seconds": 50_000.0}
    assert forecast(small, past=[measured]) > forecast(small) + 0.3 * small.learned
    model = parse(settings_of(file, method="cascade", model="m", share=0.5))
    size = size_of(found, model, parts(found, model))
    assert size.by_model == 30
    slow = {"model": "m", "by_model": 10, "model_seconds": 1_000.0}
    assert forecast(size, "m", [slow]) > forecast(size, "other", [slow]) + 30 * 60
    tiny = {"model": "", "learned": 10, "learn_seconds": 30.0}
    assert forecast(small, past=[tiny]) < 2 * forecast(small), "getting started is not its speed"
