"""The worker: claims one job, runs its stage, and writes down how it ended.

This is the one place where any exception is caught: a named error is shown as it is, anything else goes to the log
with its traceback and is shown as a defect.
"""

from __future__ import annotations

import json
import signal
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import select

from core.errors import Cancelled, JobError, ShelfGraphError
from core.jobs.context import Context, Listener, Stage
from core.jobs.launch import LOG_FILE, Launcher
from core.jobs.lease import LeaseLost, claim
from core.jobs.slots import held
from core.jobs.store import INLINE, Jobs
from core.jobs.views import JobView, Status
from core.storage.tables import jobs
from core.storage.workspaces import Workspace

Registry = Mapping[str, str | Stage]

DONE, FAILED = 0, 1


def run(workspace: Workspace, job_id: str, registry: Registry, launcher: Launcher | None = None) -> int:
    """Work on a queued job until it ends; gives the exit status: 0 done, cancelled or not ours, 1 failed."""
    with workspace.db.write() as connection:
        lease = claim(connection, job_id)
    if lease is None:
        return DONE
    signal.signal(signal.SIGTERM, _stop)
    context = Context(workspace, lease)
    job = Jobs(workspace).get(job_id)
    try:
        with context:
            status = _attempt(context, job, registry)
    except LeaseLost:
        return DONE
    Jobs(workspace, launcher).dispatch()
    return FAILED if status is Status.FAILED else DONE


def run_inline(
    workspace: Workspace,
    stage_name: str,
    registry: Registry,
    params: Mapping[str, Any],
    on_event: Listener | None = None,
) -> Mapping[str, Any]:
    """Run a stage in this process, as a job that the pages can watch; gives its result.

    ``on_event`` is called with each event once it is stored. Errors of the stage are recorded in the job and raised;
    Ctrl-C cancels it.
    """
    job_id = Jobs(workspace).record(stage_name, params, launcher=INLINE)
    with workspace.db.write() as connection:
        lease = claim(connection, job_id)
    if lease is None:
        raise JobError("The job was taken by another process.", where=job_id, remedy="Run it again.")
    with Context(workspace, lease, on_event) as context:
        try:
            result = dict(resolve(stage_name, registry)(context, _plain(params, "parameters")))
        except KeyboardInterrupt:
            context.finish(Status.CANCELLED)
            raise
        except Cancelled:
            context.finish(Status.CANCELLED)
            raise
        except ShelfGraphError as error:
            context.finish(Status.FAILED, error=_described(error))
            raise
        except Exception as error:
            context.finish(Status.FAILED, error=_defect(error, context))
            raise
        context.finish(Status.DONE, result=_plain(result, "result"))
    return result


def resolve(stage_name: str, registry: Registry) -> Stage:
    """The stage of that name, imported now; raises JobError for an unknown one."""
    found = registry.get(stage_name)
    if found is None:
        raise JobError(
            f"There is no stage called “{stage_name}”.",
            where="registry",
            remedy=f"Choose one of: {', '.join(sorted(registry))}.",
        )
    if not isinstance(found, str):
        return found
    module, _, function = found.partition(":")
    stage: Stage = getattr(import_module(module), function)
    return stage


def _attempt(context: Context, job: JobView, registry: Registry) -> Status:
    try:
        context.emit("status", status=Status.RUNNING.value, attempt=context.attempt)
        with held(context, job.slot):
            context.check()
            stage = resolve(job.stage, registry)
            result = _plain(stage(context, job.params), "result")
        context.finish(Status.DONE, result=result)
        return Status.DONE
    except LeaseLost:
        raise
    except Cancelled:
        return _stopped(context)
    except ShelfGraphError as error:
        context.finish(Status.FAILED, error=_described(error))
    except Exception as error:  # noqa: BLE001  (the worker's boundary)
        context.finish(Status.FAILED, error=_defect(error, context))
    return Status.FAILED


def _stopped(context: Context) -> Status:
    """Cancelled if that was wished; a signal without the wish (the machine goes down) gives the job back instead."""
    with context.workspace.db.read() as connection:
        wish = connection.execute(select(jobs.c.wish).where(jobs.c.id == context.job_id)).scalar_one()
    if wish == "cancel":
        context.finish(Status.CANCELLED)
        return Status.CANCELLED
    context.finish(Status.QUEUED, attempt=context.attempt - 1)
    return Status.QUEUED


def _stop(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Cancelled("The job's process was told to stop.")


def _described(error: ShelfGraphError) -> dict[str, str]:
    return {"kind": type(error).__name__, "what": error.what, "where": error.where, "remedy": error.remedy}


def _defect(error: Exception, context: Context) -> dict[str, str]:
    log = context.folder / LOG_FILE
    with log.open("a", encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return {
        "kind": type(error).__name__,
        "what": f"The job stopped on a defect: {type(error).__name__}: {str(error)[:300]}",
        "where": _place(error),
        "remedy": "Try again: it goes on from its checkpoint. If it stops here again, report it with the job's log.",
    }


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _plain(value: Mapping[str, Any], what: str) -> dict[str, Any]:
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(value)))
    except (TypeError, ValueError) as error:
        raise JobError(f"The job's {what} cannot be stored as JSON ({error}).", where=what) from error
    return plain
