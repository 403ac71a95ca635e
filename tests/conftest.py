"""Fixtures shared by all tests: a home of their own, an empty workspace, the embedded models where they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import REPOSITORY, settings
from core.storage.workspaces import Workspace, Workspaces


@pytest.fixture(autouse=True)
def _settings_of_each_test() -> Iterator[None]:
    """What one test set in the environment is never read in the next: this ends after the environment is restored."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh SHELFGRAPH_HOME; model files are still taken from the repository's own."""
    folder = tmp_path / "home"
    folder.mkdir()
    models = REPOSITORY / ".shelfgraph" / "models"
    if models.is_dir():
        (folder / "models").symlink_to(models)
    monkeypatch.setenv("SHELFGRAPH_HOME", str(folder))
    settings.cache_clear()
    return folder


@pytest.fixture
def workspace(home: Path) -> Iterator[Workspace]:
    """An empty workspace below the fresh home."""
    made = Workspaces(settings().workspaces).create("Test shop", "test")
    yield made
    made.close()


def need(present: bool, reason: str) -> None:
    """Skip with the reason; on CI, where everything must be there, fail."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
