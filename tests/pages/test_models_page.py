"""The Models page without a browser: what is there, what it would skip, how to get more, and who may add."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.catalogue.sample_data import load_sample
from core.llm import registry
from core.llm.check import Checked
from core.llm.models_file import path
from core.storage.workspaces import Workspace
from core.ui import models_list, models_state
from tests.page_world import open_page

FILE = """endpoints:
- {id: cloud, name: Cloud, url: "https://x.com/v1", model: big, key_env: NO_SUCH_KEY}
- {id: near, name: Near, url: "http://127.0.0.1:9/v1", model: m, languages: [zh]}
"""

opened = partial(open_page, "models")


@pytest.fixture
def writable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFGRAPH_EDIT_MODELS", "1")


def again(test: AppTest) -> AppTest:
    test.run()
    assert not test.exception, test.exception
    return test


def said(test: AppTest) -> str:
    parts = [str(element.proto.body) for element in test.get("html")]
    return "\n".join([*parts, *(str(e.value) for e in (*test.caption, *test.code, *test.warning))])


def test_each_model_says_whether_it_can_be_used_and_what_it_would_skip(workspace: Workspace) -> None:
    load_sample(workspace)
    path().write_text(FILE, "utf-8")
    counts = models_state.text_counts(workspace)
    assert counts["en"] > counts["zh"] > 0
    text = said(opened(workspace))
    assert "of 4 language models can be used" in text
    assert "export NO_SUCH_KEY=…" in text
    assert "key not set" in text
    total = sum(counts.values())
    assert f"Would skip {total - counts['en']} of {total} texts here: {counts['zh']} Chinese" in text
    assert f"Would skip {total - counts['zh']} of {total} texts here: {counts['en']} English" in text
    chinese = said(opened(workspace, "zh"))
    assert f"中文 {counts['zh']} 段" in chinese


def test_without_its_files_the_embedded_model_names_the_command(
    workspace: Workspace, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if (home / "models").is_symlink():
        (home / "models").unlink()
    text = said(opened(workspace))
    assert "not downloaded" in text
    assert "python -m core models fetch" in text
    assert "0 of 2 language models" in text


def test_what_fits_the_machine_is_recommended(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    here = models_state.Hardware(8, 64 << 30, 60 << 30, ("NVIDIA L4, 23034 MiB",), 23034 << 20, True)
    monkeypatch.setattr(models_state, "hardware", lambda: here)
    test = opened(workspace)
    text = said(test)
    best = next(part for part in text.split("\n") if "largest that fits" in part)
    assert "Qwen3 8B" in best
    assert "hf download Qwen/Qwen3-8B" in text
    assert "8 cores" in text


def test_a_gpu_that_torch_cannot_use_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    here = models_state.Hardware(8, 64 << 30, 60 << 30, ("NVIDIA L4, 23034 MiB",), 0, False)
    monkeypatch.setattr(models_state, "hardware", lambda: here)
    assert "the installed PyTorch cannot use it" in said(opened(workspace))


def test_a_check_shows_speed_and_memory_or_why_there_are_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path().write_text(FILE, "utf-8")
    results = {
        "near": Checked(True, time.time(), 12.5, 0.8, 32, 40.0, 3 << 30, 0, "cpu", "a mug"),
    }
    monkeypatch.setattr(models_list, "check", results.__getitem__)
    test = opened(workspace)
    assert test.button(key="check-cloud").disabled, "without its key it cannot be asked"
    test.button(key="check-near").click()
    text = said(again(test))
    assert "<b>40</b><span>tokens a second" in text
    assert "3.2 GB" in text
    results["near"] = Checked(False, time.time(), error="Connection refused", remedy="Check its URL.")
    test.button(key="check-near").click()
    text = said(again(test))
    assert "It did not reply." in text
    assert "Connection refused Check its URL." in text


def test_an_endpoint_is_added_after_it_was_checked_and_taken_off_again(
    workspace: Workspace, writable: None
) -> None:
    test = opened(workspace)
    test.button(key="model-add").click()
    again(test)
    assert test.button(key="model-write").disabled
    test.text_input(key="model-url").input("http://api.example.com/v1")
    test.text_input(key="model-model_served").input("big")
    test.text_input(key="model-key_env").input("sk-123")
    test.button(key="model-add").click()
    text = said(again(test))
    assert "over https only" in text
    assert "not the key itself" in text
    assert "sk-123" not in text, "it may be the key"
    assert test.button(key="model-write").disabled
    test.text_input(key="model-url").input("https://api.example.com/v1")
    test.text_input(key="model-key_env").input("BIG_KEY")
    test.button(key="model-add").click()
    again(test)
    test.button(key="model-write").click()
    assert "big is on the list" in said(again(test))
    assert [card.where for card in registry.available()][2:] == ["https://api.example.com/v1"]
    assert "sk-123" not in path().read_text("utf-8")
    test.button(key="remove-big").click()
    again(test)
    assert len(registry.available()) == 2


def test_a_visitor_from_elsewhere_may_look_but_not_write(workspace: Workspace) -> None:
    path().write_text(FILE, "utf-8")
    test = opened(workspace)
    assert not [button for button in test.button if (button.key or "").startswith("remove-")]
    test.button(key="model-add").click()
    text = said(again(test))
    assert "put these lines into" in text
    assert not [button for button in test.button if button.key == "model-write"]


def test_a_file_that_is_not_understood_is_named(workspace: Workspace) -> None:
    path().write_text("endpoints: [", "utf-8")
    text = said(opened(workspace))
    assert "These values do not go together" in text
    assert "models.yaml" in text
