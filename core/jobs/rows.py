"""What may be done to a job's row, each inside a transaction of the caller."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from core.errors import JobError
from core.jobs.events import Draft, append
from core.jobs.views import JobView, Status
from core.storage.tables import job_events, jobs

MAX_ATTEMPTS = 3
RELEASED: Mapping[str, Any] = {"owner": "", "lease_until": None, "pid": None}


def get(connection: Connection, job_id: str) -> JobView:
    """One job; raises JobError when there is none of that id."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise JobError("There is no such job.", where=job_id[:80], remedy="Pick one from the list of jobs.")
    return JobView.of(row)


def slot_taken(connection: Connection, job: JobView, now: float) -> bool:
    """Another job of this workspace holds, or is being started on, the same device."""
    if not job.slot:
        return False
    starting = (jobs.c.status == Status.QUEUED) & (jobs.c.lease_until > now)
    holders = select(func.count()).where(
        jobs.c.slot == job.slot,
        jobs.c.id != job.id,
        or_(jobs.c.status.in_((Status.RUNNING, Status.PAUSED)), starting),
    )
    return bool(connection.execute(holders).scalar_one())


def same_attempt(connection: Connection, job: JobView) -> bool:
    """Lock the row and see whether it is still the attempt that was looked at."""
    found = connection.execute(
        update(jobs)
        .where(
            jobs.c.id == job.id,
            jobs.c.status == job.status,
            jobs.c.attempt == job.attempt,
            jobs.c.lease_until.is_(None)
            if job.lease_until is None
            else jobs.c.lease_until <= job.lease_until,
        )
        .values(message=jobs.c.message)
        .returning(jobs.c.id)
    )
    return found.scalar_one_or_none() is not None


def end(connection: Connection, job: JobView, status: Status, error: Mapping[str, str] | None = None) -> None:
    """Write how a job ended, outside of any attempt of it."""
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id)
        .values(status=status, wish="", finished_at=time.time(), error=error, **RELEASED)
    )
    append(connection, job.id, [Draft("status", {"status": status.value, "attempt": job.attempt})])


def worn_out(job: JobView) -> dict[str, str]:
    """The error of a job whose process died too often."""
    return {
        "kind": "JobError",
        "what": f"The job's process ended {MAX_ATTEMPTS} times without saying why.",
        "where": job.id,
        "remedy": "Its log may tell. Most often memory ran out: try fewer products or a smaller model, then retry.",
    }


def interrupted(job: JobView) -> dict[str, str]:
    """The error of a job whose command line was ended."""
    return {
        "kind": "JobError",
        "what": "The command that did this job was interrupted.",
        "where": job.id,
        "remedy": "Try again: it goes on from its checkpoint.",
    }


def from_elsewhere(job: JobView) -> dict[str, str]:
    """The error of a job that came with a copied workspace."""
    return {
        "kind": "JobError",
        "what": "This job belongs to the workspace that this one was copied from.",
        "where": job.id,
        "remedy": "It goes on there. Start a new one here if you want it here too.",
    }


def asked_at(connection: Connection, job_id: str) -> float | None:
    """When the last wish about the job was made."""
    latest = select(func.max(job_events.c.time)).where(
        job_events.c.job_id == job_id, job_events.c.kind == "wish"
    )
    found: float | None = connection.execute(latest).scalar_one()
    return found
