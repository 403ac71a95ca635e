"""Products that must not be shown: withheld by a person, or with a text that is held until a person has looked.

Serving asks ``withheld`` once for a loaded run, and hides the rows that ``hidden`` gives before it ranks.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.storage.decisions import PRODUCT, Decision, Verdict, decisions, standing
from core.storage.decisions import stamp as decisions_stamp
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FOLDER, FILE = "audit", "held.json"


@dataclass(frozen=True, slots=True)
class Held:
    """A product whose text a rule holds: ``about`` is the content hash of the text that was looked at."""

    product: str
    about: str


def withheld_of(held: Collection[Held], said: Mapping[str, Decision]) -> frozenset[str]:
    """Ids of the products that must not be shown; ``said`` is the last decision about each product.

    What was withheld stays so, whatever becomes of its text. What was allowed is shown as long as the text is the one
    that was allowed; what a rule holds and nobody has decided about waits.
    """
    refused = {target for target, one in said.items() if one.verdict is Verdict.WITHHELD}
    waiting = {
        one.product
        for one in held
        if (told := said.get(one.product)) is None
        or told.verdict is not Verdict.ALLOWED
        or told.about != one.about
    }
    return frozenset(refused | waiting)


def withheld(workspace: Workspace) -> frozenset[str]:
    """Ids of the products of a workspace that must not be shown, by its last look at the texts and its decisions."""
    return withheld_of(read_held(workspace), standing(decisions(workspace), PRODUCT))


def stamp(workspace: Workspace) -> tuple[int, ...]:
    """Changes with every decision and with every look at the texts."""
    path = workspace.folder / FOLDER / FILE
    return (*decisions_stamp(workspace), path.stat().st_mtime_ns if path.is_file() else 0)


def hidden(product_ids: Sequence[str], names: Collection[str]) -> NDArray[np.int64]:
    """int64: the places of those of ``names`` that are among ``product_ids``."""
    return np.array([place for place, one in enumerate(product_ids) if one in names], np.int64)


def read_held(workspace: Workspace) -> list[Held]:
    """What rules held at the last look at the texts; [] before the first."""
    path = workspace.folder / FOLDER / FILE
    if not path.is_file():
        return []
    return [Held(str(row["product"]), str(row["about"])) for row in json.loads(path.read_text("utf-8"))]


def write_held(workspace: Workspace, held: Sequence[Held]) -> None:
    """Keep what rules hold, whole or not at all."""
    rows = [{"product": one.product, "about": one.about} for one in held]
    write_json(workspace.sub(FOLDER) / FILE, rows)
