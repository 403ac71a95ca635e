"""What was measured of a run, as a file beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.drivers.rows import Row
from core.recommend import runs
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FILE = "drivers.json"


@dataclass(frozen=True, eq=False)
class Drivers:
    """The measured recommendations of a run: its groups, a row each, and how much of each group's input there was
    (``amounts``, float64[rows, groups] in [0, 1] or NaN). ``created_at`` is in epoch seconds."""

    run: str
    name: str
    created_at: float
    seed: int
    seconds: float
    groups: tuple[str, ...]
    rows: tuple[Row, ...]
    amounts: NDArray[np.float64]

    @property
    def shoppers(self) -> int:
        """How many shoppers the rows are of."""
        return len({row.shopper for row in self.rows})

    @property
    def error(self) -> float:
        """The largest additivity error."""
        return max((row.error for row in self.rows), default=0.0)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        amounts = [[None if value != value else value for value in line] for line in self.amounts.tolist()]
        own = {name: getattr(self, name) for name in ("run", "name", "created_at", "seed", "seconds")}
        rows = [row.plain() for row in self.rows]
        return {**own, "groups": list(self.groups), "rows": rows, "amounts": amounts}

    @staticmethod
    def of_plain(raw: Mapping[str, Any]) -> Drivers:
        """Back from what ``plain`` gave."""
        amounts = np.array(raw["amounts"], np.float64).reshape(len(raw["rows"]), len(raw["groups"]))
        rows = tuple(Row.of_plain(row) for row in raw["rows"])
        return Drivers(
            raw["run"],
            raw["name"],
            raw["created_at"],
            raw["seed"],
            raw["seconds"],
            tuple(raw["groups"]),
            rows,
            amounts,
        )


def path_of(workspace: Workspace, run_id: str) -> Path:
    """Where the measurement of a run is kept; raises RunError for a run that there is not."""
    return workspace.sub("runs") / runs.get_run(workspace, run_id).id / FILE


def keep(workspace: Workspace, found: Drivers) -> None:
    """Write it, whole or not at all."""
    write_json(path_of(workspace, found.run), found.plain())


def kept(workspace: Workspace, run_id: str) -> Drivers | None:
    """The last measurement of a run; None before the first."""
    path = path_of(workspace, run_id)
    return Drivers.of_plain(json.loads(path.read_text("utf-8"))) if path.is_file() else None
