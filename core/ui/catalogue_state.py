"""What the views of the catalogue page share: figures, texts of reasons, tables of files read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import streamlit as st

from core.catalogue.read import ReadOptions
from core.catalogue.rows import Issue, RawRow, RawTable
from core.catalogue.staging import Staged, tables_in
from core.catalogue.synonyms import FIELDS
from core.storage.workspaces import Workspace
from core.ui.session import database_stamp
from core.ui.text import has, t

SAMPLE_ROWS = 200


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of a catalogue."""

    products: int
    reviews: int
    events: int
    shoppers: int
    sources: int
    quarantined: int
    noted: int


def figures(workspace: Workspace) -> Figures:
    """The counts, kept until the database changes."""
    stamp = database_stamp(workspace)
    return _kept_figures(str(workspace.folder), stamp, workspace) if stamp else _figures(workspace)


def tables_of(staged: Staged, options: ReadOptions) -> list[tuple[RawTable, list[RawRow]]]:
    """The tables of a kept file with their first rows; read once for each way of reading."""
    return _tables(str(staged.path), staged.name, options.encoding, options.delimiter, options.header)


def reason_text(code: str, column: str = "", detail: str = "") -> str:
    """Why a row, or a cell, does not fit, in words."""
    key = f"catalogue.reason_{code}"
    text = t(key) if has(key) else code.replace("_", " ")
    place = f"{column}: " if column else ""
    return f"{place}{text}" + (f" ({detail})" if detail else "")


def issue_text(issue: Issue) -> str:
    """An issue in words."""
    return reason_text(issue.code, issue.column, issue.detail)


def labelled(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Cells by the names of their fields on screen; attributes keep the names of their columns."""
    known = {field for fields in FIELDS.values() for field in fields}
    return {field_name(name) if name in known else name: cell for name, cell in cells.items()}


def note_text(code: str, detail: str = "") -> str:
    """Something about a file as a whole, in words."""
    key = f"catalogue.note_{code}"
    return t(key, detail=detail) if has(key) else f"{code.replace('_', ' ')} {detail}".strip()


def field_name(field: str) -> str:
    """The name of a field on screen."""
    return t(f"catalogue.field_{field}")


def kind_name(kind: str) -> str:
    """The name of a kind of table on screen."""
    return t(f"catalogue.kind_{kind}")


@st.cache_data(max_entries=64, show_spinner=False)
def _kept_figures(folder: str, stamp: tuple[int, ...], _workspace: Workspace) -> Figures:
    return _figures(_workspace)


def _figures(workspace: Workspace) -> Figures:
    from core.catalogue.store import Catalogue

    counts = Catalogue(workspace).counts()
    return Figures(**{field.name: counts[field.name] for field in fields(Figures)})


@st.cache_resource(max_entries=16, show_spinner=False)
def _tables(
    path: str, name: str, encoding: str, delimiter: str, header: bool | None
) -> list[tuple[RawTable, list[RawRow]]]:
    file = Path(path)
    staged = Staged(file, name, file.stem, file.stat().st_size)
    found = tables_in(staged, ReadOptions(encoding, delimiter, header))
    return [(table, table.head(SAMPLE_ROWS)) for table in found]
