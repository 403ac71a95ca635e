"""Who may work on a job: a token with an expiry, checked inside every transaction that writes for the job.

A claim puts a fresh token in the row. Each later write of that attempt first updates the row *by token*; an attempt
that was declared dead and replaced finds no such row and may not write. The same update renews the expiry and
locks the row, which puts the writers of one job in a line (on SQLite all writers are in one line anyway).
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, case, update

from core.errors import JobError
from core.jobs.views import Status
from core.settings import settings
from core.storage.tables import jobs


class LeaseLost(JobError):
    """Another attempt owns the job now; this one must stop without writing anything."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            "Another process has taken over this job.",
            where=job_id,
            remedy="Nothing to do: it goes on from the last checkpoint.",
        )


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt's right to work on a job."""

    job_id: str
    token: str
    attempt: int

    def fence(self, connection: Connection, now: float | None = None) -> str:
        """Renew inside ``connection``'s transaction and give back what is wished ("", "pause" or "cancel").

        Raises LeaseLost, and the caller's transaction must then be rolled back, when the token is not in the row.
        """
        moment = time.time() if now is None else now
        held = connection.execute(
            update(jobs)
            .where(jobs.c.id == self.job_id, jobs.c.owner == self.token)
            .values(lease_until=moment + settings().lease_seconds)
            .returning(jobs.c.wish)
        ).scalar_one_or_none()
        if held is None:
            raise LeaseLost(self.job_id)
        return str(held)


def claim(connection: Connection, job_id: str) -> Lease | None:
    """Take a queued job for this process; None when it is not there to be taken (any more)."""
    token, now = uuid.uuid4().hex, time.time()
    attempt = connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.status == Status.QUEUED)
        .values(
            status=Status.RUNNING,
            owner=token,
            attempt=case((jobs.c.attempt < 1, 1), else_=jobs.c.attempt),
            host=case((jobs.c.host == "", socket.gethostname()), else_=jobs.c.host),
            pid=os.getpid(),
            lease_until=now + settings().lease_seconds,
            started_at=case((jobs.c.started_at.is_(None), now), else_=jobs.c.started_at),
            error=None,
        )
        .returning(jobs.c.attempt)
    ).scalar_one_or_none()
    return None if attempt is None else Lease(job_id, token, attempt)
