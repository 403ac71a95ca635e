"""The views "Upload" and "Paste": a file comes in, its columns are understood, looked over, and imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.catalogue.read import FORMATS, ReadOptions
from core.catalogue.report import ImportReport
from core.catalogue.rows import RawRow, RawTable
from core.catalogue.staging import Staged, options_plain, stage
from core.catalogue.store import Catalogue
from core.errors import ShelfGraphError
from core.graph.log import Log
from core.jobs import Jobs
from core.storage.workspaces import Workspace
from core.ui.catalogue_mapping import Choice, choose
from core.ui.catalogue_preview import about_file, options_of, preview
from core.ui.catalogue_reports import forget_reports, keep_reports
from core.ui.catalogue_state import tables_of
from core.ui.shell import guarded, problem, set_params
from core.ui.text import number, t

AT_ONCE_BYTES, AT_ONCE_ROWS = 3_000_000, 20_000
"""Smaller imports are done while one waits, larger ones as a job."""

_STAGED, _ROUND, _ORIGIN = "catalogue-staged", "catalogue-round", "catalogue-origin"


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
        forget_reports()
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
            about_file(file, table)
        choices.append(choose(catalogue, table, head, known, key=f"{file.hash}-{table.name}", shown=shown))
        if shown:
            preview(table, head, choices[-1].mapping)
    return lambda: _import_button(workspace, found, choices)


def _read(file: Staged) -> list[tuple[RawTable, list[RawRow]]]:
    try:
        return tables_of(file, options_of(file))
    except ShelfGraphError as error:
        problem(error)
        return []


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
        keep_reports(reports)
    else:
        for index in order:
            set_params(job=_submit(workspace, found[index], choices[index]))
    _start_over()
    st.rerun()


def _submit(workspace: Workspace, found: tuple[Staged, RawTable, list[RawRow]], choice: Choice) -> str:
    file, table, _ = found
    params = {
        "action": "file",
        "file": file.path.name,
        "name": file.name,
        "table": table.name,
        "options": options_plain(options_of(file)),
        "mapping": choice.mapping.plain(),
        "source": choice.source,
        "source_id": choice.source_id,
        "origin": st.session_state[_ORIGIN],
    }
    return Jobs(workspace).submit("import", params)


def _start_over() -> None:
    st.session_state.pop(_STAGED, None)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
