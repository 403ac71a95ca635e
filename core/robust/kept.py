"""The last examination of each run, as a file beside the run."""

from __future__ import annotations

import json
from typing import Any

from core.recommend import runs
from core.storage.workspaces import Workspace

FILE = "robustness.json"


def kept(workspace: Workspace, run_id: str) -> dict[str, Any] | None:
    """The last examination of a run; None before the first."""
    path = workspace.sub("runs") / runs.get_run(workspace, run_id).id / FILE
    return dict(json.loads(path.read_text("utf-8"))) if path.is_file() else None
