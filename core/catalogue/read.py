"""From a file of any supported form to tables of text rows. What a file is, is told by its content first."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.catalogue import columnar, delimited, objects, plain, spreadsheets
from core.catalogue.archive import EMPTY_ZIP, GZIP, ZIP, is_workbook, unpack
from core.catalogue.encoding import Encoding, detect, open_text
from core.catalogue.limits import RECORD_CHARS, unpacked_bytes
from core.catalogue.rows import Content, Note, RawRow, RawTable, unique_columns
from core.catalogue.synonyms import is_known_header
from core.errors import UnreadableFile

FORMATS = ("csv", "tsv", "txt", "xlsx", "json", "jsonl", "ndjson", "parquet", "zip", "gz")
_SAMPLE_BYTES = 1 << 18
_FOREIGN = {
    b"%PDF": "PDF document",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
    b"GIF8": "picture",
    b"SQLi": "SQLite database",
    b"\x7fELF": "program",
    b"Rar!": "RAR archive",
    b"7z\xbc\xaf": "7-Zip archive",
}
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the user knows better than the detection; empty values mean "find out"."""

    encoding: str = ""
    delimiter: str = ""
    header: bool | None = None


def read_tables(
    data: Path | bytes | Content, name: str, options: ReadOptions | None = None, folder: Path | None = None
) -> list[RawTable]:
    """Every table in a file: one, or one a member of an archive, or one a sheet of a workbook.

    ``folder`` is where archives are unpacked (in memory without it). Raises UnreadableFile, naming the member.
    """
    content = data if isinstance(data, Content) else Content(data)
    if not content.size:
        raise _empty(name)
    if content.size > unpacked_bytes():
        raise UnreadableFile(
            f"The file is larger than the {unpacked_bytes() // 1_000_000:,} MB that are taken in.",
            where=name,
            remedy="Split it, or raise SHELFGRAPH_MAX_UPLOAD_MB.",
        )
    archived = content.head(2) == GZIP or (content.head(4) in (ZIP, EMPTY_ZIP) and not is_workbook(content))
    if not archived:
        return _tables(content, name, options or ReadOptions())
    found: list[RawTable] = []
    problems: list[UnreadableFile] = []
    for member, inner in unpack(content, name, folder):
        try:
            found += _tables(inner, member, options or ReadOptions())
        except UnreadableFile as error:
            problems.append(error)
    if not found:
        raise problems[0] if problems else _empty(name)
    return found


def read_table(data: Path | bytes | Content, name: str, options: ReadOptions | None = None) -> RawTable:
    """The only table of a file; raises UnreadableFile where it holds several (use ``read_tables``)."""
    tables = read_tables(data, name, options)
    if len(tables) > 1:
        raise UnreadableFile(
            f"The file holds {len(tables)} tables.",
            where=name,
            remedy="Pick one of " + ", ".join(table.name for table in tables[:10]) + ".",
        )
    return tables[0]


def _tables(content: Content, name: str, options: ReadOptions) -> list[RawTable]:
    if not content.size:
        raise _empty(name)
    magic = content.head(4)
    if magic == b"PAR1":
        return [columnar.read_parquet(content, name)]
    if magic == ZIP:
        return spreadsheets.sheets(content, name) or _raise(_empty(name))
    if magic == _OLD_EXCEL:
        raise UnreadableFile(
            "This is an old Excel workbook (.xls).", where=name, remedy="Save it as .xlsx or CSV."
        )
    for signature, what in _FOREIGN.items():
        if magic.startswith(signature[:4]):
            raise UnreadableFile(
                f"This is a {what}, not a table.",
                where=name,
                remedy="Upload the table itself, for instance as CSV.",
            )
    encoding = Encoding(options.encoding) if options.encoding else detect(content, name)
    return [_text_table(content, name, options, encoding)]


def _text_table(content: Content, name: str, options: ReadOptions, encoding: Encoding) -> RawTable:
    sample = _sample(content, encoding.name)
    if not sample.strip():
        raise _empty(name)
    start = sample.lstrip("\ufeff \t\r\n")
    suffix = Path(name).suffix.lower()
    if start[:1] in "[{" and not options.delimiter and suffix not in (".csv", ".tsv"):
        return _json_table(content, name, encoding, start)
    preferred = options.delimiter or {".tsv": "\t"}.get(suffix, "")
    dialect = delimited.detect_delimiter(sample, preferred)
    if not options.delimiter and suffix not in (".csv", ".tsv", ".tab") and not _is_tabular(sample, dialect):
        return _plain_table(content, name, encoding)
    return _delimited_table(content, name, encoding, options.delimiter or dialect.delimiter, options.header)


