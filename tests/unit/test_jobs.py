"""Jobs as their callers see them: durable, resumable exactly once, pausable, and stoppable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from core.errors import Cancelled, DataError, JobError
from core.jobs import Context, Jobs, LeaseLost, Status, run_inline
from core.jobs.launch import LocalLauncher
from core.jobs.lease import claim
from core.settings import settings
from core.storage.tables import log
from core.storage.workspaces import Workspace, Workspaces
from tests.jobs_worker import COMMAND, REGISTRY


@pytest.fixture
def jobs(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("SHELFGRAPH_LEASE_SECONDS", "1")
    settings.cache_clear()
    made = Jobs(workspace, LocalLauncher(COMMAND), grace=0.5)
    yield made
    for job in made.list(active=True):
        if job.pid and psutil.pid_exists(job.pid):
            os.killpg(job.pid, signal.SIGKILL)


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def steps(workspace: Workspace) -> list[int]:
    with workspace.db.read() as connection:
        return [
            int(target) for target in connection.execute(select(log.c.target).order_by(log.c.seq)).scalars()
        ]


def numbers(jobs: Jobs, job_id: str) -> list[int]:
    return [event.seq for event in jobs.events(job_id, limit=100_000)]


def test_a_job_runs_in_a_detached_process_to_its_result(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("count", {"n": 5}), 20)
    assert (job.status, job.result) == (Status.DONE, {"counted": 5, "from": 0})
    assert (job.done, job.total, job.fraction, job.message) == (5, 5, 1.0, "step 4")
    events = jobs.events(job.id)
    assert [event.data["step"] for event in events if event.kind == "step"] == [0, 1, 2, 3, 4]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert jobs.events(job.id, since=events[-2].seq) == [events[-1]]


def test_a_killed_worker_is_resumed_and_each_step_is_done_once(jobs: Jobs, workspace: Workspace) -> None:
    job_id = jobs.submit("count", {"n": 40, "pause": 0.03})
    until(lambda: jobs.get(job_id).done >= 10)
    os.kill(jobs.get(job_id).pid or 0, signal.SIGKILL)
    jobs.recover()
    job = jobs.wait(job_id, 20)
    assert job.status is Status.DONE
    assert job.attempt > 1
    assert job.result is not None
    assert job.result["from"] >= 10
    assert steps(workspace) == list(range(40))
    told = [event.data["step"] for event in jobs.events(job_id) if event.kind == "step"]
    assert told == list(range(40)), "what is reported is stored with the work it reports"
    assert numbers(jobs, job_id) == list(range(1, len(numbers(jobs, job_id)) + 1))


def test_a_job_outlives_the_process_that_started_it(jobs: Jobs, workspace: Workspace) -> None:
    app = """
import sys, time
from pathlib import Path
from core.jobs import Jobs
from core.jobs.launch import LocalLauncher
from core.storage.workspaces import Workspace
from tests.jobs_worker import COMMAND

