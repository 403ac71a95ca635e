"""The stage "watch": look into the workspace's folder ``inbox`` every so often, and take in what is new there.

A file is taken in again when its content changes; rows that did not change cost nothing, and only texts that did are
read again. A file that cannot be read is told of once, and tried again when it changes. A job that is started again
remembers what it has seen.

Events: ``taken`` (``file``, ``reports``), ``refused`` (``file``, and the error as ``what``, ``where``, ``remedy``) and
``reading`` (``job``).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.catalogue.ingest import ingest
from core.errors import ShelfGraphError
from core.graph.log import Log
from core.jobs import Context, Jobs
from core.stages.build_plan import parse as parse_build
from core.stages.params import parsed
from core.storage.workspaces import Workspace

INBOX = "inbox"
SETTLED_SECONDS = 2.0
"""A file that was written to less than so long ago may not be whole yet; it waits for the next look."""
_NAP = 0.25


class WatchParams(BaseModel):
    """The settings of a watch; the form on the page and the command line are made from it."""

    model_config = ConfigDict(extra="forbid")

    every_minutes: float = Field(default=5.0, gt=0, le=10_080, description="Minutes from look to look.")
    looks: int = Field(default=0, ge=0, description="How often to look; 0 until it is stopped.")
    read: bool = Field(default=True, description="Whether changed texts are read at once.")
    build: dict[str, Any] = Field(default_factory=dict, description="Settings of the build that reads them.")


def parse(params: Mapping[str, Any]) -> WatchParams:
    """The settings as they are meant; raises ConfigError that names the setting."""
    wanted = parsed(WatchParams, params, "The watch", "watch")
    parse_build(wanted.build)
    return wanted


def inbox(workspace: Workspace) -> Path:
    """The folder that is watched."""
    return workspace.sub(INBOX)


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Watch until stopped, or for so many looks."""
    wanted = parse(params)
    state = context.load_checkpoint() or {}
    seen: dict[str, list[float]] = dict(state.get("seen", {}))
    owed = bool(state.get("owed"))
    totals = {"looks": 0, "taken": 0, "refused": 0, "changed": 0}
    while True:
        changed = _look(context, seen, totals, settle=wanted.looks != 1)
        totals["changed"] += changed
        totals["looks"] += 1
        owed = wanted.read and (owed or changed > 0) and not _read(context, wanted)
        context.save_checkpoint({"seen": seen, "owed": owed})
        if totals["looks"] == wanted.looks:
            return totals
        _wait(context, 60.0 * wanted.every_minutes)


def _look(context: Context, seen: dict[str, list[float]], totals: dict[str, int], *, settle: bool) -> int:
    """Take in every file that is not as it was seen last; returns how many rows it changed."""
    changed = 0
    for file in sorted(inbox(context.workspace).iterdir()):
        if file.name.startswith(".") or not file.is_file():
            continue
        stamp = [file.stat().st_mtime, float(file.stat().st_size)]
        if seen.get(file.name) == stamp or (settle and time.time() - stamp[0] < SETTLED_SECONDS):
            continue
        context.check()
        try:
            reports = ingest(context.workspace, file, check=context.check)
        except ShelfGraphError as error:
            totals["refused"] += 1
            context.emit("refused", file=file.name, what=error.what, where=error.where, remedy=error.remedy)
        else:
            totals["taken"] += 1
            changed += sum(report.changed for report in reports)
            context.emit("taken", file=file.name, reports=[report.plain() for report in reports])
        seen[file.name] = stamp
    if changed:
        Log(context.workspace).reconcile()
    return changed


def _read(context: Context, wanted: WatchParams) -> bool:
    """Start a build; one that is running has chosen its texts already, so this one waits for the next look."""
    jobs = Jobs(context.workspace)
    if jobs.list("build", active=True, limit=1):
        return False
    context.emit("reading", job=jobs.submit("build", wanted.build))
    return True


def _wait(context: Context, seconds: float) -> None:
    until = time.time() + seconds
    context.progress(0, 0, "watch")
    while time.time() < until:
        context.check()
        time.sleep(_NAP)
