"""What runs are called where one of them is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from core.recommend.runs import Run
from core.ui.text import distinct, moment


def run_names(known: Sequence[Run]) -> dict[str, str]:
    """A label for each run's id: its name, with the minute it began where two share it."""
    return distinct(
        {run.id: run.name for run in known}, {run.id: moment(run.created_at)[:16] for run in known}
    )
