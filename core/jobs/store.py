"""Jobs of one workspace: submit, watch, pause, cancel, and bring back those whose process died.

Nothing here waits for a job's process or talks to it: wishes are written to the row, facts are read from it, and
the process table is only looked at to see who is still there.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update

from core.errors import JobError
from core.jobs import rows
from core.jobs.events import Draft, append, latest, read
from core.jobs.launch import LOG_FILE, Handle, Launcher, LocalLauncher
from core.jobs.views import ACTIVE, JobEvent, JobView, Status
from core.settings import settings
from core.storage.tables import jobs
from core.storage.workspaces import Workspace

INLINE = "inline"
START_SECONDS = 60.0
GRACE_SECONDS = 5.0
LOG_TAIL_BYTES = 65_536


class Jobs:
    """The jobs of a workspace. Cheap to make; holds no state of its own."""

    def __init__(
        self, workspace: Workspace, launcher: Launcher | None = None, grace: float = GRACE_SECONDS
    ) -> None:
        self._workspace = workspace
        self._launcher = launcher or LocalLauncher()
        self._grace = grace

    # Watching

    def get(self, job_id: str) -> JobView:
        """One job; raises JobError when there is none of that id."""
        with self._workspace.db.read() as connection:
            return rows.get(connection, job_id)

    def list(self, stage: str = "", *, active: bool = False, limit: int = 200) -> list[JobView]:
        """Jobs, newest first; of one stage, or only those that are not over."""
        query = select(jobs).order_by(jobs.c.created_at.desc(), jobs.c.id).limit(limit)
        if stage:
            query = query.where(jobs.c.stage == stage)
        if active:
            query = query.where(jobs.c.status.in_(ACTIVE))
        with self._workspace.db.read() as connection:
            return [JobView.of(row) for row in connection.execute(query)]

    def events(self, job_id: str, since: int = 0, limit: int = 1_000) -> Sequence[JobEvent]:
        """Events after number ``since``, oldest first."""
        with self._workspace.db.read() as connection:
            return read(connection, job_id, since, limit)

    def latest_events(self, job_id: str, limit: int = 200) -> Sequence[JobEvent]:
        """The last events, newest first."""
        with self._workspace.db.read() as connection:
            return latest(connection, job_id, limit=limit)

    def log_tail(self, job_id: str, lines: int = 200) -> str:
        """The last lines of what the job's process printed; "" when it printed nothing."""
        path = self._workspace.sub("jobs") / self.get(job_id).id / LOG_FILE
        if not path.exists():
            return ""
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-lines:])

    def wait(self, job_id: str, timeout: float) -> JobView:
        """Block until the job is over or ``timeout`` seconds have passed, reviving it if its process dies."""
        until, looked = time.monotonic() + timeout, 0.0
        while (job := self.get(job_id)).active and time.monotonic() < until:
            if time.monotonic() - looked > 1.0:
                self.recover()
                looked = time.monotonic()
            time.sleep(0.05)
        return job

    # Starting

    def record(self, stage: str, params: Mapping[str, Any], slot: str = "", launcher: str = "") -> str:
        """Write down a job without starting it; gives its id. Raises JobError for params that are not plain JSON."""
        try:
            plain = json.loads(json.dumps(dict(params), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise JobError(
                f"The job's parameters cannot be stored as JSON ({error}).",
                where=stage,
                remedy="Pass only text, finite numbers, lists and mappings.",
            ) from error
        job_id = time.strftime("%y%m%d-%H%M%S-", time.gmtime()) + uuid.uuid4().hex[:6]
        (self._workspace.sub("jobs") / job_id).mkdir()
        row = {
            "id": job_id,
            "stage": stage,
            "params": plain,
            "status": Status.QUEUED.value,
            "slot": slot,
            "launcher": launcher or self._launcher.name,
            "created_at": time.time(),
        }
        with self._workspace.db.write() as connection:
            connection.execute(insert(jobs), row)
            append(connection, job_id, [Draft("status", {"status": Status.QUEUED.value, "attempt": 0})])
        return job_id

    def submit(self, stage: str, params: Mapping[str, Any], slot: str = "") -> str:
        """Write down a job and start its process, or leave it queued while its slot is taken; gives its id."""
        job_id = self.record(stage, params, slot)
        self.dispatch()
        return job_id

    def dispatch(self) -> None:
        """Start every queued job that may start now, oldest first."""
        for job in reversed(self.list(active=True, limit=10_000)):
            if job.status is Status.QUEUED and job.launcher == self._launcher.name and not job.wish:
                self._start(job)

    def _start(self, job: JobView) -> None:
        now = time.time()
        with self._workspace.db.write() as connection:
            fresh = rows.get(connection, job.id)
            if (
                fresh.status is not Status.QUEUED
                or self._starting(fresh, now)
                or rows.slot_taken(connection, fresh, now)
            ):
                return
            if fresh.attempt >= rows.MAX_ATTEMPTS:
                rows.end(connection, fresh, Status.FAILED, error=rows.worn_out(fresh))
                return
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job.id)
                .values(attempt=jobs.c.attempt + 1, host="", pid=None, lease_until=now + START_SECONDS)
            )
        handle = self._launcher.start(self._workspace.folder, job.id, self._workspace.sub("jobs") / job.id)
        with self._workspace.db.write() as connection:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job.id, jobs.c.attempt == fresh.attempt + 1, jobs.c.status.in_(ACTIVE))
                .values(host=handle.host, pid=func.coalesce(jobs.c.pid, handle.pid))
            )

    def _starting(self, job: JobView, now: float) -> bool:
        """A process was started for it a moment ago and may be about to claim it."""
        if job.lease_until is None or job.lease_until < now:
            return False
        return job.pid is None or self._launcher.alive(Handle(job.host, job.pid), job.id) is not False

    # Wishes

    def pause(self, job_id: str) -> None:
        """Ask a job to hold at its next safe point; its work so far stays."""
        self._wish(job_id, "pause")

    def resume(self, job_id: str) -> None:
        """Let a paused job go on."""
        self._wish(job_id, "")
        self.dispatch()

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop; one that does not heed gets SIGTERM, then SIGKILL, each after the grace period."""
        with self._workspace.db.write() as connection:
            job = rows.get(connection, job_id)
            if not job.active or job.wish == "cancel":
                return
            if job.status is Status.QUEUED:
                rows.end(connection, job, Status.CANCELLED)
                return
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(wish="cancel"))
            append(connection, job_id, [Draft("wish", {"wish": "cancel"})])
        threading.Thread(target=self._see_off, args=(job_id,), name=f"cancel-{job_id}", daemon=True).start()

    def retry(self, job_id: str) -> None:
        """Queue a failed or cancelled job again; it goes on from its last checkpoint."""
        with self._workspace.db.write() as connection:
            job = rows.get(connection, job_id)
            if job.status not in (Status.FAILED, Status.CANCELLED):
                raise JobError(
                    f"The job is {job.status.value}.",
                    where=job_id,
                    remedy="Only a failed or cancelled job can be tried again.",
                )
            renewed = {"attempt": 0, "wish": "", "error": None, "finished_at": None}
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id)
                .values(status=Status.QUEUED, launcher=self._launcher.name, **rows.RELEASED, **renewed)
            )
            append(connection, job_id, [Draft("status", {"status": Status.QUEUED.value, "attempt": 0})])
        self.dispatch()

    def _wish(self, job_id: str, wish: str) -> None:
        with self._workspace.db.write() as connection:
            job = rows.get(connection, job_id)
            if not job.active or job.wish == "cancel":
                raise JobError(
                    f"The job is {'being cancelled' if job.active else job.status.value}.",
                    where=job_id,
                    remedy="Only a waiting or running job can be paused or go on.",
                )
            if job.wish != wish:
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(wish=wish))
                append(connection, job_id, [Draft("wish", {"wish": wish})])

    # Bringing back and seeing off

    def recover(self) -> None:
        """Requeue jobs whose process is gone, press on with cancellations, and start what may start."""
        now = time.time()
        for job in self.list(active=True, limit=10_000):
            if not (self._workspace.sub("jobs") / job.id).is_dir():
                self._close(job, Status.CANCELLED, error=rows.from_elsewhere(job))
            elif job.status is not Status.QUEUED:
                self._tend(job, now)
        self.dispatch()

    def _tend(self, job: JobView, now: float) -> None:
        handle = Handle(job.host, job.pid)
        alive = self._alive(job, handle)
        expired = (job.lease_until or 0.0) + (settings().lease_seconds if alive else 0.0) < now
        if not expired and alive is not False:
            if job.wish == "cancel":
                self._press(job, now)
            return
        if alive:
            self._launcher.kill(handle, job.id)
        if job.wish == "cancel":
            self._close(job, Status.CANCELLED)
        elif job.launcher == INLINE:
            self._close(job, Status.FAILED, error=rows.interrupted(job))
        else:
            self._requeue(job)

    def _alive(self, job: JobView, handle: Handle) -> bool | None:
        if job.launcher == INLINE:
            # It is a command somebody runs in a terminal, so only its lease is known.
            return None
        return self._launcher.alive(handle, job.id) if job.launcher == self._launcher.name else None

    def _requeue(self, job: JobView) -> None:
        with self._workspace.db.write() as connection:
            if rows.same_attempt(connection, job):
                connection.execute(
                    update(jobs).where(jobs.c.id == job.id).values(status=Status.QUEUED, **rows.RELEASED)
                )
                lost = {"status": Status.QUEUED.value, "attempt": job.attempt, "lost": True}
                append(connection, job.id, [Draft("status", lost)])

    def _close(self, job: JobView, status: Status, error: Mapping[str, str] | None = None) -> None:
        with self._workspace.db.write() as connection:
            if rows.same_attempt(connection, job):
                rows.end(connection, job, status, error=error)

    def _see_off(self, job_id: str) -> None:
        while (job := self.get(job_id)).active and job.wish == "cancel":
            self._tend(job, time.time())
            time.sleep(min(0.25, self._grace))

    def _press(self, job: JobView, now: float) -> None:
        with self._workspace.db.read() as connection:
            asked = rows.asked_at(connection, job.id) or now
        handle = Handle(job.host, job.pid)
        if now - asked > 2 * self._grace:
            self._launcher.kill(handle, job.id)
        elif now - asked > self._grace:
            self._launcher.terminate(handle, job.id)
