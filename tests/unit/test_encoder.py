"""Tuning the text encoder: each way learns and comes back as it was kept, on training events and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cli.main import main
from core.errors import Cancelled, ConfigError, DataError, ModelUnavailable
from core.jobs import run_inline
from core.llm.backbone import Backbone, located
from core.llm.encoder_kinds import EncoderKind, restore
from core.recommend import vectors
from core.recommend.artefact import load
from core.recommend.data import Interactions, leave_one_out, temporal_split
from core.recommend.encoder import sentence_encoder
from core.recommend.text import product_text
from core.recommend.tuning import kept
from core.recommend.tuning.config import TuneConfig, config_of
from core.recommend.tuning.curves import Step
from core.recommend.tuning.kept import folder_of, listed
from core.recommend.tuning.material import fact_vectors, ground
from core.recommend.tuning.objectives import contrast
from core.recommend.tuning.pairs import Pairs
from core.recommend.tuning.phases import Material
from core.recommend.tuning.quality import Quality, validated
from core.recommend.tuning.trainer import Trained, Tuner
from core.recommend.tuning.use import TunedEncoder, fits
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests import recommend_world as shop
from tests import tiny_encoder, tiny_model
from tests.devices import DEVICE

TEXTS = [product_text(product) for product in shop.products()]
QUICK: dict[str, Any] = {
    "pretrain_epochs": 6,
    "epochs": 2,
    "most_pairs": 192,
    "max_tokens": 24,
    "checks": 1,
    "rank": 4,
    "batch_size": 24,
    "precision": "float32",
    "device": DEVICE,
}
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
    plain = losses(tuner(bert, pretrain_epochs=0).run(), "contrast")
    joined = losses(tuner(bert, facts, pretrain_epochs=0, graph_weight=1.0).run(), "contrast")
    assert joined[0] > plain[0]
    assert np.mean(joined[-4:]) < np.mean(joined[:4])


class Counting:
    """An encoder that says how often it was asked."""

    calls = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += 1
        return np.array([[len(text), 1.0] for text in texts], np.float32)


def test_vectors_are_computed_once_for_a_model_and_its_texts(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Counting()
    first = vectors.KeptVectors(encoder, "a")
    for _ in range(2):
        np.testing.assert_array_equal(first.encode(["x", "yy"]), [[1, 1], [2, 1]])
    assert encoder.calls == 1
    vectors.KeptVectors(encoder, "b").encode(["x", "yy"])
    first.encode(["yy", "x"])
    assert encoder.calls == 3
    for path in vectors.home().glob("*.npy"):
        path.write_bytes(path.read_bytes()[:20])
    first.encode(["x", "yy"])
    assert encoder.calls == 4, "a file that was cut short is computed again"
    monkeypatch.setattr(vectors, "MOST_BYTES", 1)
    first.encode(["z"])
    assert len(list(vectors.home().glob("*"))) == 1


@pytest.fixture
def tuned(workspace: Workspace, bert: Path) -> kept.EncoderCard:
    """The shop with one encoder."""
    shop.fill(workspace)
    config = {**QUICK, "kind": "lora", "epochs": 1, "pretrain_epochs": 1}
    result = run_inline(workspace, "encode", REGISTRY, {"base": str(bert), "name": "mine", "config": config})
    (card,) = listed(workspace)
    assert result["encoders"] == [card.id]
    return card


def test_a_run_trains_serves_and_explains_with_the_encoder_it_was_given(
    workspace: Workspace, tuned: kept.EncoderCard
) -> None:
    config = shop.small_config(text="sentence", encoder=tuned.id, epochs=1).model_dump(mode="json")
    run = run_inline(workspace, "train", REGISTRY, {"config": config})["run"]
    model = load(workspace, str(run))
    folder = folder_of(workspace, tuned.id)
    expected = TunedEncoder(folder).encode(TEXTS)
    np.testing.assert_array_equal(model.artefact.features.sentence, expected)
    assert model.artefact.tuned == folder
    read = sentence_encoder(model.artefact.tuned, required=True)
    assert read is not None
    np.testing.assert_array_equal(read.encode(TEXTS), expected)
    with pytest.raises(ConfigError, match="1 runs read"):
        kept.delete(workspace, tuned.id)
    shutil.rmtree(folder)
    with pytest.raises(ModelUnavailable):
        sentence_encoder(model.artefact.tuned, required=True)


def test_an_encoder_that_has_seen_the_answers_is_refused(
    workspace: Workspace, tuned: kept.EncoderCard
) -> None:
    data = shop.interactions()
    same = ground(workspace, TuneConfig()).split
    fits(tuned, same)
    with pytest.raises(ConfigError, match="keeps for validation or test"):
        fits(tuned, leave_one_out(data))
    early = replace(
        same, train=same.train.where(same.train.time < tuned.until), cuts=(tuned.until, tuned.until)
    )
    with pytest.raises(ConfigError):
        fits(tuned, early)
    config = shop.small_config(text="sentence", encoder=tuned.id, split="leave_one_out")
    with pytest.raises(ConfigError):
        run_inline(workspace, "train", REGISTRY, {"config": config.model_dump(mode="json")})
    words = shop.small_config(text="lexical", encoder=tuned.id)
    with pytest.raises(ConfigError, match="sentences"):
        run_inline(workspace, "train", REGISTRY, {"config": words.model_dump(mode="json")})
    later = temporal_split(data, 0.05, 0.05)
    assert later.cuts is not None
    fits(tuned, replace(later, cuts=(tuned.until + 1, tuned.until + 2)))


def test_weights_that_were_changed_are_not_used(
    workspace: Workspace, tuned: kept.EncoderCard, bert: Path
) -> None:
    folder = folder_of(workspace, tuned.id)
    from safetensors.torch import load_file, save_file

    state = {name: value + 1 for name, value in load_file(folder / kept.WEIGHTS).items()}
    save_file(state, folder / kept.WEIGHTS)
    with pytest.raises(ModelUnavailable, match="not those of its card"):
        TunedEncoder(folder).encode(["a mug"])


def test_several_kinds_are_compared_and_the_command_line_lists_and_deletes(
    workspace: Workspace, bert: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.fill(workspace)
    place = ["--workspace", str(workspace.folder), "--json"]
    changes = [f"{name}={value}" for name, value in {**QUICK, "epochs": 1, "pretrain_epochs": 0}.items()]
    base = ["--base", str(bert), "--kind", "frozen", "ia3", "full", "--preset", "quick", "--set", *changes]
    assert main(["encode", *place, *base]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [line["kind"] for line in told["cards"]] == ["frozen", "ia3", "full"]
    assert told["cards"][0]["change"]["mean"] == 0.0
    best = max(told["cards"], key=lambda line: line["valid"]["ndcg"])
    assert told["best"] == best["id"]
    assert main(["encoders", "delete", *place, told["encoders"][0]]) == 0
    capsys.readouterr()
    assert main(["encoders", "list", *place]) == 0
    assert len(json.loads(capsys.readouterr().out)["encoders"]) == 2


def test_what_cannot_be_had_is_named(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def offline(*_given: Any, **_options: Any) -> str:
        raise LocalEntryNotFoundError("no connection to the hub")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ModelUnavailable, match=r"no connection.*local folder"):
        located("somebody/encoder")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "vit"}))
    with pytest.raises(ConfigError, match="neither a masked nor a causal"):
        Backbone(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ModelUnavailable):
        Backbone(str(tmp_path))
