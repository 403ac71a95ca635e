"""``score resolution``: how well products of two catalogues are matched."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli.common import Commands, add
from core.cli.main import Result
from core.errors import ConfigError


def register(actions: Commands) -> None:
    """Add ``resolution`` to the actions of ``score``."""
    made = add(actions, "resolution", _resolution, "F1 and top-1 of matching two catalogues")
    about = {
        "left": "Parquet or CSV with left_id, title or name, and whatever else there is",
        "right": "the other catalogue, with right_id",
        "matches": "which are one product: left_id, right_id",
    }
    for name, told in about.items():
        made.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=told)
    for name in about:
        made.add_argument(
            f"--train-{name}",
            type=Path,
            metavar="FILE",
            help="to learn from; else the shipped weights are used",
        )
    made.add_argument("--vectors", action="store_true", help="compare the meaning of titles too (slower)")


def _resolution(arguments: argparse.Namespace) -> Result:
    from core.graph.resolve.score import Catalogues, score
    from core.graph.resolve.tables import LEFT, RIGHT, positions, read_matches, read_records

    def read(left: Path, right: Path, matches: Path) -> Catalogues:
        found = Catalogues(read_records(left, LEFT), read_records(right, RIGHT), read_matches(matches))
        positions(found.left, [a for a, _ in found.matches], str(matches))
        positions(found.right, [b for _, b in found.matches], str(matches))
        return found

    given = (arguments.train_left, arguments.train_right, arguments.train_matches)
    if any(given) and not all(given):
        raise ConfigError(
            "Matches to learn from need both of their tables.",
            where="--train-left, --train-right, --train-matches",
            remedy="Give all three, or none to use the shipped weights.",
        )
    test = read(arguments.left, arguments.right, arguments.matches)
    encoder = None
    if arguments.vectors:
        from core.llm.sentences import SentenceEncoder

        encoder = SentenceEncoder()
    return score(test, read(*given) if all(given) else None, encoder)
