"""All shoppers' lists as a file: started here, made by a job, taken along when it is there."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.jobs import Jobs
from core.recommend.serve.export import list_file
from core.storage.workspaces import Workspace
from core.ui.progress import job_panel
from core.ui.recommend_state import Draft, served_now
from core.ui.recommend_tune import label
from core.ui.serving import Serving
from core.ui.shell import param, set_params
from core.ui.text import ago, number, t

STAGE = "recommend_all"


def export(workspace: Workspace, served: Serving, trying: Draft, k: int) -> None:
    """The button that makes the file, the job that does it, and the file it made last."""
    jobs = Jobs(workspace)
    active = jobs.list(STAGE, active=True, limit=1)
    now = served_now(workspace)
    with st.container(border=True, key="recommend-export"):
        st.html(f'<h2 class="sg-h2">{t("recommend.export")}</h2>')
        told = t(
            "recommend.export_help",
            shoppers=number(len(served.histories)),
            k=number(k),
            policy=label(now.name, now.version),
        )
        st.caption(told if now.policy == trying.policy else f"{told} {t('recommend.export_not_kept')}")
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                t("recommend.export_start"),
                icon=":material/table_view:",
                disabled=bool(active) or not served.histories,
                key="recommend_export",
            ):
                set_params(job=jobs.submit(STAGE, {"run": served.run_id, "k": k}))
                st.rerun(scope="app")
            _download(jobs, workspace)
        watched = active[0].id if active else _unfinished(jobs)
        if watched:
            job_panel(workspace, watched)


def _unfinished(jobs: Jobs) -> str | None:
    job = next((one for one in jobs.list(STAGE, limit=20) if one.id == param("job")), None)
    return job.id if job is not None and job.status in ("failed", "cancelled") else None


def _download(jobs: Jobs, workspace: Workspace) -> None:
    done = next((one for one in jobs.list(STAGE, limit=20) if one.status == "done" and one.result), None)
    if done is None or done.result is None:
        return
    path = list_file(workspace, done.id)
    if not path.is_file():
        return
    result = done.result
    st.download_button(
        t("recommend.export_download", rows=number(int(result["rows"])), when=ago(done.finished_at)),
        data=lambda: Path(path).read_bytes(),
        file_name=f"{workspace.info.id}-{result['run']}-top{result['k']}.parquet",
        mime="application/vnd.apache.parquet",
        icon=":material/download:",
        key="recommend_download",
        on_click="ignore",
    )
    st.caption(
        t("recommend.export_told", policy=str(result["policy"]), shoppers=number(int(result["shoppers"])))
    )
