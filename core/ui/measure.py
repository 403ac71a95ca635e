"""Pages that measure one finished run by a job: which run, how it is started, how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.jobs import Jobs, JobView
from core.recommend.runs import Run
from core.storage.workspaces import Workspace
from core.ui.progress import job_panel
from core.ui.run_names import run_names
from core.ui.shell import go, param, set_params
from core.ui.text import t


@dataclass(frozen=True, slots=True)
class Measure:
    """A stage that measures a finished run. Its page, its texts and its widgets have its name; ``icon`` is the Material
    symbol of its start."""

    name: str
    icon: str

    def chosen(self, finished: Sequence[Run]) -> Run:
        """The run of the link, else the one that serves, else the latest."""
        asked = param("run")
        serving = next((run for run in finished if run.serving), finished[0])
        return next((run for run in finished if run.id == asked), serving)

    def active(self, workspace: Workspace) -> JobView | None:
        """The job that is on its way."""
        return next(iter(Jobs(workspace).list(self.name, active=True, limit=1)), None)

    def progress(self, workspace: Workspace, active: JobView | None) -> None:
        """Draw the job on its way, or that of the link where it failed or was cancelled."""
        job_id = active.id if active else self._unfinished(workspace)
        if job_id:
            with st.container(border=True, key=f"{self.name}-job"):
                job_panel(workspace, job_id)

    def choose(self, finished: Sequence[Run], run: Run, **params: object) -> None:
        """Draw the choice of a run; another one opens the page anew, with ``params`` in its link."""
        names = run_names(finished)
        chosen = st.selectbox(
            t(f"{self.name}.run"),
            list(names),
            index=list(names).index(run.id),
            format_func=names.__getitem__,
            key=f"{self.name}_run_{run.id}",
        )
        if chosen != run.id:
            set_params(run=chosen, **params)
            st.rerun()

    def start(self, workspace: Workspace, params: Mapping[str, Any], key: str, *, busy: bool) -> None:
        """Draw the button that starts the job with these settings."""
        clicked = st.button(
            t(f"{self.name}.start"),
            type="primary",
            icon=f":material/{self.icon}:",
            disabled=busy,
            help=t(f"{self.name}.start_help"),
            key=key,
        )
        if clicked:
            set_params(job=Jobs(workspace).submit(self.name, dict(params)), run=params["run"])
            st.rerun()

    def to_training(self) -> None:
        """Draw the way to the page where runs are made."""
        if st.button(t(f"{self.name}.to_training"), type="primary"):
            go("train")

    def _unfinished(self, workspace: Workspace) -> str | None:
        job = next((one for one in Jobs(workspace).list(self.name, limit=50) if one.id == param("job")), None)
        return job.id if job is not None and job.status in ("failed", "cancelled") else None