jobs = Jobs(Workspace(Path(sys.argv[1])), LocalLauncher(COMMAND))
print(jobs.submit("count", {"n": 30, "pause": 0.05}), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", app, str(workspace.folder)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    job_id = parent.stdout.readline().strip()
    until(lambda: jobs.get(job_id).done > 0)
    parent.kill()
    parent.wait()
    job = jobs.wait(job_id, 20)
    assert (job.status, job.attempt) == (Status.DONE, 1)
    parent.stdout.close()


def test_a_job_that_keeps_dying_fails_after_three_attempts_and_says_so(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("die", {}), 60)
    assert (job.status, job.attempt) == (Status.FAILED, 3)
    assert job.error is not None
    assert "3 times" in job.error["what"]
    assert job.error["remedy"]


def test_pause_holds_the_work_and_resume_goes_on(jobs: Jobs) -> None:
    job_id = jobs.submit("count", {"n": 30, "pause": 0.05})
    until(lambda: jobs.get(job_id).done >= 3)
    jobs.pause(job_id)
    until(lambda: jobs.get(job_id).status is Status.PAUSED)
    held = jobs.get(job_id).done
    time.sleep(1.5)  # longer than the lease: a paused job must keep it
    jobs.recover()
    assert (jobs.get(job_id).done, jobs.get(job_id).status) == (held, Status.PAUSED)
    jobs.resume(job_id)
    job = jobs.wait(job_id, 20)
    assert (job.status, job.attempt) == (Status.DONE, 1)


def test_cancel_stops_at_a_safe_point_and_retry_goes_on_from_there(jobs: Jobs, workspace: Workspace) -> None:
    job_id = jobs.submit("count", {"n": 40, "pause": 0.03})
    until(lambda: jobs.get(job_id).done >= 5)
    jobs.cancel(job_id)
    assert jobs.wait(job_id, 10).status is Status.CANCELLED
    with pytest.raises(JobError, match="cancelled"):
        jobs.pause(job_id)
    jobs.retry(job_id)
    assert jobs.wait(job_id, 20).status is Status.DONE
    assert steps(workspace) == list(range(40))


def test_cancel_interrupts_a_job_that_never_checks(jobs: Jobs) -> None:
    job_id = jobs.submit("busy", {})
    until(lambda: any(event.kind == "busy" for event in jobs.events(job_id)))
    jobs.cancel(job_id)
    assert jobs.wait(job_id, 10).status is Status.CANCELLED


def test_cancel_kills_a_deaf_job_with_its_children(jobs: Jobs, workspace: Workspace) -> None:
    job_id = jobs.submit("deaf", {})
    note = workspace.folder / "jobs" / job_id / "child"
    until(lambda: note.exists() and note.read_text() != "")
    jobs.cancel(job_id)
    assert jobs.wait(job_id, 10).status is Status.CANCELLED
    until(lambda: not psutil.pid_exists(int(note.read_text())))


def test_a_queued_job_can_be_cancelled_before_it_starts(jobs: Jobs) -> None:
    job_id = jobs.record("count", {"n": 1})
    jobs.cancel(job_id)
    jobs.dispatch()
    assert jobs.get(job_id).status is Status.CANCELLED
    assert jobs.get(job_id).pid is None


def test_sigterm_without_a_wish_gives_the_job_back(jobs: Jobs, workspace: Workspace) -> None:
    job_id = jobs.submit("count", {"n": 40, "pause": 0.03})
    until(lambda: jobs.get(job_id).done >= 5)
    os.kill(jobs.get(job_id).pid or 0, signal.SIGTERM)
    job = jobs.wait(job_id, 20)
    assert (job.status, job.attempt) == (Status.DONE, 1)
    assert steps(workspace) == list(range(40))


def test_of_two_claimants_one_owns_and_the_replaced_one_cannot_write(
    jobs: Jobs, workspace: Workspace
) -> None:
    job_id = jobs.record("count", {"n": 1})
    won: list[object] = []

    def fight() -> None:
        with workspace.db.write() as connection:
            won.append(claim(connection, job_id))

    rivals = [threading.Thread(target=fight) for _ in range(6)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    (lease,) = (one for one in won if one is not None)

    stale = Context(workspace, lease)  # type: ignore[arg-type]
    until(lambda: (jobs.get(job_id).lease_until or 0) + 1.2 < time.time())
    jobs.cancel(job_id)
    jobs.recover()

    def work_on() -> None:
        with workspace.db.write() as connection:
            connection.execute(log.insert(), {"kind": "step", "target": "0", "data": {}, "time": 0.0})
            stale.save_checkpoint({"next": 1}, connection)

    with pytest.raises(LeaseLost):
        work_on()
    assert steps(workspace) == []
    with pytest.raises(LeaseLost):
        stale.check()


def test_jobs_with_one_slot_run_one_after_the_other(jobs: Jobs) -> None:
    ids = [jobs.submit("count", {"n": 5, "pause": 0.05}, slot="cuda:0") for _ in range(3)]
    assert [jobs.get(job_id).pid is None for job_id in ids] == [False, True, True]
    done = [jobs.wait(job_id, 30) for job_id in ids]
    assert all(job.status is Status.DONE for job in done)
    for before, after in pairwise(done):
        assert (after.started_at or 0) >= (before.finished_at or 0)


def test_a_slot_is_held_against_jobs_of_other_workspaces(jobs: Jobs, home: Path) -> None:
    other = Workspaces(settings().workspaces).create("Other")
    elsewhere = Jobs(other, LocalLauncher(COMMAND))
    first = jobs.submit("count", {"n": 10_000, "pause": 0.05}, slot="cuda:0")
    until(lambda: jobs.get(first).done > 0)
    second = elsewhere.submit("count", {"n": 1}, slot="cuda:0")
    until(lambda: any(event.kind == "waiting" for event in elsewhere.events(second)))
    assert elsewhere.get(second).done == 0
    jobs.cancel(first)
    assert elsewhere.wait(second, 20).status is Status.DONE
    steps_of_second = [event.time for event in elsewhere.events(second) if event.kind == "step"]
    assert steps_of_second[0] >= (jobs.get(first).finished_at or 0)
    other.close()


def test_a_process_whose_command_line_is_not_there_yet_is_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    launcher = LocalLauncher((sys.executable, "-c", "import time; time.sleep(60)"))
    handle = launcher.start(tmp_path, "job", tmp_path)
    try:
        monkeypatch.setattr(psutil.Process, "cmdline", lambda _: [])
        assert launcher.alive(handle, "job")
    finally:
        launcher.kill(handle, "job")
    until(lambda: launcher.alive(handle, "job") is False)


def test_a_named_error_is_kept_as_what_where_remedy(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("refuse", {}), 20)
    assert (job.status, job.attempt) == (Status.FAILED, 1)
    assert job.error == {
        "kind": "DataError",
        "what": "There are no products.",
        "where": "catalogue",
        "remedy": "Import a file.",
    }


def test_a_defect_is_told_briefly_and_its_traceback_is_in_the_log(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("stumble", {"zero": 0}), 20)
    assert job.status is Status.FAILED
    assert job.error is not None
    assert "ZeroDivisionError" in job.error["what"]
    assert "Traceback" not in job.error["what"]
    assert "Traceback" in jobs.log_tail(job.id)


def test_an_unknown_stage_and_unstorable_parameters_are_named_errors(jobs: Jobs) -> None:
    job = jobs.wait(jobs.submit("dance", {}), 20)
    assert job.error is not None
    assert "count" in job.error["remedy"]
    with pytest.raises(JobError, match="JSON"):
        jobs.record("count", {"n": float("nan")})
    with pytest.raises(JobError, match="no such job"):
        jobs.get("nothing")


def test_jobs_of_a_copied_workspace_stay_with_the_original(jobs: Jobs, workspace: Workspace) -> None:
    job_id = jobs.submit("count", {"n": 40, "pause": 0.05})
    until(lambda: jobs.get(job_id).done > 0)
    twin = Workspaces(settings().workspaces).copy(workspace.info.id, "Twin")
    copied = Jobs(twin, LocalLauncher(COMMAND))
    copied.recover()
    assert copied.get(job_id).status is Status.CANCELLED
    assert jobs.wait(job_id, 20).status is Status.DONE
    twin.close()


def test_inline_runs_the_same_stage_here_and_streams_its_events(jobs: Jobs, workspace: Workspace) -> None:
    heard: list[int] = []
    result = run_inline(
        workspace, "count", REGISTRY, {"n": 4}, on_event=lambda event: heard.append(event.seq)
    )
    assert result == {"counted": 4, "from": 0}
    (job,) = jobs.list("count")
    assert (job.status, job.launcher) == (Status.DONE, "inline")
    assert heard == numbers(jobs, job.id)[1:], "all but the queueing, which came before the listener"
    with pytest.raises(DataError):
        run_inline(workspace, "refuse", REGISTRY, {})
    assert jobs.list("refuse")[0].error is not None


def test_inline_hears_a_cancel_from_a_page(jobs: Jobs, workspace: Workspace) -> None:
    def cancel_at_once(_event: object) -> None:
        threading.Thread(target=lambda: jobs.cancel(jobs.list("count")[0].id)).start()

    with pytest.raises(Cancelled):
        run_inline(workspace, "count", REGISTRY, {"n": 500, "pause": 0.02}, on_event=cancel_at_once)
    assert jobs.list("count")[0].status is Status.CANCELLED
