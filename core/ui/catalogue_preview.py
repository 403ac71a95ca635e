"""A file that has come in, before it is imported: how it was read, and its first rows as they would be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from core.catalogue.interpret import Interpreter
from core.catalogue.mapping import ColumnMapping
from core.catalogue.preview import cells_of, estimate
from core.catalogue.read import ReadOptions
from core.catalogue.rows import RawRow, RawTable
from core.catalogue.staging import Staged
from core.errors import MappingError
from core.ui.catalogue_state import issue_text, labelled, note_text
from core.ui.shell import problem
from core.ui.text import number, t

_DELIMITERS = {"": "auto", ",": ",", "\t": "Tab", ";": ";", "|": "|"}
_ENCODINGS = ("", "utf-8", "utf-16", "gb18030", "big5", "shift_jis", "cp1252", "cp1251")


def options_of(file: Staged) -> ReadOptions:
    """How the visitor wants the file to be read; as it is understood where nothing was said."""
    options: ReadOptions = st.session_state.get(_key(file), ReadOptions())
    return options


def about_file(file: Staged, table: RawTable) -> None:
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
    key, now = _key(file), options_of(file)
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


def preview(table: RawTable, head: Sequence[RawRow], mapping: ColumnMapping) -> None:
    """The first rows as they would be read, and an estimate for all."""
    import pandas as pd

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


def _key(file: Staged) -> str:
    return f"catalogue-options-{file.hash}"
