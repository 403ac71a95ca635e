"""What a run has left to go on with: its checkpoints, each of which can be forked, and its logs."""

from __future__ import annotations

import streamlit as st

from core.recommend.fork import saved
from core.recommend.runs import Run
from core.recommend.trackers import FOLDER, open_command
from core.settings import settings
from core.storage.workspaces import Workspace
from core.ui.shell import set_params
from core.ui.text import number, t
from core.ui.train_form import checkpoint_label


def kept(workspace: Workspace, run: Run) -> None:
    """Draw it; nothing before the first epoch."""
    points = saved(workspace, run.id)
    if not points:
        return
    with st.container(border=True, key="train-kept"):
        size = t("train.mb", n=number(points[0].size / 2**20, 1))
        st.markdown(f"**{t('train.kept')}** :gray[· {size}]", help=t("train.kept_help"))
        for point in points:
            with st.container(
                horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
            ):
                st.markdown(checkpoint_label(point), width="content")
                if st.button(
                    t("train.fork"), icon=":material/fork_right:", key=f"fork_{point.which}_{run.id}"
                ):
                    set_params(fork=run.id, checkpoint=point.which, run=None)
                    st.rerun()
        parent = run.metrics.get("fork")
        if parent:
            st.caption(t(f"train.forked_{parent['checkpoint']}", run=parent["run"]))
        logs(workspace, run.id)


def logs(workspace: Workspace, run_id: str) -> None:
    """Where a run's logs are, and the command that opens them; nothing before there are any."""
    folder = workspace.sub("runs") / run_id
    if not (folder / FOLDER).is_dir():
        return
    with st.expander(t("train.logs"), icon=":material/monitoring:"):
        st.caption(t("train.logs_help"))
        st.code(open_command(folder), language="bash", wrap_lines=True)
        if settings().tracker:
            st.caption(t("train.tracker", package=settings().tracker, project=settings().tracker_project))
