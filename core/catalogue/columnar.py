"""Parquet files, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.catalogue.limits import unpacked_bytes
from core.catalogue.objects import columns_of, flatten, value_text
from core.catalogue.rows import Content, RawRow, RawTable, unique_columns
from core.errors import UnreadableFile

BATCH = 8_192


def read_parquet(content: Content, name: str, only: Sequence[str] = ()) -> RawTable:
    """The table of a Parquet file, or some columns of it; ``line`` is the row's number from 1.

    Raises UnreadableFile for a damaged file, or one without those columns.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(content.open())
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(name, error) from error
    groups = (file.metadata.row_group(index) for index in range(file.metadata.num_row_groups))
    if max((group.total_byte_size for group in groups), default=0) > unpacked_bytes():
        raise UnreadableFile(
            "A row group of this Parquet file is larger than what is taken in.",
            where=name,
            remedy="Write it with smaller row groups, or raise SHELFGRAPH_MAX_UPLOAD_MB.",
        )
    names = list(only or file.schema_arrow.names)
    if absent := [column for column in names if column not in file.schema_arrow.names]:
        raise UnreadableFile(
            f"The file has no column {absent[0]!r}.", where=name, remedy="Use the file as it was published."
        )
    nested = [pa.types.is_nested(file.schema_arrow.field(column).type) for column in names]
    total = file.metadata.num_rows
    file.close()
    plain, notes = unique_columns(names)

    def rows() -> Iterator[RawRow]:
        line = 0
        with content.open() as stream:
            reader = pq.ParquetFile(stream)
            try:
                for batch in reader.iter_batches(BATCH, columns=names):
                    for cells in _cells(batch, plain, nested):
                        line += 1
                        yield RawRow(line, cells)
            except (pa.ArrowException, OSError) as error:
                raise _damaged(f"{name}, row {line + 1}", error) from error

    columns = plain if not any(nested) else columns_of(rows())
    return RawTable(name, columns, rows, "parquet", content.fingerprint[0], total=total, notes=notes)


def _cells(batch: Any, names: tuple[str, ...], nested: list[bool]) -> Iterator[dict[str, str]]:
    columns = [_strings(batch.column(index), deep) for index, deep in enumerate(nested)]
    for values in zip(*columns, strict=True):
        if any(nested):
            yield flatten(dict(zip(names, values, strict=True)))
        else:
            yield dict(zip(names, values, strict=True))


def _strings(column: Any, deep: bool) -> list[Any]:
    import pyarrow as pa

    kind = column.type
    if deep:
        return list(column.to_pylist())
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
        values = column.to_pylist() if kind.tz else column.cast(pa.string()).to_pylist()
        return ["" if value is None else str(value) for value in values]
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ["" if value is None else value for value in column.cast(pa.string()).to_pylist()]
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return [
            "" if value is None else bytes(value).decode("utf-8", "replace") for value in column.to_pylist()
        ]
    return [value_text(value) for value in column.to_pylist()]


def _damaged(where: str, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        f"The Parquet file is damaged ({str(error)[:200]}).",
        where=where,
        remedy="Write it again, or save it as CSV.",
    )
