"""Arguments and steps that several commands share."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from core.cli.main import Command, Result
from core.jobs import JobEvent, run_inline
from core.settings import settings
from core.stages import REGISTRY
from core.storage.workspaces import Workspace, Workspaces

Commands = Any  # argparse gives its sub-parsers no public type


def add(commands: Commands, name: str, run: Command, summary: str) -> argparse.ArgumentParser:
    """Add a command with the ``--json`` switch that all have."""
    made: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    made.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    made.set_defaults(run=run)
    return made


def add_workspace(command: argparse.ArgumentParser, *, required: bool = True) -> None:
    """Add ``--workspace DIR``."""
    command.add_argument("--workspace", type=Path, required=required, metavar="DIR", help="workspace folder")


def open_workspace(folder: Path | None, *, create: bool = False) -> Workspace:
    """The workspace of that folder, made first where ``create`` allows it."""
    if folder is None:
        folder = settings().workspaces / "demo"
    if create and not (folder / "workspace.json").exists():
        root = folder.resolve()
        return Workspaces(root.parent).create(root.name, root.name)
    return Workspace(folder)


def run_stage(workspace: Workspace, stage: str, params: dict[str, Any]) -> Result:
    """Run a stage in this process, its progress on standard error."""
    return run_inline(workspace, stage, REGISTRY, params, _report)


def tell_progress(done: float, total: float, message: str) -> None:
    """Write how far a measurement is to standard error."""
    sys.stderr.write(f"  {done:g}/{total:g} {message}\n")


def _report(event: JobEvent) -> None:
    if event.kind == "progress":
        data = event.data
        of = f"/{data['total']:g}" if data.get("total") else ""
        sys.stderr.write(f"  {data.get('done', 0):g}{of} {data.get('message', '')}\n")
