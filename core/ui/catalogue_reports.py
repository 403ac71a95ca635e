"""What an import came to, in a sentence a table."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.catalogue.report import ImportReport
from core.jobs import JobView
from core.ui.catalogue_state import reason_text
from core.ui.shell import set_params
from core.ui.text import number, t

_REPORTS = "catalogue-reports"


def keep_reports(reports: Sequence[ImportReport]) -> None:
    """Remember them until they have been seen."""
    st.session_state[_REPORTS] = reports


def forget_reports() -> None:
    """What was imported has been seen."""
    st.session_state.pop(_REPORTS, None)


def last_reports() -> None:
    """What the import of a moment ago came to."""
    for report in st.session_state.get(_REPORTS, []):
        draw_report(report)


def job_reports(job: JobView) -> None:
    """What the tables of an import job came to, once it is done."""
    for data in (job.result or {}).get("reports", ()):
        draw_report(ImportReport.of(data))


def draw_report(report: ImportReport) -> None:
    """One import in one sentence, with what was kept apart and why."""
    if report.same_file:
        st.info(t("catalogue.report_same", name=report.name), icon=":material/done_all:")
        return
    counted = ("added", "updated", "unchanged", "removed", "duplicates", "noted", "quarantined", "dropped")
    told = [
        t(f"catalogue.report_{name}", n=number(getattr(report, name)))
        for name in counted
        if getattr(report, name)
    ]
    told += [f"{reason_text(code)} ({number(count)})" for code, count in sorted(report.left_out.items())]
    text = t(
        "catalogue.report", name=report.name, read=number(report.read), told=t("catalogue.comma").join(told)
    )
    st.success(text, icon=":material/check_circle:")
    if report.quarantined:
        st.button(
            t("catalogue.to_apart", n=number(report.quarantined)),
            icon=":material/healing:",
            key=f"to-apart-{report.source_id}",
            on_click=lambda: set_params(view="apart", source=report.source_id),
        )
