"""What people decide about what an examination suspects: shoppers out of training, facts to review."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import ConfigError, DataError
from core.recommend.source import read_events
from core.storage.decisions import FACT, SHOPPER, Decision, Verdict, decide
from core.storage.workspaces import Workspace


def leave_out(
    workspace: Workspace, shoppers: Sequence[str], actor: str, note: str = "", *, back: bool = False
) -> None:
    """Write down that shoppers are not to be trained on, or with ``back`` that they are again.

    Raises ConfigError without a name, and DataError for a shopper without events.
    """
    if not actor.strip():
        raise ConfigError("A decision is somebody's.", where="name", remedy="Say who decides.")
    known = {row[0] for row in read_events(workspace)}
    for shopper in shoppers:
        if shopper not in known and not back:
            raise DataError(
                "This shopper has no events.", where=shopper[:80], remedy="Choose one of the events."
            )
    verdict = Verdict.OPEN if back else Verdict.LEFT_OUT
    decide(workspace, [Decision(SHOPPER, one, verdict, actor.strip(), note=note) for one in shoppers])


def to_review(workspace: Workspace, facts: Sequence[str], actor: str, run_id: str = "") -> None:
    """Send facts (ids) to the review queue as suspected; ``actor`` is a person, or the detector's own name."""
    decide(workspace, [Decision(FACT, one, Verdict.REVIEW, actor, run_id) for one in facts])
