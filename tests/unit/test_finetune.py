"""Fine-tuning: what is learned, in which batches, an exact resume, and adapters that are kept, found and refused."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from core.errors import Cancelled, ConfigError, DataError, ModelUnavailable
from core.extract.ground import Span
from core.extract.lessons import Labels, LessonConfig, copyable, lessons
from core.extract.query import Query
from core.extract.tokens import pieces
from core.llm import adapters, registry, training
from core.llm.adapted import read_state
from core.llm.finetune import Finetuner, Trained
from core.llm.finetune_config import FinetuneConfig, config_of, shaped_like
from core.llm.finetune_keep import keep
from core.llm.finetune_loss import token_loss
from core.llm.grammar import CopyForm
from core.llm.lessons import Lesson, batches, encode, split
from core.llm.training import rate_at
from core.llm.transformers_model import TransformersModel
from core.settings import settings
from tests import tiny_model

QUICK = {"epochs": 2, "checks": 2, "batch_size": 4, "rank": 4, "alpha": 8.0, "learning_rate": 0.02}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def listed(home: Path, tiny: Path) -> Path:
    tiny_model.configure(home, tiny)
    return home


def _lessons(count: int = 40, **options: Any) -> list[Lesson]:
    return lessons(tiny_model.labels(count), LessonConfig(**options))


def _tuned(tiny: Path, **options: Any) -> tuple[Trained, FinetuneConfig]:
    config = FinetuneConfig(**{**QUICK, **options})
    return Finetuner(tiny_model.model(tiny), _lessons(), config).run(), config


def _kept(tiny: Path, name: str, **options: Any) -> adapters.AdapterCard:
    trained, config = _tuned(tiny, **options)
    base = tiny_model.model(tiny)
    return keep(adapters.home() / name, base, "tiny", trained, config, _lessons(), "mugs")


def _reply(model: Any) -> str:
    form = CopyForm(("Brand", "Color"), tuple(p.text for p in pieces("Acme mug, red")))
    return str(model.complete(["Text: Acme mug, red\n"], [form], max_tokens=40)[0].text)


def test_the_grammar_lets_every_reply_through_and_only_its_choices_are_learned(tiny: Path) -> None:
    import llguidance.hf
    from llguidance import LLMatcher

    model = tiny_model.model(tiny)
    view = llguidance.hf.from_tokenizer(model.tokenizer, n_vocab=len(model.tokenizer))
    for one, lesson in zip(tiny_model.labels(6), lessons(tiny_model.labels(6)), strict=False):
        form = CopyForm(("Brand", "Color", "Size"), tuple(p.text for p in pieces(lesson.text)))
        matcher = LLMatcher(view, LLMatcher.grammar_from_lark(form.lark()), log_level=0)
        assert matcher.consume_tokens(model.tokenizer(lesson.reply)["input_ids"]), lesson.reply
        assert matcher.is_accepting()
        assert len(one.attributes) == len(lesson.chosen)
        (item,) = encode([lesson], model.encode, model.tokenizer, 512)
        learned = model.tokenizer.decode([item.ids[at] for at in item.learned])
        told = "".join(lesson.reply[start:end] for start, end in lesson.chosen)
        assert learned == told
        assert "Brand" not in learned


def test_what_is_asked_in_vain_is_answered_with_none_and_a_value_the_form_refuses_is_left_out() -> None:
    (lesson,) = _lessons(1)
    assert lesson.reply == "Brand: Acme\nColor: red\nSize: none\n"
    assert "Brand: The maker's name" in lesson.prompt
    assert lesson.text in lesson.prompt
    assert lesson.prompt[: lesson.start].endswith("Size")
    fewer = _lessons(40, absent=0.0, group=1)
    assert not any("none" in one.reply for one in fewer)
    form = CopyForm(("A",), tuple(p.text for p in pieces("two\nlines, coating")))
    assert [copyable(form, v) for v in ("two", "two\nlines", "coat", " two", "coating")] == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_rewording_asks_for_the_same_values_under_other_names() -> None:
    query = Query(
        "Acme Roast, 12 oz", "Coffee", {"Brand": "Brand", "Roast Type": "Roast Type"}, (Span(0, 4, "Brand"),)
    )
    plain = Labels.of_query(query)
    made = [lessons([plain], LessonConfig(reword=True), seed)[0] for seed in range(12)]
    assert all(lesson.reply.count(": Acme\n") == 1 for lesson in made)
    assert len({lesson.reply for lesson in made}) > 3


def test_texts_are_never_divided_and_batches_that_begin_alike_share_their_start(tiny: Path) -> None:
    given = _lessons(40)
    train, valid = split(given, 0.1, 0)
    assert len({one.text for one in valid}) == 16
    assert not {one.text for one in train} & {one.text for one in valid}
    assert split(given[::-1], 0.1, 0)[1][::-1] == valid
    with pytest.raises(DataError, match="1 texts"):
        split(given[:1], 0.1, 0)
    model = tiny_model.model(tiny)
    items = encode(train, model.encode, model.tokenizer, 512)
    made = batches(items, 4, random.Random(1))
    assert sorted(i.ids for b in made for i in b.items) == sorted(i.ids for i in items)
    assert len(made) == len(batches(items, 4, random.Random(2)))
    start = len(model.encode(train[0].prompt[: train[0].start]))
    assert all(batch.shared >= start - 1 for batch in made)
    assert all(batch.shared < min(item.prompt for item in batch.items) for batch in made)


def test_the_loss_with_a_shared_start_is_that_of_the_whole_sequences(tiny: Path) -> None:
    import torch

    tuner = Finetuner(tiny_model.model(tiny), _lessons(), FinetuneConfig(**QUICK, precision="float32"))
    (batch, *_) = batches(tuner.train, 3)
    loss, _right = token_loss(tuner.model, tuner.config, batch)
    wanted, device = 0.0, tuner.model.get_base_model().device
    for item in batch.items:
        logits = tuner.model(torch.tensor([item.ids], device=device)).logits[0].log_softmax(-1)
        wanted -= sum(float(logits[at - 1, item.ids[at]]) for at in item.learned)
    assert float(loss) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"variant": "dora"},
        {"kind": "adalora", "epochs": 4},
        {"kind": "ia3"},
        {"kind": "prefix"},
        {"dropout": 0.1},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_every_method_learns_is_kept_and_reads_again(
    listed: Path, tiny: Path, options: dict[str, Any]
) -> None:
    card = _kept(tiny, "mugs", **options)
    assert card.loss < card.loss_before
    assert card.counts["valid_texts"] == 16
    assert registry.load("tiny+mugs").id == f"tiny+mugs@{card.version}"
    form = CopyForm(("Brand", "Color"), tuple(p.text for p in pieces("Acme mug, red")))
    (one, two) = registry.load("tiny+mugs").complete(["Text: Acme mug, red\n"] * 2, [form] * 2, max_tokens=40)
    assert one.text == two.text
    assert set(form.parse(one.text)) == {"Brand", "Color"}


def test_merged_it_computes_what_it_computed_in_training(listed: Path, tiny: Path) -> None:
    import torch

    trained, config = _tuned(tiny, precision="float32")
    keep(adapters.home() / "mugs", tiny_model.model(tiny), "tiny", trained, config, _lessons(), "mugs")
    merged = registry.load("tiny+mugs")._adapted(torch.float32)
    ids = torch.tensor([tiny_model.model(tiny).encode("Text: Acme mug")])
    trained.model.to("cpu").eval()
    assert torch.allclose(merged(ids).logits, trained.model(ids).logits, atol=2e-2)
    assert not torch.allclose(
        merged(ids).logits, tiny_model.model(tiny).fresh(torch.float32)(ids).logits, atol=2e-2
    )


@pytest.mark.parametrize("kind", ["lora", "adalora"])
def test_a_resumed_run_ends_with_the_same_adapter(
    tiny: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    measured = iter([torch.float32, torch.float32, torch.bfloat16])  # the last where the processor was busy
    monkeypatch.setattr(training, "best_dtype", lambda device: next(measured))
    config = FinetuneConfig(**{**QUICK, "epochs": 3, "kind": kind, "dropout": 0.1})
    whole = Finetuner(tiny_model.model(tiny), _lessons(), config).run()
    kept: list[dict[str, Any]] = []

    def stop() -> None:
        if len(kept) == 2:
            raise Cancelled("enough")

    broken = Finetuner(tiny_model.model(tiny), _lessons(), config)
    with pytest.raises(Cancelled):
        broken.run(check=stop, save=lambda state: kept.append(state))
    resumed = Finetuner(tiny_model.model(tiny), _lessons(), config, resume=kept[-1]).run()
    # A GPU adds gradients up in whatever order its threads come: twice the same run differs in the last digits there.
    off = 1e-4 if torch.cuda.is_available() else 0.0
    assert [step.loss for step in resumed.steps] == pytest.approx(
        [step.loss for step in whole.steps], rel=off
    )
    assert [one.loss for one in resumed.checks] == pytest.approx([one.loss for one in whole.checks], rel=off)
    for name, value in whole.model.state_dict().items():
        assert torch.allclose(value, resumed.model.state_dict()[name], rtol=off, atol=off), name


def test_it_stops_when_validation_no_longer_gets_better(tiny: Path) -> None:
    trained, _config = _tuned(tiny, epochs=50, patience=1, learning_rate=0.3, clip=100.0)
    assert len(trained.steps) < 50 * 6
    assert trained.best.loss == min(check.loss for check in trained.checks)


def test_it_goes_on_from_an_adapter_of_the_same_shape(tiny: Path, home: Path) -> None:
    card = _kept(tiny, "mugs")
    config = shaped_like(FinetuneConfig(epochs=1, learning_rate=1e-4), card.config)
    assert (config.rank, config.epochs) == (4, 1)
    state = read_state(adapters.home() / "mugs")
    further = Finetuner(tiny_model.model(tiny), _lessons(), config, state).run()
    assert further.checks[0].loss == pytest.approx(card.loss, abs=0.02)
    with pytest.raises(ValueError, match="does not fit"):
        Finetuner(tiny_model.model(tiny), _lessons(), FinetuneConfig(kind="ia3"), state)
    with pytest.raises(ConfigError, match="AdaLoRA"):
        shaped_like(config, {"kind": "adalora"})


def test_settings_out_of_range_name_the_field() -> None:
    for values, field in (({"rank": 0}, "rank"), ({"kind": "qlora"}, "kind"), ({"rnak": 4}, "rnak")):
        with pytest.raises(ConfigError, match=field):
            config_of(values)
    with pytest.raises(ConfigError, match="variants of LoRA"):
        config_of({"kind": "ia3", "variant": "dora"})
    config = FinetuneConfig(warmup_share=0.2)
    rates = [rate_at(step, 50, config) for step in range(50)]
    assert max(rates) == rates[9] == 1.0
    assert 0.05 <= rates[-1] < 0.1


def test_adapters_are_listed_renamed_and_deleted(listed: Path, tiny: Path) -> None:
    card = _kept(tiny, "mugs", steps=1)
    assert [one.name for one in adapters.listed("tiny")] == ["mugs"]
    assert adapters.listed("other") == []
    (chooser,) = [one for one in registry.available() if one.kind == "adapter"]
    assert (chooser.id, chooser.base, chooser.languages) == ("tiny+mugs", "tiny", ("en",))
    assert adapters.free_name("mugs") == "mugs-2"
    assert adapters.free_name("茶 shop") == "shop"
    adapters.rename("mugs", "cups")
    assert registry.load("tiny+cups").id == f"tiny+cups@{card.version}"
    for wanted in ("../up", "", "cups"):
        with pytest.raises(ConfigError):
            adapters.rename("cups", wanted)
    adapters.delete("cups")
    assert adapters.listed() == []
    with pytest.raises(ModelUnavailable, match="no adapter called cups"):
        adapters.delete("cups")


def test_a_damaged_adapter_and_one_for_another_base_say_so(listed: Path, tiny: Path) -> None:
    _kept(tiny, "mugs", steps=1)
    weights = adapters.home() / "mugs" / adapters.WEIGHTS
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-40])
    with pytest.raises(ModelUnavailable, match="not those of its card"):
        registry.load("tiny+mugs").load()
    weights.write_bytes(whole)
    registry.load("tiny+mugs").load()
    other = tiny_model.make(listed / "other", seed=1)
    tiny_model.configure(listed, other)
    with pytest.raises(ModelUnavailable, match="this base model is another one"):
        registry.load("tiny+mugs").load()
    (listed / "models.yaml").unlink()
    (card,) = [one for one in registry.available() if one.kind == "adapter"]
    assert "not configured" in card.missing


def test_a_configured_model_may_name_its_adapter(listed: Path, tiny: Path) -> None:
    card = _kept(tiny, "mugs", steps=2)
    folder = settings().home / "made-elsewhere"
    (adapters.home() / "mugs").rename(folder)
    (listed / "models.yaml").write_text(
        f"transformers:\n- {{id: own, model: '{tiny}', adapter: '{folder}', chat: false}}\n", "utf-8"
    )
    model = registry.load("own")
    assert isinstance(model, TransformersModel)
    assert model.id == f"own@{card.version}"
    assert "Brand: " in _reply(model)
    assert registry.base("own").adapter is None
