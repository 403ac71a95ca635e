"""Launchers: how a job's process comes to be, is looked at, and is ended.

A launcher starts something that calls ``core.jobs.worker.run`` for one job and knows nothing of leases or tables; all
forms are held to one contract (tests/contract/test_launchers.py).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.errors import JobError
from core.settings import REPOSITORY

LOG_FILE = "log.txt"


@dataclass(frozen=True, slots=True)
class Handle:
    """Where a job's process is: a host (or a cluster's name for the task) and a process id if it has one."""

    host: str
    pid: int | None


class Launcher(Protocol):
    """Starts detached work; everything it starts outlives the process that started it."""

    name: str

    def start(self, workspace: Path, job_id: str, folder: Path) -> Handle:
        """Start the worker of a job, its output going to ``folder``; raises JobError when it cannot be started."""

    def alive(self, handle: Handle, job_id: str) -> bool | None:
        """Whether it still runs; None when that cannot be known from here (the lease decides then)."""

    def terminate(self, handle: Handle, job_id: str) -> None:
        """Ask it to end; harmless when it has ended."""

    def kill(self, handle: Handle, job_id: str) -> None:
        """End it and all its children at once; harmless when it has ended."""


@dataclass(frozen=True, slots=True)
class _Child:
    job_id: str
    process: subprocess.Popen[bytes]


class LocalLauncher:
    """One process on this machine, in a session of its own, with no pipe to the process that started it."""

    name = "local"
    _children: dict[int, _Child] = {}  # noqa: RUF012  (children belong to the process, not to an object)

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", "core", "work")) -> None:
        self._command = tuple(command)

    def start(self, workspace: Path, job_id: str, folder: Path) -> Handle:
        """Start ``command --workspace DIR --job ID``; its output is appended to ``folder/log.txt``."""
        self._reap()
        arguments = [*self._command, "--workspace", str(workspace), "--job", job_id]
        try:
            with (folder / LOG_FILE).open("ab") as log:
                child = subprocess.Popen(
                    arguments,
                    cwd=REPOSITORY,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise JobError(
                f"The job's process could not be started ({error.strerror or error}).",
                where=job_id,
                remedy="Check free memory, disk space and the number of running jobs, then try again.",
            ) from error
        self._children[child.pid] = _Child(job_id, child)
        return Handle(socket.gethostname(), child.pid)

    def alive(self, handle: Handle, job_id: str) -> bool | None:
        """Looks at the process table of this host; a process that is not this job's worker does not count."""
        if handle.host != socket.gethostname():
            return None
        return handle.pid is not None and self._is_worker(handle.pid, job_id)

    def terminate(self, handle: Handle, job_id: str) -> None:
        """SIGTERM to the process group."""
        self._signal(handle, job_id, signal.SIGTERM)

    def kill(self, handle: Handle, job_id: str) -> None:
        """SIGKILL to the process group."""
        self._signal(handle, job_id, signal.SIGKILL)

    def _signal(self, handle: Handle, job_id: str, number: signal.Signals) -> None:
        if handle.pid is None or not self.alive(handle, job_id):
            return
        try:
            os.killpg(handle.pid, number)
        except ProcessLookupError:
            return

    def _is_worker(self, pid: int, job_id: str) -> bool:
        import psutil

        self._reap()
        child = self._children.get(pid)
        if child is not None:
            # Around exec its command line is empty, and its number is not given away before it is reaped.
            return child.job_id == job_id
        try:
            process = psutil.Process(pid)
            return process.status() != psutil.STATUS_ZOMBIE and job_id in process.cmdline()
        except psutil.Error:
            return False

    def _reap(self) -> None:
        for pid, child in list(self._children.items()):
            if child.process.poll() is not None:
                self._children.pop(pid, None)
