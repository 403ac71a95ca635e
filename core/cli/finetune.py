"""``finetune`` and ``adapters list|rename|delete``: teach the language model that reads, and keep what it learned."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result
from core.errors import ConfigError, DataError
from core.storage.workspaces import Workspace

PRESETS = ("quick", "balanced", "best")
KINDS = ("lora", "adalora", "ia3", "prefix")


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    tune = add(
        commands, "finetune", _finetune, "teach the language model from accepted facts or a labelled file"
    )
    add_workspace(tune)
    tune.add_argument("--labelled", type=Path, metavar="FILE", help="learn from it, not from the workspace")
    tune.add_argument("--schema", type=Path, metavar="FILE", help="category to attributes, as JSON")
    tune.add_argument("--facts", action="store_true", help="all facts that stand, reviewed or not")
    tune.add_argument("--model", default="", metavar="NAME", help="base model; the embedded one by default")
    tune.add_argument("--name", default="", help="what the adapter is called")
    tune.add_argument(
        "--start", default="", metavar="ADAPTER", help="go on from it; `shipped` for the shipped one"
    )
    tune.add_argument("--preset", choices=PRESETS, default="balanced")
    tune.add_argument("--kind", choices=KINDS, help="parameter-efficient method")
    tune.add_argument("--most", type=int, help="most texts to learn from")
    tune.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="change single settings")

    adapters = commands.add_parser("adapters", help="the adapters that were trained here")
    actions = adapters.add_subparsers(dest="action", required=True, metavar="ACTION")
    add(actions, "list", _list, "their cards")
    rename = add(actions, "rename", _rename, "give one another name")
    rename.add_argument("name")
    rename.add_argument("to")
    add(actions, "delete", _delete, "delete one").add_argument("name")


def _finetune(arguments: argparse.Namespace) -> Result:
    workspace = open_workspace(arguments.workspace, create=arguments.labelled is not None)
    return run_stage(workspace, "finetune", _params(workspace, arguments))


def _params(workspace: Workspace, arguments: argparse.Namespace) -> dict[str, Any]:
    from core.llm.finetune_config import PRESETS as CONFIGS

    config = CONFIGS[arguments.preset].model_dump(mode="json")
    lessons: dict[str, str] = {}
    for setting in arguments.set:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ConfigError(f"{setting!r} sets nothing.", where="--set", remedy="Write NAME=VALUE.")
        into = lessons if name.startswith("lessons.") else config
        into[name.removeprefix("lessons.")] = value
    if arguments.kind:
        config["kind"] = arguments.kind
    params: dict[str, Any] = {"name": arguments.name, "most": arguments.most, "config": config}
    params |= {"start": arguments.start} if arguments.start else {}
    params |= {"base": arguments.model} if arguments.model else {}
    params |= {"lessons": lessons} if lessons else {}
    if arguments.labelled:
        return params | _files(workspace, arguments)
    return params | {"source": "facts" if arguments.facts else "review"}


def _files(workspace: Workspace, arguments: argparse.Namespace) -> dict[str, Any]:
    from core.stages.evaluate_texts import keep_file

    return {
        "source": "file",
        "file": keep_file(workspace, _bytes(arguments.labelled)),
        "schema_file": keep_file(workspace, _bytes(arguments.schema)) if arguments.schema else "",
        "file_name": arguments.labelled.name,
    }


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"The file cannot be read ({error.strerror}).", where=str(path), remedy="Check its name."
        ) from error


def _list(_arguments: argparse.Namespace) -> Result:
    from core.llm.adapters import listed

    return {"adapters": [card.model_dump(mode="json") for card in listed()]}


def _rename(arguments: argparse.Namespace) -> Result:
    from core.llm.adapters import rename

    rename(arguments.name, arguments.to)
    return {"adapter": arguments.to}


def _delete(arguments: argparse.Namespace) -> Result:
    from core.llm.adapters import delete

    delete(arguments.name)
    return {"deleted": arguments.name}
