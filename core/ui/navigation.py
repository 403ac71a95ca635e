"""The pages of the app and the sidebar that leads to them. Every link carries workspace and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.settings import REPOSITORY
from core.storage.workspaces import Workspace
from core.ui.session import workspaces
from core.ui.text import LANGUAGES, distinct, language, t


@dataclass(frozen=True, slots=True)
class PageSpec:
    """A page: its file's name, which is its place in the link too, and its Material symbol."""

    name: str
    icon: str


GROUPS: Mapping[str, tuple[PageSpec, ...]] = {
    "know": (
        PageSpec("home", "home"),
        PageSpec("catalogue", "inventory_2"),
        PageSpec("schema", "schema"),
        PageSpec("build", "auto_awesome_motion"),
        PageSpec("graph", "hub"),
        PageSpec("map", "bubble_chart"),
        PageSpec("review", "fact_check"),
    ),
    "refine": (
        PageSpec("resolve", "join"),
        PageSpec("fusion", "merge"),
        PageSpec("rules", "rule"),
        PageSpec("quality", "verified"),
        PageSpec("compress", "compress"),
        PageSpec("exchange", "swap_horiz"),
    ),
    "recommend": (
        PageSpec("train", "model_training"),
        PageSpec("search", "manage_search"),
        PageSpec("encoder", "text_fields"),
        PageSpec("runs", "leaderboard"),
        PageSpec("recommend", "recommend"),
        PageSpec("tasks", "online_prediction"),
    ),
    "trust": (
        PageSpec("explain", "stacked_bar_chart"),
        PageSpec("drivers", "balance"),
        PageSpec("robustness", "shield"),
        PageSpec("audit", "policy"),
        PageSpec("evaluate", "query_stats"),
        PageSpec("finetune", "tune"),
        PageSpec("jobs", "checklist"),
        PageSpec("models", "memory"),
        PageSpec("settings", "settings"),
    ),
}


def path(page: str) -> Path:
    """The file of a page."""
    return REPOSITORY / "pages" / f"{page}.py"


def pages() -> dict[str, list[Any]]:
    """What ``st.navigation`` wants: the pages whose files are there, by group, the first of them at the root."""
    return {
        t(f"common.group_{group}"): [
            st.Page(
                path(spec.name),
                title=f"{t(f'common.page_{spec.name}')} · {t('common.product')}",
                icon=f":material/{spec.icon}:",
                url_path=spec.name,
                default=spec.name == "home",
            )
            for spec in specs
            if path(spec.name).is_file()
        ]
        for group, specs in GROUPS.items()
    }


def link_params(**params: object) -> dict[str, str]:
    """The parameters of a link within the app: workspace, language, and the view's own."""
    kept = {name: st.session_state.get(name) for name in ("w", "tour")} | {"lang": language(), **params}
    return {name: str(value) for name, value in kept.items() if value not in (None, "")}


def link(
    page: str,
    label: str,
    *,
    icon: str = "",
    help: str | None = None,
    width: Literal["content", "stretch"] = "content",
    **params: Any,
) -> None:
    """A link to a page, with view state; plain words where that page is not in this version."""
    if path(page).is_file():
        try:
            st.page_link(
                path(page),
                label=label,
                icon=f":material/{icon}:" if icon else None,
                help=help,
                width=width,
                query_params=link_params(**params),
            )
            return
        except StreamlitAPIException:  # a page run by itself, as in its tests
            pass
    st.markdown(f":material/{icon}: {label}" if icon else label)


def sidebar(workspace: Workspace) -> None:
    """Workspace switch, pages by group, language switch."""
    with st.sidebar:
        _workspace_switch(workspace)
        for group, specs in GROUPS.items():
            there = [spec for spec in specs if path(spec.name).is_file()]
            if not there:
                continue
            with st.container(key=f"sg-nav-{group}", gap=None):
                st.html(f'<div class="sg-nav-group">{t(f"common.group_{group}")}</div>')
                for spec in there:
                    link(spec.name, t(f"common.page_{spec.name}"), icon=spec.icon, width="stretch")
        with st.container(key="sg-language"):
            st.segmented_control(
                t("common.language"),
                list(LANGUAGES),
                format_func=lambda code: LANGUAGES[code],
                default=language(),
                key="language_switch",
                label_visibility="collapsed",
                on_change=_switch_language,
                required=True,
            )


def _workspace_switch(workspace: Workspace) -> None:
    names = {info.id: info.name for info in workspaces().list()}
    names.setdefault(workspace.info.id, workspace.info.name)
    labels = distinct(names)
    ids = list(labels)
    # Streamlit sends a choice back as its label: a rename needs a fresh widget, or the old label is a "new choice".
    key = f"workspace_switch_{workspace.info.id}_{labels[workspace.info.id]}"
    with st.container(key="sg-workspace"):
        st.selectbox(
            t("common.workspace"),
            ids,
            index=ids.index(workspace.info.id),
            format_func=lambda workspace_id: labels.get(workspace_id, workspace_id),
            key=key,
            label_visibility="collapsed",
            on_change=_switch_workspace,
            args=(key, workspace.info.id, frozenset(ids)),
        )


def _switch_workspace(key: str, drawn_for: str, known: frozenset[str]) -> None:
    chosen = st.session_state[key]
    # The browser may send the state of a switch that is no longer drawn once more, which is no choice of anybody's.
    if chosen in known and st.session_state.get("w") == drawn_for:
        st.session_state["w"] = chosen
        st.query_params.from_dict({"w": chosen, "lang": language()})


def _switch_language() -> None:
    chosen = st.session_state["language_switch"]
    if chosen in LANGUAGES:
        st.session_state["lang"] = chosen
        st.query_params["lang"] = chosen
