"""``encode`` and ``encoders list|delete``: tune the text encoder of the recommender, and keep what came of it."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result
from core.errors import ConfigError

PRESETS = ("quick", "balanced", "best")
KINDS = ("frozen", "lora", "adalora", "ia3", "prefix", "bottleneck", "full")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    tune = add(commands, "encode", _encode, "tune the text encoder on the catalogue and its training events")
    add_workspace(tune)
    tune.add_argument(
        "--base",
        default="",
        metavar="MODEL",
        help="a shipped or configured model, a folder, or a Hugging Face id; the embedded encoder by default",
    )
    kinds = tune.add_mutually_exclusive_group()
    kinds.add_argument("--kind", nargs="+", choices=KINDS, help="how it is tuned; several are compared")
    kinds.add_argument("--all", action="store_true", help="compare all kinds")
    tune.add_argument("--preset", choices=PRESETS, default="balanced")
    tune.add_argument("--name", default="", help="what the encoder is called")
    tune.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="change single settings")

    encoders = commands.add_parser("encoders", help="the encoders that were tuned in a workspace")
    actions = encoders.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_workspace(add(actions, "list", _list, "their cards"))
    delete = add(actions, "delete", _delete, "delete one that no run reads with")
    add_workspace(delete)
    delete.add_argument("id")


def _encode(arguments: argparse.Namespace) -> Result:
    from core.recommend.tuning.config import PRESETS as CONFIGS

    config = CONFIGS[arguments.preset].model_dump(mode="json")
    for setting in arguments.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"{setting!r} sets nothing.", where="--set", remedy="Write NAME=VALUE.")
        config[name] = value
    kinds = list(KINDS) if arguments.all else list(arguments.kind or [])
    params: dict[str, Any] = {"name": arguments.name, "kinds": kinds, "config": config}
    params |= {"base": arguments.base} if arguments.base else {}
    return run_stage(open_workspace(arguments.workspace), "encode", params)


def _list(arguments: argparse.Namespace) -> Result:
    from core.recommend.tuning.kept import listed

    return {
        "encoders": [card.model_dump(mode="json") for card in listed(open_workspace(arguments.workspace))]
    }


def _delete(arguments: argparse.Namespace) -> Result:
    from core.recommend.tuning.kept import delete

    delete(open_workspace(arguments.workspace), arguments.id)
    return {"deleted": arguments.id}
