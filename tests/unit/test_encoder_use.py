"""Tuned encoders where they are used: vectors kept, runs that read with one, comparison, and what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cli.main import main
from core.errors import ConfigError, ModelUnavailable
from core.jobs import run_inline
from core.llm.backbone import Backbone, located
from core.recommend import vectors
from core.recommend.artefact import load
from core.recommend.data import leave_one_out, temporal_split
from core.recommend.encoder import sentence_encoder
from core.recommend.tuning import kept
from core.recommend.tuning.config import TuneConfig
from core.recommend.tuning.kept import folder_of, listed
from core.recommend.tuning.material import ground
from core.recommend.tuning.use import TunedEncoder, fits
from core.stages import REGISTRY
from core.storage.workspaces import Workspace
from tests import recommend_world as shop
from tests import tiny_encoder
from tests.tiny_encoder import QUICK, TEXTS


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder.bert(tmp_path_factory.mktemp("bert"))


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
