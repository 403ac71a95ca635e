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


def words(test: AppTest) -> str:
    """All that a visitor reads on the page."""
    kinds = (test.markdown, test.caption, test.subheader, test.info, test.warning, test.code)
    html = [str(element.proto.body) for element in test.get("html")]
    return " ".join([*html, *(str(one.value) for kind in kinds for one in kind)])
