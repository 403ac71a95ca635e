"""A worker process with small stages of its own, for the tests of jobs: `python -m tests.jobs_worker`."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from core.errors import DataError
from core.jobs import Context
from core.jobs.launch import LocalLauncher
from core.jobs.worker import run
from core.storage.tables import log
from core.storage.workspaces import Workspace

COMMAND = (sys.executable, "-m", "tests.jobs_worker")


def count(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """Write one line a step, each in one transaction with its report and its checkpoint."""
    first = (context.load_checkpoint() or {"next": 0})["next"]
    for step in range(first, params["n"]):
        context.check()
        with context.workspace.db.write() as connection:
            connection.execute(
                insert(log),
                {"kind": "schema", "target": str(step), "data": {}, "time": 0.0, "job_id": context.job_id},
            )
            context.emit("step", step=step)
            context.progress(step + 1, params["n"], f"step {step}")
            context.save_checkpoint({"next": step + 1}, connection)
        time.sleep(params.get("pause", 0.0))
    return {"counted": params["n"], "from": first}


def deaf(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """Never checks, ignores SIGTERM, and has a child that does the same."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    (context.folder / "child").write_text(str(child.pid))
    time.sleep(60)
    return {}


def busy(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """Never checks, but can be interrupted."""
    context.emit("busy")
    time.sleep(60)
    return {}


def refuse(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    raise DataError("There are no products.", where="catalogue", remedy="Import a file.")


def stumble(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    return {"ratio": 1 / params["zero"]}


def die(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def report(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """Say where and how this process runs."""
    return {
        "stdin": str(Path("/proc/self/fd/0").readlink()),
        "stdout": str(Path("/proc/self/fd/1").readlink()),
        "leads": os.getsid(0) == os.getpid(),
        "pid": os.getpid(),
    }


REGISTRY = {
    stage.__name__: f"tests.jobs_worker:{stage.__name__}"
    for stage in (count, deaf, busy, refuse, stumble, die, report)
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--job", required=True)
    parsed = parser.parse_args()
    sys.exit(run(Workspace(parsed.workspace), parsed.job, REGISTRY, LocalLauncher(COMMAND)))
