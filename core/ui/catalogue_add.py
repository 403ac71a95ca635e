"""The views "Upload" and "Paste": a file comes in, its columns are understood, looked over, and imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalogue.mapping import ColumnMapping
from core.catalogue.read import FORMATS, ReadOptions
from core.catalogue.report import ImportReport
from core.catalogue.rows import RawRow, RawTable
from core.catalogue.staging import Staged, options_plain, stage
from core.catalogue.store import Catalogue
from core.errors import MappingError, ShelfGraphError
from core.graph.log import Log
from core.jobs import Jobs, JobView
from core.storage.workspaces import Workspace
from core.ui.catalogue_mapping import Choice, choose
from core.ui.catalogue_state import issue_text, labelled, note_text, reason_text, tables_of
from core.ui.shell import guarded, problem, set_params
from core.ui.text import number, t

AT_ONCE_BYTES, AT_ONCE_ROWS = 3_000_000, 20_000
"""Smaller imports are done while one waits, larger ones as a job."""

_STAGED, _REPORTS, _ROUND, _ORIGIN = (
    "catalogue-staged",
    "catalogue-reports",
    "catalogue-round",
    "catalogue-origin",
)
_DELIMITERS = {"": "auto", ",": ",", "\t": "Tab", ";": ";", "|": "|"}
_ENCODINGS = ("", "utf-8", "utf-16", "gb18030", "big5", "shift_jis", "cp1252", "cp1251")


def draw(workspace: Workspace, *, paste: bool) -> Callable[[], object] | None:
    """Draw the view; gives the primary action while there is something to import."""
    if waiting():
        return _look_over(workspace, st.session_state[_STAGED])
    _paste(workspace) if paste else _upload(workspace)
    return None


def waiting() -> bool:
    """Whether files have come in that are not imported yet."""
    return bool(st.session_state.get(_STAGED))


def _upload(workspace: Workspace) -> None:
    files = st.file_uploader(
        t("catalogue.upload_label"),
        type=list(FORMATS),
        accept_multiple_files=True,
        help=t("catalogue.upload_help"),
        key=f"catalogue-files-{st.session_state.get(_ROUND, 0)}",
    )
    st.caption(t("catalogue.upload_note"))
    if files:
        _take(workspace, [(file.getvalue(), file.name) for file in files], "upload")


def _paste(workspace: Workspace) -> None:
    text = st.text_area(
        t("catalogue.paste_label"),
        height=260,
        placeholder=t("catalogue.paste_placeholder"),
        key=f"catalogue-text-{st.session_state.get(_ROUND, 0)}",
    )
    name = st.text_input(t("catalogue.paste_name"), t("catalogue.paste_default"), key="catalogue-paste-name")
    if st.button(
        t("catalogue.paste_read"), type="primary", icon=":material/arrow_forward:", key="catalogue-paste"
    ):
        _take(workspace, [(text.encode("utf-8", "replace"), name)], "paste")


def _take(workspace: Workspace, files: Sequence[tuple[bytes, str]], origin: str) -> None:
    """Keep the files; one that cannot be read is told of, the others go on."""
    taken: list[Staged] = []
    for data, name in files:
        try:
            for staged in stage(workspace, data, name):
                tables_of(staged, ReadOptions())
                taken.append(staged)
        except ShelfGraphError as error:
            problem(error)
    if taken:
        st.session_state[_STAGED] = taken
        st.session_state[_ORIGIN] = origin
        st.session_state.pop(_REPORTS, None)
        st.rerun()


def _look_over(workspace: Workspace, staged: Sequence[Staged]) -> Callable[[], object] | None:
    """Everything that came in, one table at a time; gives the button that imports all."""
    found = [(file, *pair) for file in staged for pair in _read(file)]
    if st.button(
        t("catalogue.start_over"), icon=":material/close:", type="tertiary", key="catalogue-start-over"
    ):
        _start_over()
        st.rerun()
    if not found:
        return None
    names = [table.name for _, table, _ in found]
    position = 0
    if len(found) > 1:
        st.caption(t("catalogue.several_tables", n=number(len(found))))
        position = st.segmented_control(
            t("catalogue.table"),
            range(len(found)),
            default=0,
            format_func=lambda index: names[index],
            key="catalogue-table",
            label_visibility="collapsed",
        ) or 0  # fmt: skip
    catalogue = Catalogue(workspace)
    known = catalogue.sources()
    choices = []
    for index, (file, table, head) in enumerate(found):
        shown = index == position
        if shown:
            _about_file(file, table)
        choices.append(choose(catalogue, table, head, known, key=f"{file.hash}-{table.name}", shown=shown))
        if shown:
            _preview(table, head, choices[-1].mapping)
    return lambda: _import_button(workspace, found, choices)


def _read(file: Staged) -> list[tuple[RawTable, list[RawRow]]]:
    options: ReadOptions = st.session_state.get(f"catalogue-options-{file.hash}", ReadOptions())
    try:
        return tables_of(file, options)
    except ShelfGraphError as error:
        problem(error)
        return []


def _about_file(file: Staged, table: RawTable) -> None:
    """How the file was read, and the means to read it otherwise."""
    parts = [table.format.upper(), table.encoding.upper()]
    if table.delimiter in _DELIMITERS and table.delimiter:
        parts.append(t("catalogue.separated_by", mark=_DELIMITERS[table.delimiter]))
    parts.append(t("catalogue.about_rows", n=number(table.total)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(part for part in parts if part))
        if table.format in ("csv", "tsv", "text"):
            with st.popover(t("catalogue.read_otherwise"), icon=":material/tune:"):
                _read_otherwise(file, table)
    for note in table.notes:
        st.caption(f":material/info: {note_text(note.code, note.detail)}")


def _read_otherwise(file: Staged, table: RawTable) -> None:
    key = f"catalogue-options-{file.hash}"
    now: ReadOptions = st.session_state.get(key, ReadOptions())
    encoding = st.selectbox(
        t("catalogue.encoding"),
        _ENCODINGS,
        index=_ENCODINGS.index(now.encoding) if now.encoding in _ENCODINGS else 0,
        format_func=lambda name: name.upper() or t("catalogue.detected", value=table.encoding.upper()),
        key=f"{key}-encoding",
    )
    delimiter = st.selectbox(
        t("catalogue.delimiter"),
        list(_DELIMITERS),
        index=list(_DELIMITERS).index(now.delimiter),
        format_func=lambda mark: (
            _DELIMITERS[mark]
            if mark
            else t("catalogue.detected", value=_DELIMITERS.get(table.delimiter, "–"))
        ),
        key=f"{key}-delimiter",
    )
    header = st.checkbox(t("catalogue.has_header"), value=table.header, key=f"{key}-header")
    wanted = ReadOptions(encoding, delimiter, now.header if header == table.header else header)
    if wanted != now:
        st.session_state[key] = wanted
        st.rerun()


def _preview(table: RawTable, head: Sequence[RawRow], mapping: ColumnMapping) -> None:
    """The first rows as they would be read, and an estimate for all."""
    import math

    import pandas as pd

    from core.catalogue.interpret import Interpreter
    from core.catalogue.preview import cells_of, estimate

    try:
        mapping.check(table.columns)
    except MappingError as error:
        problem(error)
        return
    interpreter = Interpreter(mapping, math.inf)
    readings = [(row, interpreter.read(row)) for row in head]
    guess = estimate([reading for _, reading in readings], table.total)
    st.markdown(
        t(
            "catalogue.estimate",
            seen=number(len(readings)),
            good=number(guess.good_seen),
            all=number(guess.good),
            apart=number(guess.apart),
        )
    )
    rows = []
    for row, reading in readings[:12]:
        raw = {field: row.cells.get(column, "") for field, column in mapping.fields.items()}
        shown = labelled(cells_of(reading.item) if reading.item else raw)
        problems = "; ".join(map(issue_text, reading.issues))
        rows.append({t("catalogue.line"): row.line, **shown, t("catalogue.problem"): problems})
    st.dataframe(
        pd.DataFrame(rows).fillna(""), hide_index=True, width="stretch", key=f"preview-{table.content_hash}"
    )


def _import_button(
    workspace: Workspace, found: Sequence[tuple[Staged, RawTable, list[RawRow]]], choices: Sequence[Choice]
) -> None:
    label = t("catalogue.import_one") if len(found) == 1 else t("catalogue.import_all", n=number(len(found)))
    if st.button(label, type="primary", icon=":material/input:", key="catalogue-import"):
        with guarded():
            _import(workspace, found, choices)


def _import(
    workspace: Workspace, found: Sequence[tuple[Staged, RawTable, list[RawRow]]], choices: Sequence[Choice]
) -> None:
    order = sorted(range(len(found)), key=lambda index: choices[index].mapping.kind != "products")
    for index in order:
        choices[index].mapping.check(found[index][1].columns)
    size = sum(file.size for file, _, _ in found)
    reports: list[ImportReport] = []
    if size <= AT_ONCE_BYTES and sum(table.total for _, table, _ in found) <= AT_ONCE_ROWS:
        catalogue = Catalogue(workspace)
        with st.spinner(t("catalogue.importing")):
            for index in order:
                choice = choices[index]
                reports.append(
                    catalogue.import_table(
                        found[index][1],
                        choice.mapping,
                        choice.source,
                        st.session_state[_ORIGIN],
                        source_id=choice.source_id,
                    )
                )
        Log(workspace).reconcile()
        st.session_state[_REPORTS] = reports
    else:
        for index in order:
            set_params(job=_submit(workspace, found[index], choices[index]))
    _start_over()
    st.rerun()


def _submit(workspace: Workspace, found: tuple[Staged, RawTable, list[RawRow]], choice: Choice) -> str:
    file, table, _ = found
    options: ReadOptions = st.session_state.get(f"catalogue-options-{file.hash}", ReadOptions())
    params = {
        "action": "file",
        "file": file.path.name,
        "name": file.name,
        "table": table.name,
        "options": options_plain(options),
        "mapping": choice.mapping.plain(),
        "source": choice.source,
        "source_id": choice.source_id,
        "origin": st.session_state[_ORIGIN],
    }
    return Jobs(workspace).submit("import", params)


def _start_over() -> None:
    st.session_state.pop(_STAGED, None)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


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
