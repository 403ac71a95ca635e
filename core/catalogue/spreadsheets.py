"""Excel workbooks (.xlsx), sheet by sheet, streamed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Generator, Iterator, Sequence
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import ParseError

from core.catalogue.limits import COLUMNS
from core.catalogue.rows import BLOCK, Content, Note, RawRow, RawTable, fit, unique_columns
from core.errors import UnreadableFile

_FORMULA = re.compile(rb"<f[ >/]")


def sheets(content: Content, name: str) -> list[RawTable]:
    """One table a sheet that has a header and at least one row.

    A formula counts by the value that Excel saved with it; one that was never calculated is kept as its text.
    Raises UnreadableFile for a workbook that cannot be opened.
    """
    workbook = _open(content, name, values=True)
    try:
        titles = list(workbook.sheetnames)
        formulas = _has_formulas(content)
        tables = [
            table for title in titles if (table := _table(content, name, title, len(titles) > 1, formulas))
        ]
    finally:
        workbook.close()
    return tables


def _table(content: Content, name: str, sheet: str, several: bool, formulas: bool) -> RawTable | None:
    head = _values(content, name, sheet, formulas)
    first = next(head, None)
    second = next(head, None)
    head.close()
    if first is None or second is None:
        return None
    columns, notes = unique_columns(_trimmed(first[1]))
    line = first[0]

    def rows() -> Iterator[RawRow]:
        for number, cells in _values(content, name, sheet, formulas):
            if number > line:
                padded = [*_trimmed(cells)]
                padded += [""] * (len(columns) - len(padded))
                yield fit(number, columns, padded)

    title = f"{name} · {sheet}" if several else name
    digest = content.fingerprint[0] if not several else f"{content.fingerprint[0]}:{sheet}"
    if formulas:
        notes = (*notes, Note("formulas"))
    return RawTable(title, columns, rows, "xlsx", digest, total=_row_count(content, name, sheet), notes=notes)


def _values(
    content: Content, name: str, sheet: str, formulas: bool
) -> Generator[tuple[int, list[str]], None, None]:
    """(row number, cells as text) of all rows that are not empty."""
    workbook = _open(content, name, values=True)
    written = _open(content, name, values=False) if formulas else None
    try:
        rows = _rows(workbook, sheet, name)
        if written is None:
            pairs: Iterator[tuple[Sequence[Any], Sequence[Any]]] = ((row, row) for row in rows)
        else:
            pairs = zip(rows, _rows(written, sheet, name), strict=False)
        for number, (shown, typed) in enumerate(pairs, start=1):
            cells = [
                cell_text(value if value is not None else typed[place]) for place, value in enumerate(shown)
            ]
            if any(cell.strip() for cell in cells):
                yield number, cells
    finally:
        workbook.close()
        if written is not None:
            written.close()


def _rows(workbook: Any, sheet: str, name: str) -> Iterator[Sequence[Any]]:
    worksheet = workbook[sheet]
    if not hasattr(worksheet, "iter_rows"):  # a chart sheet
        return
    worksheet.reset_dimensions()  # what the file says of its own size is often wrong
    try:
        yield from worksheet.iter_rows(values_only=True, max_col=COLUMNS)
    except (ParseError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UnreadableFile(
            f"The sheet is damaged ({error}).",
            where=f"{name} · {sheet}",
            remedy="Open it in a spreadsheet program and save it again, or save it as CSV.",
        ) from error


def _open(content: Content, name: str, *, values: bool) -> Any:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        return load_workbook(content.open(), read_only=True, data_only=values, keep_links=False)
    except (InvalidFileException, zipfile.BadZipFile, ParseError, KeyError, ValueError, OSError) as error:
        raise UnreadableFile(
            f"The workbook cannot be opened ({error}).",
            where=name,
            remedy="Open it in a spreadsheet program and save it again as .xlsx, or save it as CSV.",
        ) from error


def _row_count(content: Content, name: str, sheet: str) -> int:
    workbook = _open(content, name, values=True)
    try:
        return max(int(getattr(workbook[sheet], "max_row", 0) or 0) - 1, 0)
    finally:
        workbook.close()


def _has_formulas(content: Content) -> bool:
    with content.open() as stream, zipfile.ZipFile(stream) as archive:
        for member in archive.namelist():
            if member.startswith("xl/worksheets/") and member.endswith(".xml"):
                with archive.open(member) as reader:
                    tail = b""
                    while block := reader.read(BLOCK):
                        if _FORMULA.search(tail + block):
                            return True
                        tail = block[-3:]
    return False


def _trimmed(cells: Sequence[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return list(cells[:end])


def cell_text(value: Any) -> str:
    """A value as text: whole numbers without ".0", times in ISO form, nothing as ""."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
