"""Trust, prediction and size without a page: ``graph check``, ``predict``, ``compress``."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result, tell
from core.form import Entry, entries
from core.graph.embedding import ScorerKind

FAILED = 1


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    command = add(commands, "predict", _predict, "predict missing facts, and propose them for review")
    add_workspace(command)
    command.add_argument(
        "--scorer", choices=[kind.value for kind in ScorerKind], default=ScorerKind.TRANSE.value
    )
    command.add_argument("--most", type=int, default=60, help="most predictions")
    command.add_argument("--least-probability", type=float, default=0.05)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--propose", action="store_true", help="put all of them on the Review page")


def register_check(actions: Commands) -> None:
    """Add ``graph check`` with one option for each setting of a check."""
    from core.graph.quality import QualityConfig

    command = add(actions, "check", _check, "say whether the graph can be trusted; exit status 1 if not")
    add_workspace(command)
    for entry in entries(QualityConfig):
        _option(command, entry, QualityConfig.model_fields[entry.name].default)


def _option(command: argparse.ArgumentParser, entry: Entry, usual: Any) -> None:
    name = f"--{entry.name.replace('_', '-')}"
    if entry.kind == "switch":
        command.add_argument(name, action=argparse.BooleanOptionalAction, default=usual)
    else:
        command.add_argument(name, type=int if entry.kind == "whole" else float, default=usual)


def _check(arguments: argparse.Namespace) -> int:
    from core.graph.quality import QualityConfig
    from core.stages.check import kept_report

    workspace = open_workspace(arguments.workspace)
    params = {entry.name: getattr(arguments, entry.name) for entry in entries(QualityConfig)}
    run_stage(workspace, "check", params)
    kept = kept_report(workspace)
    assert kept is not None, "the stage has just kept it"
    told = kept.report.plain() | {"seconds": kept.seconds}
    if not arguments.json:
        told.pop("completeness")
    tell(told, as_json=arguments.json)
    return 0 if kept.report.passed else FAILED


def _predict(arguments: argparse.Namespace) -> Result:
    asked = ("scorer", "most", "least_probability", "seed", "propose")
    params = {name: getattr(arguments, name) for name in asked}
    return run_stage(open_workspace(arguments.workspace), "predict", params)
