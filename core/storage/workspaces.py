"""Workspaces: one folder each, holding ``workspace.json``, ``workspace.db`` and the files beside it.

Deleting moves the folder to ``.trash`` for a period in which it can be restored.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import update

from core.errors import WorkspaceError
from core.storage.database import Database
from core.storage.tables import jobs
from core.storage.whole import write_json

_FILE = "workspace.json"
_TRASH = ".trash"


@dataclass(frozen=True, slots=True)
class WorkspaceInfo:
    """What ``workspace.json`` says. ``id`` is the folder's name and stays when ``name`` changes."""

    id: str
    name: str
    created_at: float
    database_url: str = ""


class Workspace:
    """An open workspace: its folder, its database, its sub-folders."""

    def __init__(self, folder: Path) -> None:
        try:
            self.info = WorkspaceInfo(**json.loads((folder / _FILE).read_text("utf-8")))
        except FileNotFoundError:
            raise WorkspaceError(
                "There is no workspace here.", where=str(folder), remedy="Create one first."
            ) from None
        except (ValueError, TypeError) as error:  # not JSON, not UTF-8, or not what belongs there
            raise WorkspaceError(
                f"workspace.json is damaged ({error}).",
                where=str(folder),
                remedy="Restore it from a copy; the data beside it is untouched.",
            ) from error
        self.folder = folder.resolve()

    @cached_property
    def db(self) -> Database:
        """The database, migrated to this version on first use."""
        database = Database(self.info.database_url or f"sqlite:///{self.folder / 'workspace.db'}")
        database.migrate()
        return database

    def sub(self, name: str) -> Path:
        """A sub-folder (``runs``, ``jobs``, ``uploads`` …), made if it is not there."""
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def close(self) -> None:
        """Let go of the database."""
        if "db" in self.__dict__:
            self.db.close()
            del self.__dict__["db"]


class Workspaces:
    """All workspaces below one folder."""

    def __init__(self, root: Path, trash_days: float = 7.0) -> None:
        self.root = root
        self.trash_days = trash_days

    def list(self) -> list[WorkspaceInfo]:
        """All workspaces that can be opened, oldest first."""
        return _infos(self.root)[0]

    def damaged(self) -> Sequence[WorkspaceError]:
        """What keeps the other folders from being opened."""
        return _infos(self.root)[1]

    def open(self, workspace_id: str) -> Workspace:
        """Open by id; raises WorkspaceError for one that does not exist."""
        return Workspace(self.folder(workspace_id))

    def folder(self, workspace_id: str) -> Path:
        """Where a workspace of that id is or would be; raises WorkspaceError for what can be no id, such as a path."""
        if not re.fullmatch(r"[\w-]+", workspace_id):
            raise WorkspaceError(
                "That is not a workspace's id.", where=workspace_id[:80], remedy="Pick one from the list."
            )
        return self.root / workspace_id

    def create(self, name: str, workspace_id: str = "") -> Workspace:
        """Make an empty workspace; its id comes from the name unless given."""
        wanted = workspace_id or _slug(name)
        final, number = wanted, 1
        while (self.root / final).exists():
            number += 1
            final = f"{wanted}-{number}"
        info = WorkspaceInfo(final, _clean(name), time.time())
        folder = self.root / final
        folder.mkdir(parents=True)
        _write(folder, info)
        return Workspace(folder)

    def rename(self, workspace_id: str, name: str) -> None:
        """Change the name; id and folder stay, so links keep working."""
        workspace = self.open(workspace_id)
        _write(workspace.folder, WorkspaceInfo(**{**asdict(workspace.info), "name": _clean(name)}))

    def copy(self, workspace_id: str, name: str) -> Workspace:
        """A copy with its own id; the database is copied through SQLite's backup, so it may be in use."""
        source = self.open(workspace_id)
        if source.info.database_url:
            raise WorkspaceError(
                "Only workspaces kept in SQLite can be copied.",
                where=source.info.name,
                remedy="Copy the database on its server, then add it by its URL.",
            )
        target = self.create(name)
        shutil.copytree(
            source.folder,
            target.folder,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns(_FILE, "workspace.db*", "jobs"),
        )
        source.db  # noqa: B018  (migrates, so that the copy is of this version)
        _backup(source.folder / "workspace.db", target.folder / "workspace.db")
        with target.db.write() as connection:
            # The processes behind unfinished jobs work on the original, so the copy must not wait for them.
            unfinished = jobs.c.status.in_(("queued", "running", "paused"))
            connection.execute(update(jobs).where(unfinished).values(status="cancelled"))
        return target

    def delete(self, workspace_id: str) -> None:
        """Move to the trash; ``restore`` brings it back within ``trash_days``."""
        folder = self.open(workspace_id).folder
        trash = self.root / _TRASH
        trash.mkdir(exist_ok=True)
        folder.rename(trash / f"{folder.name}@{time.time():.0f}")
        self.empty_trash()

    def trashed(self) -> Sequence[tuple[str, WorkspaceInfo, float]]:
        """(trash id, what it was, time after which it is gone for good)."""
        found = []
        for folder in sorted((self.root / _TRASH).glob("*@*")):
            deleted = float(folder.name.rpartition("@")[2])
            info = WorkspaceInfo(**json.loads((folder / _FILE).read_text("utf-8")))
            found.append((folder.name, info, deleted + self.trash_days * 86_400))
        return found

    def restore(self, trash_id: str) -> Workspace:
        """Bring a deleted workspace back under its id (or the next free one)."""
        folder = self.root / _TRASH / Path(trash_id).name
        if not folder.is_dir():
            raise WorkspaceError(
                "It is no longer in the trash.", where=trash_id, remedy="Restore it from a backup."
            )
        wanted = folder.name.rpartition("@")[0]
        final, number = wanted, 1
        while (self.root / final).exists():
            number += 1
            final = f"{wanted}-{number}"
        folder.rename(self.root / final)
        workspace = Workspace(self.root / final)
        _write(workspace.folder, WorkspaceInfo(**{**asdict(workspace.info), "id": final}))
        return Workspace(self.root / final)

    def empty_trash(self, now: float | None = None) -> None:
        """Remove for good what has been in the trash longer than the undo period."""
        moment = time.time() if now is None else now
        for trash_id, _info, until in self.trashed():
            if until < moment:
                shutil.rmtree(self.root / _TRASH / trash_id)


def _infos(root: Path) -> tuple[list[WorkspaceInfo], list[WorkspaceError]]:
    found: list[WorkspaceInfo] = []
    damaged: list[WorkspaceError] = []
    for file in sorted(root.glob(f"[!.]*/{_FILE}")):
        try:
            found.append(Workspace(file.parent).info)
        except WorkspaceError as error:
            damaged.append(error)
    return sorted(found, key=lambda info: (info.created_at, info.id)), damaged


def _write(folder: Path, info: WorkspaceInfo) -> None:
    write_json(folder / _FILE, asdict(info), indent=1)


def _clean(name: str) -> str:
    printable = "".join(c for c in name if unicodedata.category(c)[0] != "C").strip()[:80]
    if not printable:
        raise WorkspaceError("A workspace needs a name.", remedy="Type at least one letter.")
    return printable


def _slug(name: str) -> str:
    return re.sub(r"[^\w]+", "-", _clean(name).casefold()).strip("-")[:40] or "workspace"


def _backup(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as reader, sqlite3.connect(target) as writer:
        reader.backup(writer)
    reader.close()
    writer.close()
