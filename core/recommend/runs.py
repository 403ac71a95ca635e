"""Runs in the workspace's table: started, finished, promoted to serving, forgotten."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from core.errors import RunError
from core.storage.tables import runs
from core.storage.workspaces import Workspace

LONGEST_NAME = 120
LONGEST_NOTE = 4_000


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the table. ``status`` is running, done, failed or cancelled; ``metrics`` are empty until done."""

    id: str
    name: str
    status: str
    config: Mapping[str, Any]
    data_hash: str
    graph_hash: str
    seed: int
    metrics: Mapping[str, Any]
    job_id: str
    created_at: float
    finished_at: float | None
    serving: bool
    note: str


def start(
    workspace: Workspace,
    run_id: str,
    *,
    name: str,
    config: Mapping[str, Any],
    seed: int,
    job_id: str,
) -> None:
    """Enter a run as running; one that is there already (a resumed job's) is running again."""
    with workspace.db.write() as connection:
        again = connection.execute(
            update(runs).where(runs.c.id == run_id).values(status="running", finished_at=None)
        )
        if again.rowcount == 0:
            connection.execute(
                insert(runs).values(
                    id=run_id,
                    name=name,
                    status="running",
                    config=dict(config),
                    seed=seed,
                    metrics={},
                    job_id=job_id,
                    created_at=time.time(),
                )
            )


def describe(workspace: Workspace, run_id: str, *, data_hash: str, graph_hash: str) -> None:
    """Say what the run is trained on."""
    with workspace.db.write() as connection:
        connection.execute(
            update(runs).where(runs.c.id == run_id).values(data_hash=data_hash, graph_hash=graph_hash)
        )


def finish(workspace: Workspace, run_id: str, metrics: Mapping[str, Any]) -> bool:
    """Mark as done. It serves where no run does, or where the one that does knows other data or another graph.

    Returns whether this one serves.
    """
    with workspace.db.write() as connection:
        own = connection.execute(select(runs).where(runs.c.id == run_id)).one()
        others = connection.execute(select(runs).where(runs.c.serving, runs.c.id != run_id)).all()
        serves = all((o.data_hash, o.graph_hash) != (own.data_hash, own.graph_hash) for o in others)
        if serves:
            connection.execute(update(runs).values(serving=False))
        connection.execute(
            update(runs)
            .where(runs.c.id == run_id)
            .values(status="done", metrics=dict(metrics), finished_at=time.time(), serving=serves)
        )
    return serves


def certify(workspace: Workspace, run_id: str, certificate: Mapping[str, Any]) -> dict[str, Any]:
    """Add the graph value certificate to a finished run's metrics; gives them all."""
    metrics = dict(finished_run(workspace, run_id).metrics) | {"certificate": dict(certificate)}
    with workspace.db.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(metrics=metrics))
    return metrics


def rename(workspace: Workspace, run_id: str, name: str) -> None:
    """Call a run something else; raises RunError for a name that is empty or longer than LONGEST_NAME."""
    found, name = get_run(workspace, run_id), name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise RunError(
            "This cannot be a run's name.",
            where=name[:40],
            remedy=f"Give it one to {LONGEST_NAME} characters.",
        )
    with workspace.db.write() as connection:
        connection.execute(update(runs).where(runs.c.id == found.id).values(name=name))


def annotate(workspace: Workspace, run_id: str, note: str) -> None:
    """Write down what a person thinks of a run; an empty note takes it back."""
    found = get_run(workspace, run_id)
    with workspace.db.write() as connection:
        connection.execute(update(runs).where(runs.c.id == found.id).values(note=note.strip()[:LONGEST_NOTE]))


def stop(workspace: Workspace, run_id: str, status: str) -> None:
    """Mark as failed or cancelled."""
    with workspace.db.write() as connection:
        connection.execute(
            update(runs).where(runs.c.id == run_id).values(status=status, finished_at=time.time())
        )


def promote(workspace: Workspace, run_id: str) -> None:
    """Let a finished run serve instead of the one that does; raises RunError for any other."""
    finished_run(workspace, run_id)
    with workspace.db.write() as connection:
        connection.execute(update(runs).values(serving=runs.c.id == run_id))


def remove(workspace: Workspace, run_id: str) -> None:
    """Delete a run and its folder; the one that serves stays until another does."""
    found = get_run(workspace, run_id)
    if found.serving or found.status == "running":
        raise RunError(
            "A run that serves or is running cannot be deleted.",
            where=run_id,
            remedy="Let another run serve, or cancel it first.",
        )
    with workspace.db.write() as connection:
        connection.execute(runs.delete().where(runs.c.id == run_id))
    shutil.rmtree(workspace.sub("runs") / found.id, ignore_errors=True)


def list_runs(workspace: Workspace) -> list[Run]:
    """All runs, newest first."""
    with workspace.db.read() as connection:
        return [_run(row) for row in connection.execute(select(runs).order_by(runs.c.created_at.desc()))]


def get_run(workspace: Workspace, run_id: str) -> Run:
    """One run; raises RunError where there is none of that id."""
    with workspace.db.read() as connection:
        row = connection.execute(select(runs).where(runs.c.id == run_id)).first()
    if row is None:
        raise RunError("There is no such run.", where=run_id[:80], remedy="Choose one from the list.")
    return _run(row)


def serving_run(workspace: Workspace) -> Run | None:
    """The run that serves, or None."""
    with workspace.db.read() as connection:
        row = connection.execute(select(runs).where(runs.c.serving)).first()
    return _run(row) if row else None


def finished_run(workspace: Workspace, run_id: str | None = None) -> Run:
    """A finished run by id, or the one that serves; raises RunError where there is none."""
    found = get_run(workspace, run_id) if run_id else serving_run(workspace)
    if found is None:
        raise RunError("No recommender has been trained yet.", remedy="Train one on the Train page.")
    if found.status != "done":
        raise RunError(f"The run is {found.status}.", where=found.id, remedy="Choose a finished run.")
    return found


def _run(row: Row[Any]) -> Run:
    return Run(**row._mapping)
