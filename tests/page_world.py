"""A page as a cold link opens it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.settings import REPOSITORY
from core.storage.workspaces import Workspace


def open_page(page: str, workspace: Workspace, lang: str = "en", **params: str) -> AppTest:
    """Open ``pages/<page>.py`` on a workspace, with these parts of the link; nothing may be raised."""
    test = AppTest.from_file(str(REPOSITORY / "pages" / f"{page}.py"), default_timeout=60)
    for name, value in {"w": workspace.info.id, "lang": lang, **params}.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception
    return test
