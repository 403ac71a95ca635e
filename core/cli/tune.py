"""The search for settings without its page: ``tune``."""

from __future__ import annotations

import argparse
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result
from core.errors import ConfigError

PRESETS = ("quick", "balanced", "best")


def register(commands: Commands) -> None:
    """Add the command of this module."""
    tune = add(
        commands, "tune", _tune, "search for settings by validation NDCG@10, baselines with the same budget"
    )
    add_workspace(tune)
    tune.add_argument("--preset", choices=PRESETS, default="quick", help="where the search starts")
    tune.add_argument(
        "--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings that stay as they are"
    )
    tune.add_argument(
        "--vary",
        nargs="*",
        default=[],
        metavar="NAME[=LOW:HIGH|A,B]",
        help="settings to search, each with its range or options; the usual ones unless given",
    )
    tune.add_argument("--trials", type=int, default=20)
    tune.add_argument("--minutes", type=float, default=30.0, help="most minutes of trials, 0 for no limit")
    tune.add_argument("--seed", type=int, default=0)
    tune.add_argument("--no-pruning", action="store_true", help="run every trial to its end")
    tune.add_argument("--grid-baselines", action="store_true", help="tune the baselines on their grids only")
    tune.add_argument("--name", default="")


def _tune(arguments: argparse.Namespace) -> Result:
    from core.recommend.config import PRESETS as CONFIGS
    from core.recommend.config import config_of
    from core.recommend.search.space import USUAL

    values = CONFIGS[arguments.preset].model_dump(mode="json")
    for setting in arguments.set:
        name, _, value = setting.partition("=")
        values[name] = value
    params = {
        "name": arguments.name,
        "config": config_of(values).model_dump(mode="json"),
        "fields": dict(_field(one) for one in arguments.vary or USUAL),
        "trials": arguments.trials,
        "minutes": arguments.minutes,
        "seed": arguments.seed,
        "prune": not arguments.no_pruning,
        "baselines": not arguments.grid_baselines,
    }
    return run_stage(open_workspace(arguments.workspace), "tune", params)


def _field(told: str) -> tuple[str, list[Any]]:
    """A setting and its range or options: ``dropout``, ``dropout=0.1:0.5`` or ``graph_loss=transe,rotate``."""
    name, _, values = told.partition("=")
    if ":" not in values:
        return name, [value for value in values.split(",") if value]
    try:
        return name, [float(end) for end in values.split(":")]
    except ValueError:
        raise ConfigError(
            f"“{values}” is no range.", where=name, remedy="Write LOW:HIGH, as in dropout=0.1:0.5."
        ) from None
