"""The versions of a schema: compared with the one in force, and put back."""

from __future__ import annotations

from functools import partial
from html import escape

import pandas as pd
import streamlit as st

from core.extract.schema_text import check
from core.stages.schema_versions import InForce, Version, restore, versions
from core.storage.workspaces import Workspace
from core.ui.schema_save import actor, differences
from core.ui.schema_state import Draft
from core.ui.shell import guarded
from core.ui.tables import table
from core.ui.text import ago, moment, number, t
from core.ui.told import tell


def history(workspace: Workspace, draft: Draft, force: InForce) -> None:
    """Draw the versions, and what differs in the one that is chosen."""
    listed = versions(workspace)
    current = next((at for at, version in enumerate(listed) if version.text == force.text), None)
    left, right = st.columns([5, 4], gap="large")
    with left:
        st.caption(t("schema.versions_hint"))
        picked = table(_frame(listed, current), "schema_versions", columns=_columns(), selection=True)
    with right:
        other = _pick(listed, current, picked[0] if picked else None)
        if other is None:
            st.caption(t("schema.versions_alone"))
            return
        _compare(workspace, draft, force, listed[other])


def _pick(listed: list[Version], current: int | None, picked: int | None) -> int | None:
    """The version to compare with: the one chosen, else the latest that says something else."""
    if picked is not None:
        return picked
    return next((at for at in range(len(listed)) if at != current), None)


def _frame(listed: list[Version], current: int | None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "when": [ago(version.time) if version.seq else t("schema.shipped") for version in listed],
            "mark": [t("schema.in_force") if at == current else "" for at, _ in enumerate(listed)],
            "version": [version.version[:8] for version in listed],
            "attributes": [version.attributes for version in listed],
            "note": [version.note for version in listed],
            "actor": [
                t("schema.by_file") if version.actor == "file" else version.actor for version in listed
            ],
        }
    )


def _columns() -> dict[str, object]:
    widths = {"when": 110, "mark": 75, "version": 85, "attributes": 75, "note": 200, "actor": 110}
    return {
        name: st.column_config.Column(t(f"schema.version_{name}"), width=width)
        for name, width in widths.items()
    }


def _compare(workspace: Workspace, draft: Draft, force: InForce, version: Version) -> None:
    when = moment(version.time) if version.seq else t("schema.shipped")
    st.html(
        f'<h2 class="sg-h2">{escape(t("schema.compare", version=version.version[:8]))}</h2>'
        f'<p class="sg-quiet">{escape(when)} · '
        f"{escape(t('schema.compare_figures', n=number(version.attributes), c=number(version.categories)))}</p>"
    )
    old, new = check(force.text).raw, check(version.text).raw
    if version.text == force.text:
        st.caption(t("schema.same_text"))
        return
    if old is not None and new is not None:
        differences(old, new, force.text, version.text)
    st.button(
        t("schema.restore"),
        icon=":material/history:",
        key=f"schema-restore-{version.seq}",
        disabled=draft.changed,
        help=t("schema.restore_draft") if draft.changed else t("schema.restore_help"),
        on_click=partial(_restore, workspace, version),
    )


def _restore(workspace: Workspace, version: Version) -> None:
    with guarded():
        restore(workspace, version, actor=actor())
        tell("schema", t("schema.restored", version=version.version[:8]))
