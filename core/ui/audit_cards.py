"""The model card and the data card on screen, and the way to take them along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.audit import kept as audits
from core.audit.cards import Card, Section, markdown, page, shown
from core.drivers import kept as drivers
from core.recommend.runs import Run
from core.robust import kept as examinations
from core.stages import card as stage
from core.storage.decisions import stamp
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.labels import literal
from core.ui.session import catalogue_stamp, log_head
from core.ui.tables import table
from core.ui.text import language, t


def cards(workspace: Workspace, run: Run, audited: Mapping[str, Any] | None) -> None:
    """Draw both cards of a run."""
    made = _cards(_key(workspace, run, audited), run.id, language(), workspace)
    st.caption(t("audit.cards_note"))
    with st.container(horizontal=True):
        for name, form, icon in (("html", page, "html"), ("md", markdown, "markdown")):
            st.download_button(
                t(f"audit.download_{name}"),
                data=lambda form=form: form(made).encode("utf-8", "replace"),  # type: ignore[misc]
                file_name=f"card-{run.id}.{name}",
                mime=f"text/{'html' if name == 'html' else 'markdown'}",
                icon=f":material/{icon}:",
                key=f"audit_card_{name}",
                on_click="ignore",
            )
        _missing(workspace, run, audited)
    for one, column in zip(made, st.columns(len(made), gap="large"), strict=True):
        with column, st.container(border=True):
            _card(one)


def _missing(workspace: Workspace, run: Run, audited: Mapping[str, Any] | None) -> None:
    """Links to what the cards still lack."""
    if audited is None:
        st.caption(t("audit.card_lacks_audit"))
    if drivers.kept(workspace, run.id) is None:
        navigation.link("drivers", t("audit.card_lacks_drivers"), icon="balance", run=run.id)
    if examinations.kept(workspace, run.id) is None:
        navigation.link("robustness", t("audit.card_lacks_robustness"), icon="shield", run=run.id)


def _card(one: Card) -> None:
    st.markdown(f"### {literal(shown(one.title))}")
    st.caption(literal(shown(one.lead)))
    for place, section in enumerate(one.sections):
        with st.expander(literal(section.title), expanded=place == 0):
            _section(section, f"{one.title}-{place}")


def _section(section: Section, key: str) -> None:
    import pandas as pd

    if section.pairs:
        st.markdown(
            "\n".join(
                f"- **{literal(shown(name))}**: {literal(shown(value))}" for name, value in section.pairs
            )
        )
    for number, own in enumerate(section.tables):
        frame = pd.DataFrame([[shown(cell) for cell in row] for row in own.rows], columns=list(own.head))
        table(frame, f"audit_card_{key}_{number}")
    for note in section.notes:
        st.markdown(literal(shown(note)))


def _key(workspace: Workspace, run: Run, audited: Mapping[str, Any] | None) -> tuple[object, ...]:
    when = (audited or {}).get("created_at")
    files = [
        path.stat().st_mtime_ns if path.is_file() else 0
        for name in (audits.FILE, drivers.FILE, examinations.FILE)
        for path in [workspace.folder / "runs" / run.id / name]
    ]
    looked = workspace.folder / audits.FOLDER / audits.TEXTS
    return (
        str(workspace.folder),
        when,
        *files,
        looked.stat().st_mtime_ns if looked.is_file() else 0,
        run.name,
        run.note,
        run.serving,
        log_head(workspace),
        *catalogue_stamp(workspace),
        *stamp(workspace),
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _cards(key: tuple[object, ...], run_id: str, language: str, _workspace: Workspace) -> list[Card]:
    return stage.cards(_workspace, run_id, language)
