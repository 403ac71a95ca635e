"""What every launcher promises. A new launcher joins by being added to ``LAUNCHERS``."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import JobError
from core.jobs import Jobs, Status
from core.jobs.launch import Handle, Launcher, LocalLauncher
from core.storage.workspaces import Workspace
from tests.jobs_worker import COMMAND

LAUNCHERS: dict[str, Callable[[], Launcher]] = {"local": lambda: LocalLauncher(COMMAND)}


@pytest.fixture(params=LAUNCHERS)
def launcher(request: pytest.FixtureRequest) -> Launcher:
    return LAUNCHERS[request.param]()


def start(launcher: Launcher, workspace: Workspace, stage: str) -> tuple[Jobs, str, Handle]:
    jobs = Jobs(workspace, launcher)
    job_id = jobs.record(stage, {"n": 3})
    return jobs, job_id, launcher.start(workspace.folder, job_id, workspace.folder / "jobs" / job_id)


def gone(launcher: Launcher, handle: Handle, job_id: str) -> bool:
    end = time.monotonic() + 60
    while launcher.alive(handle, job_id) and time.monotonic() < end:
        time.sleep(0.05)
    return launcher.alive(handle, job_id) is False


def test_what_is_started_runs_the_job_and_is_then_seen_to_be_gone(
    launcher: Launcher, workspace: Workspace
) -> None:
    jobs, job_id, handle = start(launcher, workspace, "count")
    assert launcher.alive(handle, job_id) is True
    end = time.monotonic() + 60
    while jobs.get(job_id).active and time.monotonic() < end:
        time.sleep(0.05)
    assert jobs.get(job_id).status is Status.DONE
    assert gone(launcher, handle, job_id)
    launcher.terminate(handle, job_id)
    launcher.kill(handle, job_id)


def test_kill_ends_it(launcher: Launcher, workspace: Workspace) -> None:
    jobs, job_id, handle = start(launcher, workspace, "deaf")
    end = time.monotonic() + 60
    while not (workspace.folder / "jobs" / job_id / "child").exists() and time.monotonic() < end:
        time.sleep(0.05)
    launcher.kill(handle, job_id)
    assert gone(launcher, handle, job_id)
    assert jobs.get(job_id).active, (
        "a launcher ends processes; what that means for the job is not its business"
    )


def test_another_job_under_the_same_process_id_is_not_taken_for_this_one(
    launcher: Launcher, workspace: Workspace
) -> None:
    _, job_id, handle = start(launcher, workspace, "busy")
    assert launcher.alive(handle, "another-job") is False
    launcher.kill(handle, "another-job")
    assert launcher.alive(handle, job_id) is True
    launcher.kill(handle, job_id)
    assert gone(launcher, handle, job_id)


def test_of_a_process_elsewhere_it_says_that_it_cannot_know() -> None:
    assert LocalLauncher().alive(Handle(socket.gethostname() + "-other", 1), "x") is None


def test_a_local_worker_leads_its_own_session_and_has_no_pipe(workspace: Workspace) -> None:
    jobs = Jobs(workspace, LocalLauncher(COMMAND))
    result = jobs.wait(jobs.submit("report", {}), 20).result
    assert result is not None
    assert result["leads"]
    assert result["stdin"] == "/dev/null"
    assert result["stdout"].endswith("log.txt")


def test_a_command_that_cannot_be_started_is_a_named_error(workspace: Workspace, tmp_path: Path) -> None:
    broken = LocalLauncher((str(tmp_path / "no-such-program"),))
    with pytest.raises(JobError) as caught:
        broken.start(workspace.folder, "job", tmp_path)
    assert caught.value.remedy
