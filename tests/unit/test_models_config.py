"""Language models configured, found and measured: nothing unsound is written, no key is stored, no check hangs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from core.errors import ConfigError
from core.llm import files, registry
from core.llm.base import ModelCard
from core.llm.check import check, last_checks
from core.llm.embedded import PLAIN
from core.llm.models_file import Entry, add, configured, path, problems, remove, text_of
from core.llm.presence import presence
from core.llm.recommended import GB, MODELS, best, fit
from core.settings import settings
from tests.conftest import need

SERVER = Entry("endpoint", "vllm", "my-model", "vLLM", "http://127.0.0.1:8000/v1", languages=("en", "zh"))


def test_what_is_added_is_listed_and_what_is_removed_is_gone(home: Path) -> None:
    add(SERVER)
    add(Entry("transformers", "qwen", "Qwen/Qwen3-1.7B", options={"batch": 4}))
    cards = {card.id: card for card in registry.available()}
    assert [card for card in cards if card != PLAIN] == [files.EMBEDDED, "qwen", "vllm"]
    assert (cards["vllm"].where, cards["vllm"].languages) == (SERVER.url, ("en", "zh"))
    assert configured("qwen")["batch"] == 4
    remove("vllm")
    assert [c.id for c in registry.available() if c.id != PLAIN] == [files.EMBEDDED, "qwen"]
    with pytest.raises(ConfigError, match="not in the file"):
        remove("vllm")


def test_the_former_file_and_its_first_comment_stay(home: Path) -> None:
    path().write_text("# ours\nendpoints:\n- {id: a, url: 'http://x/v1', model: m, timeout: 5}\n", "utf-8")
    add(SERVER)
    text = path().read_text("utf-8")
    assert text.startswith("# ours\n")
    assert yaml.safe_load(text)["endpoints"][0]["timeout"] == 5
    assert "vllm" not in path().with_suffix(".yaml.bak").read_text("utf-8")


def test_a_file_that_is_not_understood_is_left_alone(home: Path) -> None:
    path().write_text("endpoints: [", "utf-8")
    with pytest.raises(ConfigError):
        add(SERVER)
    assert path().read_text("utf-8") == "endpoints: ["


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (SERVER, []),
        (Entry("endpoint", "", "m", url="http://x/v1"), [("id", "id")]),
        (Entry("endpoint", "taken", "m", url="http://x/v1"), [("id", "id_taken")]),
        (Entry("endpoint", "a", " ", url="http://x/v1"), [("model", "model_empty")]),
        (Entry("endpoint", "a", "m", url="ftp://x"), [("url", "url")]),
        (Entry("endpoint", "a", "m", url="http://[::1"), [("url", "url")]),
        (Entry("endpoint", "a", "m", url="https://me:secret@x.com/v1"), [("url", "url_key")]),
        (Entry("endpoint", "a", "m", url="http://api.example.com/v1", key_env="KEY"), [("url", "url_plain")]),
        (Entry("endpoint", "a", "m", url="http://192.168.1.4/v1", key_env="KEY"), []),
        (Entry("endpoint", "a", "m", url="https://x.com/v1", key_env="sk-proj-123"), [("key_env", "key_env")]),
        (Entry("endpoint", "a", "m", url="https://x.com/v1", languages=("english",)), [("languages", "language")]),
        (Entry("transformers", "a", "Qwen/Qwen3-1.7B"), []),
        (Entry("transformers", "a", "../../etc/passwd"), [("model", "model_source")]),
    ],
)  # fmt: skip
def test_what_is_unsound_is_named(entry: Entry, expected: list[tuple[str, str]]) -> None:
    assert problems(entry, ("taken",)) == expected


def test_no_key_is_ever_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-very-secret")
    keyed = Entry("endpoint", "cloud", "big", url="https://x.com/v1", key_env="MY_KEY")
    add(keyed)
    assert "MY_KEY" in path().read_text("utf-8")
    assert not any("sk-very-secret" in file.read_text("utf-8", "replace") for file in home.glob("*.y*ml*"))
    assert "sk-very-secret" not in text_of(keyed)


def test_a_model_is_found_by_its_files_and_an_endpoint_by_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    local = ModelCard("mine", "Mine", "transformers", ("*",), 0, str(folder))
    assert presence(local, {}).state == "absent"
    (folder / "model.safetensors").write_bytes(b"x" * 1000)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n", "utf-8")
    found = presence(local, {})
    assert (found.state, found.size, found.licence, found.command) == ("here", 1000, "mit", "")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hub = ModelCard("hub", "Hub", "transformers", ("*",), 0, "nobody/has-this-model")
    absent = presence(hub, {})
    assert absent.state == "absent"
    assert absent.command.endswith("hf download nobody/has-this-model")
    server = ModelCard("cloud", "Cloud", "endpoint", ("*",), 0, "https://x.com/v1")
    assert presence(server, {"key_env": "NOT_SET_ANYWHERE"}).state == "no_key"
    assert presence(server, {}).state == "server"


def test_a_machine_is_offered_what_it_carries() -> None:
    small, large = MODELS[0], MODELS[-1]
    assert fit(small, 8 * GB, 0) == "cpu"
    assert fit(large, 512 * GB, 0) == "no", "nobody waits for 32 thousand million parameters on a processor"
    assert fit(large, 64 * GB, 141 * GB) == "gpu"
    assert best(2 * GB, 0) is None
    assert best(16 * GB, 0) == MODELS[1]
    assert best(64 * GB, 24 * GB) == MODELS[3]
    assert best(64 * GB, 141 * GB) == large
    assert [model.size for model in MODELS] == sorted(model.size for model in MODELS)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import time; time.sleep(30)", "No reply within 1 seconds"),
        ("raise MemoryError('too much')", "too much"),
        ("print('[]')", "ended without a word"),
    ],
)
def test_a_check_that_goes_wrong_says_so_and_is_kept(home: Path, script: str, message: str) -> None:
    found = check("m", timeout=1.0, command=(sys.executable, "-c", script))
    assert not found.ok
    assert message in found.error
    assert last_checks()["m"] == found


def test_a_missing_model_is_checked_without_a_crash(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = check("no-such-model")
    assert (found.ok, "no model called" in found.error) == (False, True)
    (settings().home / "model_checks.json").write_text("{", "utf-8")
    assert last_checks() == {}


def test_the_embedded_model_replies_and_its_speed_and_memory_are_measured(home: Path) -> None:
    need(
        any(s.name == files.EMBEDDED and s.present for s in files.status()), "The embedded model is not here."
    )
    found = check(files.EMBEDDED)
    assert found.ok, found.error
    assert found.tokens > 0
    assert found.tokens_per_second == pytest.approx(found.tokens / found.seconds)
    assert found.memory > 200 << 20
    assert found.first_seconds > found.seconds / 100
    kept = json.loads((settings().home / "model_checks.json").read_text("utf-8"))
    assert kept[files.EMBEDDED]["device"] in ("cpu", "cuda", "mps")
