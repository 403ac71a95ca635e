"""Trust, prediction and size without a page: ``graph check``, ``predict``, ``compress``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result, tell
from core.errors import ConfigError
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

    small = add(commands, "compress", _compress, "price smaller graphs, and take one along")
    add_workspace(small)
    small.add_argument(
        "--strength",
        type=int,
        metavar="K",
        help="the point of the curve to keep and to export, from 0 (everything)",
    )
    small.add_argument("--name", help="keep the chosen graph under this name")
    small.add_argument("--out", type=Path, metavar="FILE", help="write the chosen graph as node-link JSON")


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


def _compress(arguments: argparse.Namespace) -> Result:
    from core.graph.compress import STRENGTHS
    from core.graph.store import GraphStore
    from core.stages import compress

    workspace = open_workspace(arguments.workspace)
    wanted = arguments.strength
    if wanted is None and (arguments.name or arguments.out):
        raise ConfigError(
            "Nothing says which of the graphs is meant.",
            where="--strength",
            remedy="Give a point of the curve.",
        )
    if wanted is not None and not 0 <= wanted < len(STRENGTHS):
        raise ConfigError(
            f"There is no strength {wanted}.",
            where="--strength",
            remedy=f"Give one from 0 to {len(STRENGTHS) - 1}.",
        )
    run_stage(workspace, "compress", {})
    made = compress.curve(workspace)
    assert made is not None, "the stage has just kept it"
    told: dict[str, Any] = {"graph_hash": made.graph_hash, "seconds": made.seconds}
    told["curve"] = compress.plain_points(made.points)
    if wanted is None:
        return told
    plan = made.points[wanted].plan
    if arguments.name:
        told["name"] = compress.save(workspace, arguments.name, plan).name
    if arguments.out:
        content = compress.exported(GraphStore(workspace).graph(), plan)
        arguments.out.write_bytes(content)
        told |= {"file": str(arguments.out), "bytes": len(content)}
    return told
