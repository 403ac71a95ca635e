"""What people decided about products, shoppers and facts beside the graph's log: who, what, when. Only added to.

One JSON object a line in the workspace's ``decisions.jsonl``; the last word about a target counts, and a decision is
taken back by another one. The file is never rewritten, so it says who decided what at any time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from core.errors import WorkspaceError
from core.storage.workspaces import Workspace

FILE = "decisions.jsonl"
LONGEST_NOTE = 500


class Verdict(StrEnum):
    """ALLOWED and WITHHELD are said of a product, LEFT_OUT of a shopper, REVIEW of a fact; OPEN takes back."""

    OPEN = "open"
    ALLOWED = "allowed"
    WITHHELD = "withheld"
    LEFT_OUT = "left_out"
    REVIEW = "review"


PRODUCT, SHOPPER, FACT = "product", "shopper", "fact"


@dataclass(frozen=True, slots=True)
class Decision:
    """One word of one person. ``kind`` is product, shopper or fact, ``target`` its id; ``about`` names the state that
    was looked at (a content hash; "" where it does not matter); ``time`` is in epoch seconds."""

    kind: str
    target: str
    verdict: Verdict
    actor: str
    about: str = ""
    note: str = ""
    time: float = 0.0


def decide(workspace: Workspace, made: Sequence[Decision]) -> None:
    """Add decisions, each at this moment. One write for all, so that readers never see half a line."""
    now = time.time()
    lines = [
        json.dumps({**asdict(one), "note": one.note[:LONGEST_NOTE], "time": now}, ensure_ascii=False) + "\n"
        for one in made
    ]
    if not lines:
        return
    handle = os.open(workspace.folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, "".join(lines).encode("utf-8", "replace"))
    finally:
        os.close(handle)


def decisions(workspace: Workspace) -> list[Decision]:
    """All decisions, oldest first; raises WorkspaceError where the file is damaged."""
    path = workspace.folder / FILE
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            raw = json.loads(line)
            found.append(Decision(**{**raw, "verdict": Verdict(raw["verdict"])}))
        except (ValueError, TypeError, KeyError) as error:
            raise WorkspaceError(
                f"A decision cannot be read ({type(error).__name__}).",
                where=f"{FILE}, line {number}",
                remedy="Restore the file from a copy, or take this line out.",
            ) from error
    return found


def standing(made: Iterable[Decision], kind: str) -> dict[str, Decision]:
    """The last word about each target of that kind; what was taken back is left out."""
    last = {one.target: one for one in made if one.kind == kind}
    return {target: one for target, one in last.items() if one.verdict is not Verdict.OPEN}


def left_out(workspace: Workspace) -> frozenset[str]:
    """Shoppers whose events are not to be trained on."""
    said = standing(decisions(workspace), SHOPPER)
    return frozenset(target for target, one in said.items() if one.verdict is Verdict.LEFT_OUT)


def stamp(workspace: Workspace) -> tuple[int, int]:
    """Changes with every decision; (0, 0) before the first."""
    try:
        told = (workspace.folder / FILE).stat()
    except FileNotFoundError:
        return (0, 0)
    return (told.st_mtime_ns, told.st_size)
