"""Tables as records: which column means what, and files of two catalogues with their matches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.catalogue.values import is_blank, parse_price
from core.errors import DataError, UnreadableFile
from core.graph.resolve.records import Record

LEFT, RIGHT = "left_id", "right_id"
Row = Mapping[str, str]
_COLUMNS: dict[str, tuple[str, ...]] = {
    "title": ("title", "name", "productname", "producttitle", "标题", "名称", "商品名称"),
    "brand": ("brand", "manufacturer", "maker", "vendor", "brandname", "品牌"),
    "price": ("price", "listprice", "saleprice", "价格"),
    "description": ("description", "details", "text", "描述"),
    "model": ("modelno", "model", "modelnumber", "mpn", "partnumber", "型号", "货号"),
    "gtin": ("gtin", "ean", "upc", "isbn", "barcode", "gtin13", "gtin14", "条码", "条形码"),
}
"""Names of columns (letters and figures only, in lower case), the first that is there counts."""


def record_of(row: Row, record_id: str, source: str = "") -> Record:
    """A record of a table's row; what fits none of its fields becomes an attribute."""
    plain = {_plain(name): name for name in row}
    used = {
        field: name
        for field, names in _COLUMNS.items()
        if (name := next((plain[n] for n in names if n in plain and not is_blank(row[plain[n]])), None))
    }
    price = parse_price(row[used["price"]]) if "price" in used else None
    words = {field: row[name].strip() for field, name in used.items() if field != "price"}
    rest = {
        name: value
        for name, value in row.items()
        if name not in used.values() and name not in (LEFT, RIGHT, "id") and not is_blank(value)
    }
    return Record(
        record_id, price=price.amount if price and price.amount > 0 else None, attributes=rest, source=source, **words
    ) if "title" in words else Record(record_id, "", source=source)  # fmt: skip


def read_records(path: Path, id_column: str) -> list[Record]:
    """The records of a Parquet or CSV file; raises UnreadableFile for one that cannot be read, DataError for a missing
    column, no row, or an id that is empty or there twice."""
    rows = read_rows(path)
    columns = rows[0].keys()
    column = id_column if id_column in columns else "id"
    _need(path, columns, column if column in columns else id_column)
    if not any(_plain(name) in _COLUMNS["title"] for name in columns):
        _need(path, columns, "title (or name)")
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        if not row[column] or row[column] in seen:
            told = f"The id {row[column]!r} is there twice." if row[column] else "The id is empty."
            raise DataError(told, where=f"{path}, row {number}", remedy="Give every row an id of its own.")
        seen.add(row[column])
    return [record_of(row, row[column]) for row in rows]


def read_matches(path: Path) -> list[tuple[str, str]]:
    """Pairs of ids (left, right), each once; raises UnreadableFile and DataError as ``read_records`` does."""
    rows = read_rows(path)
    for name in (LEFT, RIGHT):
        _need(path, rows[0].keys(), name)
    return list(dict.fromkeys((row[LEFT], row[RIGHT]) for row in rows))


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a Parquet or CSV file as text, missing values empty; at least one."""
    import pandas
    from pyarrow import ArrowException

    if not path.is_file():
        raise UnreadableFile("There is no such file.", where=str(path), remedy="Check the path.")
    try:
        if path.suffix.casefold() in (".csv", ".tsv"):
            mark = "\t" if path.suffix.casefold() == ".tsv" else ","
            frame = pandas.read_csv(path, sep=mark, dtype=str, keep_default_na=False)
        else:
            frame = pandas.read_parquet(path)
    except (ArrowException, OSError, ValueError) as error:
        raise UnreadableFile(
            f"This file cannot be read as a table ({str(error).splitlines()[0]}).",
            where=str(path),
            remedy="Give a Parquet or CSV file.",
        ) from error
    if frame.empty:
        raise DataError("The file has no row.", where=str(path), remedy="Give a file with rows.")
    names = [str(name) for name in frame.columns]
    columns = [[_text(value) for value in frame[name]] for name in frame.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def positions(records: Sequence[Record], ids: Sequence[str], where: str) -> list[int]:
    """Where the records of these ids are; raises DataError for an id that is not there."""
    at = {record.id: place for place, record in enumerate(records)}
    for record_id in ids:
        if record_id not in at:
            raise DataError(
                f"The id {record_id!r} of the matches is in no row.",
                where=where,
                remedy="Give the tables they are of.",
            )
    return [at[record_id] for record_id in ids]


def _text(value: object) -> str:
    if value is None or value != value:  # NaN is unlike itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _need(path: Path, columns: object, name: str) -> None:
    present = [str(column) for column in columns] if hasattr(columns, "__iter__") else []
    if name not in present:
        raise DataError(
            f"The table has no column {name}; it has {', '.join(present)}.",
            where=str(path),
            remedy="Rename the column, or give the table that has it.",
        )
