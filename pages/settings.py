"""Settings: workspaces, the machine, and where things are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

import streamlit as st

from core.jobs import Jobs
from core.settings import settings
from core.storage.workspaces import Workspace, WorkspaceInfo
from core.ui.machine import GIB, machine
from core.ui.navigation import link
from core.ui.session import open_workspace, workspaces
from core.ui.shell import guarded, header, problem, run_page, switch_workspace
from core.ui.text import ago, moment, number, t


def render(workspace: Workspace) -> None:
    """Draw the page."""
    known = workspaces().list()
    header("settings", t("settings.state", n=number(len(known))), _new)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _workspaces(workspace, known)
        for error in workspaces().damaged():
            problem(error)
        _trash()
    with right:
        _machine()
        _models()
        _display()


def _new() -> None:
    if st.button(t("settings.new"), type="primary", icon=":material/add:"):
        _create_dialog()


def _create_dialog() -> None:
    @st.dialog(t("settings.new"))
    def ask() -> None:
        name = st.text_input(t("common.name"), key="new_name", max_chars=80)
        if st.button(t("common.create"), type="primary", disabled=not name.strip()):
            with guarded():
                switch_workspace(workspaces().create(name).info.id)
                st.rerun()

    ask()


def _workspaces(current: Workspace, known: list[WorkspaceInfo]) -> None:
    st.html(f'<h2 class="sg-h2">{escape(t("settings.workspaces"))}</h2>')
    for info in known:
        here = info.id == current.info.id
        with st.container(border=True, key=f"ws-{info.id}"):
            told, buttons = st.columns([3, 2], vertical_alignment="center")
            mark = f'<span class="sg-badge">{escape(t("settings.current"))}</span>' if here else ""
            told.html(
                f'{mark}<div class="sg-card-title">{escape(info.name)}</div>'
                f'<div class="sg-card-meta" title="{moment(info.created_at)}">'
                f"{escape(t('settings.made', ago=ago(info.created_at)))} · <code>{escape(info.id)}</code></div>"
            )
            with buttons.container(horizontal=True, horizontal_alignment="right", gap="small"):
                _workspace_buttons(info, here)


def _workspace_buttons(info: WorkspaceInfo, here: bool) -> None:
    if not here:
        _icon_button("open", "login", info.id, partial(switch_workspace, info.id))
    with st.popover("", icon=":material/edit:", help=t("settings.rename")):
        name = st.text_input(t("common.name"), info.name, key=f"rename_{info.id}", max_chars=80)
        if st.button(t("common.save"), key=f"save_{info.id}", disabled=not name.strip()):
            workspaces().rename(info.id, name)
            st.rerun()
    _icon_button("copy", "content_copy", info.id, partial(_copy, info))
    _icon_button("delete", "delete", info.id, partial(_delete, info, here))


def _icon_button(name: str, icon: str, workspace_id: str, act: Callable[[], None]) -> None:
    label = t(f"settings.{name}")
    st.button("", icon=f":material/{icon}:", help=label, key=f"{name}_{workspace_id}", on_click=act)


def _copy(info: WorkspaceInfo) -> None:
    with guarded():
        made = workspaces().copy(info.id, t("settings.copy_name", name=info.name))
        st.toast(t("settings.copied", name=made.info.name), icon=":material/content_copy:")


def _delete(info: WorkspaceInfo, here: bool) -> None:
    if Jobs(open_workspace(info.id)).list(active=True, limit=1):
        st.toast(t("settings.delete_busy", name=info.name), icon=":material/info:")
        return
    workspaces().delete(info.id)
    if here:
        st.session_state.pop("w", None)
        st.query_params.pop("w", None)
    days = number(settings().trash_days)
    st.toast(t("settings.deleted", name=info.name, days=days), icon=":material/delete:")


def _trash() -> None:
    gone = workspaces().trashed()
    if not gone:
        return
    st.html(f'<h2 class="sg-h2">{escape(t("settings.trash"))}</h2>')
    for trash_id, info, until in gone:
        told, button = st.columns([3, 2], vertical_alignment="center")
        told.html(
            f'<div class="sg-card-meta"><strong>{escape(info.name)}</strong> · '
            f"{escape(t('settings.until', moment=moment(until)))}</div>"
        )
        with button.container(horizontal=True, horizontal_alignment="right"):
            st.button(
                t("settings.restore"),
                icon=":material/restore_from_trash:",
                key=f"restore_{trash_id}",
                on_click=_restore,
                args=(trash_id,),
            )


def _restore(trash_id: str) -> None:
    with guarded():
        switch_workspace(workspaces().restore(trash_id).info.id)


def _models() -> None:
    st.html(f'<h2 class="sg-h2">{escape(t("settings.models"))}</h2>')
    link("models", t("settings.to_models"), icon="memory")


def _machine() -> None:
    here = machine()
    gpu = ", ".join(here.accelerators) or t("settings.no_gpu")
    rows = (
        ("cores", number(here.cores)),
        ("memory", t("settings.of_gib", free=_gib(here.memory_free), total=_gib(here.memory))),
        ("gpu", gpu),
        ("disk", t("settings.gib", n=_gib(here.disk_free))),
        ("python", here.python),
        ("home", str(settings().home)),
        ("model_folder", str(settings().models)),
    )
    st.html(
        f'<h2 class="sg-h2">{escape(t("settings.machine"))}</h2>'
        + "".join(
            f'<div class="sg-row"><div class="sg-card-meta">{escape(t(f"settings.{name}"))}</div>'
            f'<div class="sg-row-value">{escape(value)}</div></div>'
            for name, value in rows
        )
    )


def _gib(size: int) -> str:
    return number(size / GIB, 1)


def _display() -> None:
    st.html(
        f'<h2 class="sg-h2">{escape(t("settings.display"))}</h2>'
        f'<p class="sg-quiet">{escape(t("settings.display_hint"))}</p>'
    )


run_page("settings", render)
