"""One llama.cpp server for the contract tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.errors import ModelUnavailable
from tests.conftest import need
from tests.contract.llama_server import serve


@pytest.fixture(scope="session")
def llama() -> Iterator[str]:
    """The URL of a running server; skips where its wheel or the model's cannot be had."""
    try:
        server, url = serve()
    except (ImportError, ModelUnavailable) as error:
        need(False, f"llama.cpp's server cannot run here: {error}")
        raise
    yield url
    del server
