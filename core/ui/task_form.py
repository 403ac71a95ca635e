"""A new task model: what it predicts, of which relation, and how it is trained."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.errors import ConfigError
from core.form import Entry, entries
from core.recommend.tasks.config import CATEGORY, Kind, TaskConfig, task_config
from core.recommend.tasks.source import targets
from core.storage.workspaces import Workspace
from core.ui.config_form import in_sections, widget
from core.ui.session import log_head
from core.ui.shell import param, problem, set_params
from core.ui.text import relation_label, t

ASKED_APART = ("kind", "target", "hide_names", "negatives")
USED = {
    Kind.CLASS: {"several", "least", "most", "folds"},
    Kind.RATING: {"test_share", "record"},
    Kind.NEED: {"ratio", "test_share", "record"},
}


def form(workspace: Workspace) -> TaskConfig | None:
    """Draw the form; None where its values do not do."""
    kinds = [kind.value for kind in Kind]
    asked = param("kind")
    chosen = st.segmented_control(
        t("tasks.field_kind"),
        kinds,
        default=asked if asked in kinds else kinds[0],
        format_func=lambda kind: t(f"tasks.kind_{kind}"),
        required=True,
        key="tasks_kind",
    )
    kind = Kind(chosen or kinds[0])
    set_params(kind=kind.value)
    st.markdown(t(f"tasks.about_{kind.value}"))
    values: dict[str, Any] = {"kind": kind.value}
    if kind is Kind.CLASS:
        values |= _classes(workspace)
    if kind is Kind.NEED:
        values["negatives"] = st.segmented_control(
            t("tasks.field_negatives"),
            ["auto", "seen", "random"],
            default="auto",
            format_func=lambda option: t(f"tasks.option_{option}"),
            help=t("tasks.help_negatives"),
            required=True,
            key="tasks_negatives",
        )
    values |= _more(kind)
    try:
        return task_config(values)
    except ConfigError as error:
        problem(error)
        return None


def _classes(workspace: Workspace) -> dict[str, Any]:
    known = _targets(str(workspace.folder), log_head(workspace), workspace)
    target = st.selectbox(
        t("tasks.field_target"),
        known,
        format_func=lambda name: t("tasks.target_category") if name == CATEGORY else relation_label(name),
        help=t("tasks.help_target"),
        key="tasks_target",
    )
    if target == CATEGORY:
        return {"target": target}
    hide = st.toggle(
        t("tasks.field_hide_names"), value=True, help=t("tasks.help_hide_names"), key="tasks_hide_names"
    )
    return {"target": target, "hide_names": hide}


def _more(kind: Kind) -> dict[str, Any]:
    start = TaskConfig().model_dump(mode="json")
    only_elsewhere = set().union(*USED.values()) - USED[kind]
    shown = [e for e in entries(TaskConfig) if e.name not in ASKED_APART and e.name not in only_elsewhere]

    def field_of(entry: Entry) -> Any:
        return widget(entry, start[entry.name], "tasks", f"tasks_{kind.value}")

    with st.expander(t("common.settings_more")):
        return in_sections("tasks", ("data", "product", "training"), shown, field_of, columns=3)


@st.cache_data(max_entries=4, show_spinner=False)
def _targets(folder: str, head: int, _workspace: Workspace) -> list[str]:
    return targets(_workspace)
