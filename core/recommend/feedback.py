"""Thumbs up and down on what was shown: one verdict a run, shopper and product, the latest counts."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from core.domain import content_hash
from core.storage.tables import feedback
from core.storage.workspaces import Workspace


def made_up(history: Sequence[str]) -> str:
    """The id under which verdicts of a made-up shopper are kept: the same history, the same id."""
    return f"made-up:{content_hash(*history)[:12]}"


def record(workspace: Workspace, run_id: str, shopper_id: str, product_id: str, verdict: int) -> None:
    """Keep +1 or −1; 0 takes the verdict back."""
    same = (
        (feedback.c.run_id == run_id)
        & (feedback.c.shopper_id == shopper_id)
        & (feedback.c.product_id == product_id)
    )
    with workspace.db.write() as connection:
        connection.execute(delete(feedback).where(same))
        if verdict:
            connection.execute(
                insert(feedback).values(
                    run_id=run_id,
                    shopper_id=shopper_id,
                    product_id=product_id,
                    verdict=1 if verdict > 0 else -1,
                    time=time.time(),
                )
            )


def verdicts(workspace: Workspace, run_id: str, shopper_id: str) -> dict[str, int]:
    """Product → +1 or −1 for one shopper of one run."""
    query = select(feedback.c.product_id, feedback.c.verdict).where(
        feedback.c.run_id == run_id, feedback.c.shopper_id == shopper_id
    )
    with workspace.db.read() as connection:
        return {row[0]: int(row[1]) for row in connection.execute(query)}
