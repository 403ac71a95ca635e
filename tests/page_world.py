"""A page as a cold link opens it, and workspaces that are filled once for all tests of a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.jobs import Jobs
from core.settings import REPOSITORY, settings
from core.storage.workspaces import Workspace, Workspaces


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


def reported(workspace: Workspace, stage: str, event: str, times: int) -> None:
    """Wait until the running job's reports are where a page reads them; they are written from time to time."""
    jobs, end = Jobs(workspace), time.monotonic() + 60
    (job,) = jobs.list(stage, active=True)
    while sum(one.kind == event for one in jobs.events(job.id, limit=10_000)) < times:
        assert time.monotonic() < end, f"{event} is not reported"
        time.sleep(0.02)


def said(test: AppTest) -> str:
    """All that a visitor reads on the page, the labels of buttons too."""
    parts = [element.value for kind in (test.markdown, test.caption, test.info) for element in kind]
    parts += [html.proto.body for html in test.get("html")]
    parts += [button.label for button in test.button]
    return "\n".join(str(part) for part in parts)


def press(test: AppTest, label: str) -> AppTest:
    """Click the one button of that label; nothing may be raised."""
    (button,) = [b for b in test.button if b.label == label]
    button.click().run()
    assert not test.exception, test.exception
    return test


def linked(test: AppTest, name: str) -> str | None:
    """That part of the view's state that is in the link; None where it has none."""
    value = test.query_params.get(name)
    return value[0] if isinstance(value, list) else value


@contextmanager
def kept_home(folder: Path, name: str) -> Iterator[Workspace]:
    """A new workspace to fill, in a home of its own; its id is the name in small letters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHELFGRAPH_HOME", str(folder))
        settings.cache_clear()
        made = Workspaces(settings().workspaces).create(name, name.lower())
        yield made
        made.close()
    settings.cache_clear()


def at_home(folder: Path, workspace_id: str, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace of a kept home, which is the app's for the rest of the test."""
    monkeypatch.setenv("SHELFGRAPH_HOME", str(folder))
    settings.cache_clear()
    return Workspaces(settings().workspaces).open(workspace_id)
