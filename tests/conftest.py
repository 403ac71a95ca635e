"""Fixtures shared by all tests: a home of their own, an empty workspace, the embedded models where they are."""

from __future__ import annotations

import os
import signal

# Tests run side by side, a process a core: further threads of PyTorch or BLAS would only wait for each other.
# Set before either is imported; servers and jobs that a test starts inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("SHELFGRAPH_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as laws

from core.settings import REPOSITORY, settings
from core.storage.workspaces import Workspace, Workspaces

if not os.environ.get("CI"):  # where Hypothesis does so by itself: how long an example takes is no law
    laws.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    laws.load_profile("untimed")

HANGING = 60.0
"""Seconds of the processor, a hundred times what such a test takes."""


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


@pytest.fixture
def never_hangs() -> Iterator[None]:
    """Ends a test that computes for minutes, as one does whose cost grows with the square of a hostile input."""

    def give_up(number: int, frame: object) -> None:
        pytest.fail("It does not come to an end.")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, HANGING)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def need(present: bool, reason: str) -> None:
    """Skip with the reason; on CI, where everything must be there, fail."""
    if present:
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
