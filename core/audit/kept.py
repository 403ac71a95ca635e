"""The last audit of each run, beside the run, and the last look at the texts of the workspace."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.audit.screen import Screened
from core.recommend import runs
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FILE = "audit.json"
FOLDER, TEXTS = "audit", "texts.json"


@dataclass(frozen=True, slots=True)
class Texts:
    """A look at the texts: ``stamp`` is that of catalogue and rules (see ``core.audit.screen.stamp``)."""

    stamp: str
    found: tuple[Screened, ...]


def keep(workspace: Workspace, found: Mapping[str, Any]) -> None:
    """Write the audit of a run beside it."""
    write_json(
        workspace.sub("runs") / runs.get_run(workspace, str(found["run"])).id / FILE, dict(found), indent=1
    )


def kept(workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    """The last audit of a run; None before the first."""
    path = workspace.sub("runs") / runs.get_run(workspace, run_id).id / FILE
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else None


def keep_texts(workspace: Workspace, stamp: str, found: Sequence[Screened]) -> None:
    """Write what a look at the texts found."""
    write_json(
        workspace.sub(FOLDER) / TEXTS, {"stamp": stamp, "found": [one.plain() for one in found]}, indent=1
    )


def kept_texts(workspace: Workspace) -> Texts | None:
    """The last look at the texts; None before the first."""
    path = workspace.folder / FOLDER / TEXTS
    if not path.is_file():
        return None
    raw = json.loads(path.read_text("utf-8"))
    return Texts(raw["stamp"], tuple(Screened.of_plain(one) for one in raw["found"]))