def _is_tabular(sample: str, dialect: delimited.Dialect) -> bool:
    """Free text has commas too: without a header that is known, only tabs are proof of a table."""
    if dialect.width < 2 or dialect.regularity < 0.8:
        return False
    first = next((line for line in sample.splitlines() if line.strip()), "")
    known = sum(map(is_known_header, delimited.cells_of(first, dialect.delimiter)))
    return known > 0 or dialect.delimiter == "\t"


def _json_table(content: Content, name: str, encoding: Encoding, start: str) -> RawTable:
    by_line = _is_lines(content, encoding.name, name)

    def rows() -> Iterator[RawRow]:
        if by_line:
            return objects.line_rows(content, encoding.name)
        if start[0] == "[":
            return objects.list_rows(content, encoding.name)
        return objects.nested_rows(content, encoding.name, name)

    columns = objects.columns_of(rows())
    if not columns:
        raise UnreadableFile(
            "This JSON holds no rows that can be read.",
            where=name,
            remedy='Give a list such as [{"id": "1", "title": "…"}], or one object a line.',
        )
    digest, lines = content.fingerprint
    form, total = ("jsonl", lines) if by_line else ("json", start.count("{"))
    return RawTable(name, columns, rows, form, digest, encoding.name, total=total, notes=_damage(encoding))


def _is_lines(content: Content, encoding: str, name: str) -> bool:
    """JSON Lines: the second line begins an object too, or the only line is one and the name says so."""
    with open_text(content, encoding) as stream:
        filled = (
            line for line in iter(lambda: stream.readline(RECORD_CHARS), "") if line.strip("\ufeff \r\n")
        )
        first = next(filled, "").strip("\ufeff \r\n")
        second = next(filled, "").lstrip()
    if not first.startswith("{"):
        return False
    named = Path(name).suffix.lower() in (".jsonl", ".ndjson")
    return second.startswith("{") or (named and first.rstrip(",").endswith("}"))


def _plain_table(content: Content, name: str, encoding: Encoding) -> RawTable:
    digest, lines = content.fingerprint
    return RawTable(
        name,
        plain.COLUMNS,
        lambda: plain.text_rows(content, encoding.name),
        "text",
        digest,
        encoding.name,
        header=False,
        total=lines + 1,
        notes=_damage(encoding),
    )


def _delimited_table(
    content: Content, name: str, encoding: Encoding, delimiter: str, wanted_header: bool | None
) -> RawTable:
    first = delimited.header_of(content, encoding.name, delimiter)
    header = _looks_like_header(first) if wanted_header is None else wanted_header
    columns, notes = unique_columns(first if header else [""] * len(first))
    digest, lines = content.fingerprint
    if not header:
        notes = (Note("no_header"),)

    def rows() -> Iterator[RawRow]:
        return delimited.read_rows(
            content, encoding.name, delimiter, columns, header=header, damaged=encoding.damaged
        )

    return RawTable(
        name,
        columns,
        rows,
        "tsv" if delimiter == "\t" else "csv",
        digest,
        encoding.name,
        delimiter,
        header,
        max(lines - header, 1),
        (*notes, *_damage(encoding)),
    )


def _looks_like_header(cells: list[str]) -> bool:
    """A header has no numbers and no long texts; a name that is known settles it."""
    named = [cell.strip() for cell in cells if cell.strip()]
    if any(is_known_header(cell) for cell in named):
        return True
    return bool(named) and all(len(cell) <= 60 and not _is_number(cell) for cell in named)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _sample(content: Content, encoding: str) -> str:
    """The first quarter of a megabyte, up to its last complete line."""
    raw = content.head(_SAMPLE_BYTES)
    text = io.TextIOWrapper(io.BytesIO(raw), encoding=encoding, errors="replace", newline="").read()
    if len(raw) < _SAMPLE_BYTES:
        return text
    cut = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:cut] if cut else text


def _damage(encoding: Encoding) -> tuple[Note, ...]:
    return (Note("undecodable", encoding.name),) if encoding.damaged else ()


def _empty(name: str) -> UnreadableFile:
    return UnreadableFile(
        "There is nothing in this file.",
        where=name,
        remedy="A table needs a line with column names and at least one row.",
    )


def _raise(error: UnreadableFile) -> list[RawTable]:
    raise error
