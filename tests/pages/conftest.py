"""What holds for every test of a page."""

from __future__ import annotations

import pytest

from core.jobs import Jobs


@pytest.fixture(autouse=True)
def no_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page submits jobs; no test of a page waits for one, so none is started."""
    monkeypatch.setattr(Jobs, "dispatch", lambda self: None)
