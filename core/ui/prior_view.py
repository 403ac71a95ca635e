"""The view "Prior knowledge": a taxonomy or triples read in as a source, and the rows that could not be used."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from core.catalogue.statements import SUFFIXES
from core.catalogue.store import Catalogue
from core.catalogue.synonyms import STATEMENTS
from core.graph.model import Graph
from core.graph.prior import PriorReport, import_statements
from core.storage.workspaces import Workspace
from core.ui import navigation
from core.ui.catalogue_state import reason_text
from core.ui.labels import literal
from core.ui.shell import guarded
from core.ui.tables import export_button, table
from core.ui.text import ago, number, t

ROWS_APART = 500
TEMPLATE = "subject,relation,object,type\nleather,is a,animal material,material\nHiking boots,is a,Footwear,category\n"
_TOLD = "prior_report"


def draw(workspace: Workspace, graph: Graph) -> None:
    """Draw the view."""
    left, right = st.columns([4, 5], gap="large")
    with left:
        _add(workspace)
    with right:
        _sources(workspace)


def _add(workspace: Workspace) -> None:
    st.caption(t("rules.prior_hint"))
    file = st.file_uploader(t("rules.prior_file"), type=list(SUFFIXES), key="prior_file")
    with st.container(horizontal=True):
        if st.button(
            t("rules.prior_read"),
            type="primary",
            icon=":material/upload:",
            disabled=file is None,
            key="prior_read",
        ):
            assert file is not None
            with guarded(), st.spinner(t("rules.prior_reading")):
                report = import_statements(workspace, file.getvalue(), file.name)
                st.session_state[_TOLD] = (file.name, report)
                st.rerun()
        st.download_button(
            t("rules.prior_template"),
            TEMPLATE.encode(),
            "statements.csv",
            "text/csv",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )
    if _TOLD in st.session_state:
        _report(*st.session_state[_TOLD])


def _report(name: str, report: PriorReport) -> None:
    if report.unchanged:
        st.info(t("rules.prior_same", name=literal(name)), icon=":material/check_circle:")
        return
    st.success(
        t(
            "rules.prior_done",
            name=literal(name),
            n=number(report.statements),
            added=number(report.added),
            gone=number(report.gone),
            products=number(report.about_products),
        ),
        icon=":material/check_circle:",
    )
    if report.structural:
        st.caption(t("rules.prior_structural", n=number(report.structural)))


def _sources(workspace: Workspace) -> None:
    catalogue = Catalogue(workspace)
    known = [source for source in catalogue.sources() if source.kind == STATEMENTS]
    if not known:
        st.caption(t("rules.prior_none"))
        return
    for source in known:
        with st.container(border=True, key=f"prior-{source.id}", gap="small"):
            figures = t(
                "rules.prior_source",
                n=number(source.rows_ok),
                apart=number(source.rows_quarantined),
                when=ago(source.imported_at),
            )
            st.html(
                f'<div class="sg-card-title">{escape(source.name)}</div>'
                f'<div class="sg-card-meta">{escape(figures)}</div>'
            )
            navigation.link("fusion", t("rules.prior_open"), icon="merge", source=source.id)
            if source.rows_quarantined:
                with st.expander(t("rules.prior_apart", n=number(source.rows_quarantined))):
                    _apart(catalogue, source.id)


def _apart(catalogue: Catalogue, source_id: str) -> None:
    kept = catalogue.quarantine(source_id=source_id, limit=ROWS_APART)
    frame = pd.DataFrame(
        {
            t("rules.line"): [row.line for row in kept],
            t("rules.why"): [reason_text(row.reason, row.column, row.detail) for row in kept],
            t("rules.row"): [" · ".join(cell for cell in row.raw.values() if cell) for row in kept],
        }
    )
    table(frame, f"prior-apart-{source_id}", columns={t("rules.line"): st.column_config.Column(width=60)})
    export_button(frame, "kept-apart", key=f"prior-export-{source_id}")
