"""What a link says is the visitor's: it opens nothing outside of the workspaces and breaks no page."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import WorkspaceError
from core.ui import shell
from core.ui.session import open_workspace, workspaces


def test_a_link_opens_no_deleted_workspace_and_no_folder_elsewhere(home: Path) -> None:
    kept, gone = (workspaces().create(name).info.id for name in ("kept", "gone"))
    workspaces().delete(gone)
    (gone_to,) = (home / "workspaces" / ".trash").iterdir()
    assert open_workspace(kept).info.id == kept
    elsewhere = home / "elsewhere"
    (home / "workspaces" / kept).rename(elsewhere)
    for asked in (f".trash/{gone_to.name}", "../elsewhere", str(elsewhere), "kept\0"):
        with pytest.raises(WorkspaceError, match="not a workspace's id"):
            open_workspace(asked)


@pytest.mark.parametrize(
    ("said", "read"),
    [("7", 7), ("40", 30), ("1", 5), ("", 9), ("-3", 9), ("x", 9), ("٣", 9), ("9" * 5_000, 9)],
)
def test_a_number_in_a_link_is_brought_into_its_range(
    monkeypatch: pytest.MonkeyPatch, said: str, read: int
) -> None:
    monkeypatch.setattr(shell, "param", lambda name: said or None)
    assert shell.whole_param("rows", 9, 5, 30) == read
