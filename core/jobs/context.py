"""What a stage is handed: its workspace, its voice (events, progress) and its duties (check, checkpoint)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import OperationalError

from core.errors import Cancelled
from core.jobs.events import PROGRESS, Draft, append, latest
from core.jobs.lease import Lease, LeaseLost
from core.jobs.views import JobEvent, Status
from core.settings import settings
from core.storage.tables import jobs
from core.storage.workspaces import Workspace

FLUSH_SECONDS = 0.2
LOOK_SECONDS = 0.25

Stage = Callable[["Context", Mapping[str, Any]], Mapping[str, Any]]
Listener = Callable[[JobEvent], None]


class Context:
    """A running attempt of a job. Use as a context manager: a thread renews the lease and writes the events.

    Events are buffered for at most 0.2 s. Whoever holds the job's row lock empties the buffer, so their order is
    the order of the calls. ``save_checkpoint`` inside a transaction writes the events emitted before it in that same
    transaction: what is reported about the work is stored exactly when the work is.
    """

    def __init__(self, workspace: Workspace, lease: Lease, listener: Listener | None = None) -> None:
        self.workspace = workspace
        self.job_id = lease.job_id
        self.attempt = lease.attempt
        self.folder: Path = workspace.sub("jobs") / lease.job_id
        self.folder.mkdir(exist_ok=True)
        self.paused_seconds = 0.0
        self._lease = lease
        self._listener = listener
        self._drafts: list[Draft] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._lost = False
        self._looked = 0.0
        self._thread = threading.Thread(target=self._beat, name=f"lease-{self.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()

    def emit(self, kind: str, **data: Any) -> None:
        """Report something; ``data`` is plain JSON. Reaches the store within 0.2 s."""
        with self._lock:
            if kind == PROGRESS and self._drafts and self._drafts[-1].kind == PROGRESS:
                self._drafts.pop()
            self._drafts.append(Draft(kind, data))

    def progress(self, done: float, total: float, message: str = "") -> None:
        """Say how far the work is; ``total`` 0 when it cannot be known."""
        self.emit(PROGRESS, done=done, total=total, message=message)

    def check(self) -> None:
        """A safe point: blocks while the job is paused.

        Raises Cancelled when the job was asked to stop and LeaseLost when another attempt has taken over. Costs
        nothing when called more often than every 0.25 s.
        """
        if self._lost:
            raise LeaseLost(self.job_id)
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        if self._wish() == "pause":
            self._wait_while_paused()

    def load_checkpoint(self) -> dict[str, Any] | None:
        """What ``save_checkpoint`` stored last, in this attempt or an earlier one; None at the first start."""
        with self.workspace.db.read() as connection:
            stored = connection.execute(
                select(jobs.c.checkpoint).where(jobs.c.id == self.job_id)
            ).scalar_one()
        return dict(stored) if stored is not None else None

    def save_checkpoint(self, data: Mapping[str, Any], connection: Connection | None = None) -> None:
        """Store where to go on from; with ``connection``, in the transaction of the work it records.

        Raises LeaseLost before anything of that transaction is committed when another attempt has taken over.
        """
        if connection is None:
            with self.workspace.db.write() as own:
                self._write(own, checkpoint=dict(data))
        else:
            self._write(connection, checkpoint=dict(data))

    def last_event(self, kind: str) -> Mapping[str, Any] | None:
        """What was last reported under ``kind`` and stored, in this attempt or an earlier one."""
        with self.workspace.db.read() as connection:
            found = latest(connection, self.job_id, kind)
        return found[0].data if found else None

    def finish(self, status: Status, **values: Any) -> None:
        """Close the job: the last events, the status and the end of the lease in one transaction."""
        with self.workspace.db.write() as connection:
            self.emit("status", status=status.value, attempt=self.attempt)
            ended = {} if status is Status.QUEUED else {"finished_at": time.time()}
            released = {"owner": "", "lease_until": None, "pid": None, "wish": ""}
            self._write(connection, status=status, **ended, **released, **values)

    def flush(self) -> None:
        """Write what was emitted so far; not to be called inside a transaction."""
        with self.workspace.db.write() as connection:
            self._write(connection)

    def _write(self, connection: Connection, **values: Any) -> None:
        self._fence(connection)
        with self._lock:
            drafts, self._drafts = self._drafts, []
        for draft in reversed(drafts):
            if draft.kind == PROGRESS:
                values = {**draft.data, **values}
                break
        written = append(connection, self.job_id, drafts)
        if values:
            connection.execute(update(jobs).where(jobs.c.id == self.job_id).values(**values))
        if self._listener:
            for event in written:
                self._listener(event)

    def _fence(self, connection: Connection) -> str:
        try:
            return self._lease.fence(connection)
        except LeaseLost:
            self._lost = True
            raise

    def _wish(self) -> str:
        with self.workspace.db.read() as connection:
            row = connection.execute(
                select(jobs.c.owner, jobs.c.wish).where(jobs.c.id == self.job_id)
            ).one_or_none()
        self._looked = time.monotonic()
        if row is None or row.owner != self._lease.token:
            self._lost = True
            raise LeaseLost(self.job_id)
        if row.wish == "cancel":
            raise Cancelled("The job was cancelled.", where=self.job_id)
        return str(row.wish)

    def _wait_while_paused(self) -> None:
        began = time.monotonic()
        self._show(Status.PAUSED)
        while self._wish() == "pause":
            time.sleep(FLUSH_SECONDS)
        self._show(Status.RUNNING)
        self.paused_seconds += time.monotonic() - began

    def _show(self, status: Status) -> None:
        self.emit("status", status=status.value, attempt=self.attempt)
        with self.workspace.db.write() as connection:
            self._write(connection, status=status)

    def _beat(self) -> None:
        renewed = time.monotonic()
        while not self._closing.wait(FLUSH_SECONDS):
            due = time.monotonic() - renewed > settings().lease_seconds / 3
            if not (due or self._drafts):
                continue
            try:
                self.flush()
            except LeaseLost:
                return
            except OperationalError:
                # A long writer holds the database; nothing was taken from the buffer, so try again.
                continue
            renewed = time.monotonic()
