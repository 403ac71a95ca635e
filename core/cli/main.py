"""The parser, the dispatch and the exit status: 0 done, 1 failed, 2 wrong arguments."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from core.errors import ShelfGraphError

Result = Mapping[str, Any]
Command = Callable[[argparse.Namespace], Result | int]

_GROUPS = (
    "core.cli.chain",
    "core.cli.graph",
    "core.cli.resolve",
    "core.cli.quality",
    "core.cli.map",
    "core.cli.score",
    "core.cli.finetune",
    "core.cli.machine",
    "core.cli.serving",
)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(prog="python -m core", description="The headless twin of every page.")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for group in _GROUPS:
        import_module(group).register(commands)
    return root


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    arguments = parser().parse_args(argv)
    as_json = bool(getattr(arguments, "json", False))
    run: Command = arguments.run
    try:
        result = run(arguments)
    except ShelfGraphError as error:
        sys.stderr.write(f"{error}\n")
        if as_json:
            described = {"what": error.what, "where": error.where, "remedy": error.remedy}
            sys.stdout.write(json.dumps({"error": described}, ensure_ascii=False) + "\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 1
    if isinstance(result, int):
        return result
    tell(result, as_json=as_json)
    return 0


def tell(result: Result, *, as_json: bool) -> None:
    """Write a result to standard output, as one JSON object or to be read."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n" if as_json else _readable(result))


def _readable(result: Result, indent: str = "") -> str:
    lines = []
    for name, value in result.items():
        label = f"{indent}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            lines.append(f"{label}\n{_readable(value, indent + '  ')}")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            rows = "".join(f"{indent}  - {json.dumps(row, ensure_ascii=False)}\n" for row in value)
            lines.append(f"{label}\n{rows}")
        else:
            shown = f"{value:.4g}" if isinstance(value, float) else str(value)
            lines.append(f"{label}: {shown}\n")
    return "".join(lines)
