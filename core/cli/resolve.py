"""``resolve``: find products and values that are one thing, and merge the sure ones, without a page."""

from __future__ import annotations

import argparse

from core.cli.common import Commands, add, add_workspace, open_workspace, run_stage
from core.cli.main import Result


def register(commands: Commands) -> None:
    """Add the commands of this module."""
    resolve = add(commands, "resolve", _resolve, "merge products and values that are one thing")
    add_workspace(resolve)
    resolve.add_argument("--what", nargs="+", choices=("products", "values"), default=["products", "values"])
    resolve.add_argument(
        "--sure", type=float, default=0.95, metavar="P", help="merge from this probability on"
    )
    resolve.add_argument("--doubtful", type=float, default=0.35, metavar="P", help="review from this one on")
    resolve.add_argument(
        "--without-anchor",
        action="store_true",
        help="merge sure pairs that share no number, code or title too",
    )
    resolve.add_argument(
        "--within",
        action="store_true",
        default=None,
        help="look for twins within a source too; done anyway where there is only one",
    )
    resolve.add_argument("--color", action="store_true", help="different colours are different products")
    resolve.add_argument("--vectors", action="store_true", help="compare the meaning of titles too (slower)")
    resolve.add_argument("--model", default="", help="language model to ask about pairs in doubt")
    resolve.add_argument("--model-pairs", type=int, default=100, metavar="N", help="how many it is asked")
    resolve.add_argument("--afresh", action="store_true", help="compare everything again")


def _resolve(arguments: argparse.Namespace) -> Result:
    params = {
        "what": tuple(arguments.what),
        "sure": arguments.sure,
        "doubtful": arguments.doubtful,
        "anchored": not arguments.without_anchor,
        "within": arguments.within,
        "color": arguments.color,
        "vectors": arguments.vectors,
        "model": arguments.model,
        "model_pairs": arguments.model_pairs if arguments.model else 0,
        "afresh": arguments.afresh,
    }
    return run_stage(open_workspace(arguments.workspace), "resolve", params)
