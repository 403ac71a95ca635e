"""The event log of a job: appended with sequence numbers that count from 1 and have no gaps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, insert, select

from core.jobs.views import JobEvent
from core.storage.tables import job_events

PROGRESS = "progress"


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has no sequence number yet."""

    kind: str
    data: Mapping[str, Any]
    time: float = field(default_factory=time.time)


def append(connection: Connection, job_id: str, drafts: Sequence[Draft]) -> list[JobEvent]:
    """Number and insert. The caller holds the lock on the job's row, so that no other writer takes the numbers."""
    if not drafts:
        return []
    last = connection.execute(
        select(func.coalesce(func.max(job_events.c.seq), 0)).where(job_events.c.job_id == job_id)
    ).scalar_one()
    numbered = [
        JobEvent(seq, draft.time, draft.kind, draft.data) for seq, draft in enumerate(drafts, start=last + 1)
    ]
    connection.execute(
        insert(job_events),
        [
            {"job_id": job_id, "seq": e.seq, "time": e.time, "kind": e.kind, "data": dict(e.data)}
            for e in numbered
        ],
    )
    return numbered


def read(connection: Connection, job_id: str, since: int = 0, limit: int = 1_000) -> list[JobEvent]:
    """Events after number ``since``, oldest first, at most ``limit``."""
    rows = connection.execute(
        select(job_events)
        .where(job_events.c.job_id == job_id, job_events.c.seq > since)
        .order_by(job_events.c.seq)
        .limit(limit)
    )
    return [JobEvent(row.seq, row.time, row.kind, row.data) for row in rows]


def latest(connection: Connection, job_id: str, kind: str = "", limit: int = 1) -> list[JobEvent]:
    """The last events, of one kind or of any, newest first."""
    query = select(job_events).where(job_events.c.job_id == job_id).order_by(job_events.c.seq.desc())
    rows = connection.execute((query.where(job_events.c.kind == kind) if kind else query).limit(limit))
    return [JobEvent(row.seq, row.time, row.kind, row.data) for row in rows]
