"""One run, opened: what it has shown, what its graph is worth, and what may be done with it."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.jobs import Jobs
from core.recommend import runs
from core.recommend.comparison import command_line, full_config
from core.recommend.seeds import fresh_seed, repeatable, spread
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.certificate_view import certificate
from core.ui.machine import gpu_slot
from core.ui.runs_board import settings_of
from core.ui.shell import go, set_params
from core.ui.text import ago, number, t
from core.ui.train_view import sentence

UNDO = "runs_undo"


def card(workspace: Workspace, run: runs.Run, known: list[runs.Run]) -> None:
    """Draw the run with its verdict, its actions and its certificate; ``known`` are all runs of the workspace."""
    with st.container(gap="small"):
        st.html(f'<h2 class="sg-h2">{escape(t("runs.open", name=run.name))}</h2>')
        hashes = t(
            "train.hashes", data=run.data_hash[:8] or "–", graph=run.graph_hash[:8] or "–", seed=run.seed
        )
        standing = [t("train.serves")] if run.serving else []
        st.caption(" · ".join([*standing, ago(run.created_at), settings_of(run, seed=False), hashes]))
        if run.metrics:
            main, *others = run.metrics["verdict"]
            st.markdown(f"**{sentence(main)}**")
            for told in others:
                st.markdown(sentence(told))
        else:
            st.caption(t("runs.not_done", status=t(f"train.status_{run.status}")))
        if run.metrics.get("left_out"):
            st.caption(f":material/person_off: {t('runs.left_out', n=number(len(run.metrics['left_out'])))}")
        if run.note:
            st.html(f'<p class="sg-run-note">{escape(run.note)}</p>')
        _chance(run, known)
        _actions(workspace, run, known)
    if run.metrics:
        certificate(workspace, run, wide=True)


def promote(workspace: Workspace, run: runs.Run) -> None:
    """Let the run serve, and remember which one did; for a button's callback."""
    before = runs.serving_run(workspace)
    runs.promote(workspace, run.id)
    if before is not None:
        st.session_state[UNDO] = (workspace.info.id, before.id, run.id)


def undo_line(workspace: Workspace) -> None:
    """After a change of the serving run, one line that says so and takes it back."""
    place, before_id, now_id = st.session_state.get(UNDO, ("", "", ""))
    known = {run.id: run for run in runs.list_runs(workspace)}
    before, now = known.get(before_id), known.get(now_id)
    if place != workspace.info.id or before is None or now is None or not now.serving:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="runs-undo-line"):
        st.markdown(f":material/check_circle: {t('runs.promoted', name=now.name)}", width="content")
        st.button(
            t("runs.undo", name=before.name),
            icon=":material/undo:",
            type="tertiary",
            key="runs-undo",
            on_click=_take_back,
            args=(workspace, before.id),
        )


def _take_back(workspace: Workspace, run_id: str) -> None:
    runs.promote(workspace, run_id)
    st.session_state.pop(UNDO, None)


def _chance(run: runs.Run, known: list[runs.Run]) -> None:
    """How far runs with other seeds lie apart, where there are any."""
    found = spread(run, known)
    if found is None:
        return
    told = {name: number(getattr(found, name), 4) for name in ("mean", "least", "most", "deviation")}
    st.caption(
        f":material/casino: {t('runs.seeds', runs=number(found.runs), **told)}", help=t("runs.seeds_help")
    )


def _another_seed(workspace: Workspace, run: runs.Run, known: list[runs.Run]) -> None:
    seed = fresh_seed(run, known)
    config = full_config(run) | {"seed": seed}
    plain = run.name.removesuffix(t("runs.seed_name", name="", seed=run.seed))
    name = t("runs.seed_name", name=plain, seed=seed)[: runs.LONGEST_NAME]
    params = {"config": config, "name": name}
    job = Jobs(workspace).submit("train", params, gpu_slot(config["device"]))
    go("train", job=job)


def _actions(workspace: Workspace, run: runs.Run, known: list[runs.Run]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="runs-actions"):
        if run.metrics and st.button(t("runs.see"), icon=":material/recommend:", key=f"see_{run.id}"):
            go("recommend", run=run.id)
        navigation.link("train", t("runs.to_train"), icon="monitoring", run=run.id)
        if repeatable(run) and st.button(
            t("runs.another_seed"),
            icon=":material/casino:",
            key=f"seed_{run.id}",
            help=t("runs.another_seed_help"),
            disabled=bool(Jobs(workspace).list("train", active=True)),
        ):
            _another_seed(workspace, run, known)
        with st.popover(t("runs.edit"), icon=":material/edit:"):
            _edit(workspace, run)
        with st.popover(t("runs.again"), icon=":material/terminal:"):
            st.caption(t("runs.again_help"))
            st.code(command_line(run, workspace.folder), language="bash", wrap_lines=True)
        with st.popover(t("runs.delete"), icon=":material/delete:"):
            _delete(workspace, run)


def _edit(workspace: Workspace, run: runs.Run) -> None:
    with st.form(f"edit_{run.id}", border=False):
        name = st.text_input(t("runs.name"), run.name, max_chars=runs.LONGEST_NAME, key=f"name_{run.id}")
        note = st.text_area(
            t("runs.note"),
            run.note,
            max_chars=runs.LONGEST_NOTE,
            placeholder=t("runs.note_hint"),
            key=f"note_{run.id}",
        )
        if st.form_submit_button(t("runs.save"), type="primary", key=f"save_{run.id}"):
            runs.rename(workspace, run.id, name)
            runs.annotate(workspace, run.id, note)
            st.rerun()


def _delete(workspace: Workspace, run: runs.Run) -> None:
    if run.serving or run.status == "running":
        st.caption(t("runs.delete_serving" if run.serving else "runs.delete_running"))
        return
    st.markdown(t("runs.delete_confirm", name=run.name))
    st.button(
        t("runs.delete_sure"),
        icon=":material/delete_forever:",
        key=f"delete_{run.id}",
        on_click=_gone,
        args=(workspace, run.id),
    )


def _gone(workspace: Workspace, run_id: str) -> None:
    runs.remove(workspace, run_id)
    set_params(run=None)
