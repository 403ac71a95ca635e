"""What a job and its events look like to those who watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row


class Status(StrEnum):
    """Where a job is in its life: queued → running ⇄ paused → done, failed or cancelled."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (Status.QUEUED, Status.RUNNING, Status.PAUSED)


@dataclass(frozen=True, slots=True)
class JobView:
    """One job as its row says. ``done`` and ``total`` are in the stage's own unit; ``total`` 0 means unknown."""

    id: str
    stage: str
    params: Mapping[str, Any]
    status: Status
    wish: str
    attempt: int
    slot: str
    launcher: str
    host: str
    pid: int | None
    lease_until: float | None
    done: float
    total: float
    message: str
    result: Mapping[str, Any] | None
    error: Mapping[str, str] | None
    created_at: float
    started_at: float | None
    finished_at: float | None

    @property
    def active(self) -> bool:
        """Neither done nor failed nor cancelled."""
        return self.status in ACTIVE

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1; 0 while the total is unknown."""
        if self.status is Status.DONE:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total > 0 else 0.0

    @staticmethod
    def of(row: Row[Any]) -> JobView:
        """The view of a row of the table ``jobs``."""
        values = {name: getattr(row, name) for name in JobView.__slots__}
        return JobView(**{**values, "status": Status(row.status)})


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One line of a job's report. ``seq`` counts from 1 without gaps."""

    seq: int
    time: float
    kind: str
    data: Mapping[str, Any]
