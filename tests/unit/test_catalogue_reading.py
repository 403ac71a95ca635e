"""Files of every form and condition become rows with the right lines, and nothing good is lost."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from core.catalogue.read import ReadOptions, read_table, read_tables
from core.catalogue.rows import RawRow, RawTable
from core.errors import UnreadableFile

HEAD = "id,title,price\n"


def good(table: RawTable) -> list[dict[str, str]]:
    return [row.cells for row in table.rows() if row.issue is None]


def bad(table: RawTable) -> list[tuple[int, str]]:
    return [(row.line, row.issue.code) for row in table.rows() if row.issue]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"]
)
def test_chinese_text_is_read_in_whatever_encoding_it_comes(encoding: str) -> None:
    text = "编号,标题,价格\n" + "\n".join(f"{n},不锈钢保温杯 {n} 毫升 随身便携,¥{n}" for n in range(50))
    table = read_table(text.encode(encoding), "商品.csv")
    assert table.columns == ("编号", "标题", "价格")
    assert good(table)[3]["标题"] == "不锈钢保温杯 3 毫升 随身便携"


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp1252", "Café crème à l’œuf – 5 €"), ("cp1251", "Чайник со свистком")]
)
def test_legacy_western_and_cyrillic_files_are_readable(encoding: str, word: str) -> None:
    text = HEAD + "".join(
        f"{n},{word} numéro {n},5\n" if encoding == "cp1252" else f"{n},{word},5\n" for n in range(40)
    )
    assert word in good(read_table(text.encode(encoding), "a.csv"))[7]["title"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_even_when_texts_hold_the_others(delimiter: str) -> None:
    rows = [["id", "title", "text"], *([str(n), "cup; large", f'"a, b; c | d {n}"'] for n in range(9))]
    data = "\n".join(
        delimiter.join(f'"{c}"' if delimiter in c and '"' not in c else c for c in row) for row in rows
    )
    table = read_table(data.encode(), "a.csv")
    assert table.delimiter == delimiter
    assert good(table)[2] == {"id": "2", "title": "cup; large", "text": "a, b; c | d 2"}


def test_lines_are_those_an_editor_shows_below_quoted_line_breaks_and_blank_lines() -> None:
    data = b'id,title\n\n1,"two\nlines"\n2,cup\n'
    assert [row.line for row in read_table(data, "a.csv").rows()] == [3, 5]


def test_ragged_rows_are_kept_apart_with_their_line_and_the_rest_is_read() -> None:
    table = read_table((HEAD + "1,cup,5\n2,cup\n3,cup,5,6\n4,cup,5,,\n").encode(), "a.csv")
    assert bad(table) == [(3, "too_few_cells"), (4, "too_many_cells")]
    assert [row["id"] for row in good(table)] == ["1", "4"]


def test_a_quote_that_is_never_closed_costs_one_line_and_not_the_file() -> None:
    rows = "".join(f"{n},cup,{n}\n" for n in range(2, 500))
    table = read_table((HEAD + '1,"broken cup,5\n' + rows).encode(), "a.csv")
    assert bad(table) == [(2, "unclosed_quote")]
    assert len(good(table)) == 498


def test_a_quote_closed_by_a_later_row_does_not_swallow_the_rows_between() -> None:
    rows = "".join(f"{n},cup,{n}\n" for n in range(2, 50))
    table = read_table(
        (HEAD + '1,"broken cup,5\n' + rows + '50,"good, cup",5\n51,"big ""L"" cup",6\n').encode(), "a.csv"
    )
    assert bad(table) == [(2, "broken_quotes")]
    assert len(good(table)) == 50
    assert good(table)[-1]["title"] == 'big "L" cup'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_on_any_system(end: str) -> None:
    table = read_table(end.join(["id,title", "1,cup", '2,"pot, big"', ""]).encode(), "a.csv")
    assert [(row.line, row.cells["title"]) for row in table.rows()] == [(2, "cup"), (3, "pot, big")]


def test_an_inch_sign_inside_a_cell_is_no_quote() -> None:
    assert (
        good(read_table((HEAD + '1,pipe 5" long,3\n2,cup,4\n').encode(), "a.csv"))[0]["title"]
        == 'pipe 5" long'
    )


def test_one_bad_byte_in_a_utf8_file_costs_its_row_only() -> None:
    data = (
        (HEAD + "".join(f"{n},杯子 {n},5\n" for n in range(30)))
        .encode()
        .replace("杯子 7,".encode(), b"\xe6\x9d 7,")
    )
    table = read_table(data, "a.csv")
    assert [code for _, code in bad(table)] == ["undecodable"]
    assert len(good(table)) == 29


def test_double_and_missing_column_names_get_names_of_their_own() -> None:
    table = read_table(b"id,title,title,\n1,a,b,c\n", "a.csv")
    assert table.columns == ("id", "title", "title (2)", "column 4")
    assert {note.code for note in table.notes} == {"duplicate_header", "nameless_column"}


def test_a_file_without_a_header_gets_numbered_columns() -> None:
    table = read_table(b"1,cup,5\n2,pot,6\n", "a.csv")
    assert (table.header, len(good(table))) == (False, 2)
    assert read_table(b"1,cup,5\n2,pot,6\n", "a.csv", ReadOptions(header=True)).columns == ("1", "cup", "5")


def test_json_objects_nested_one_level_become_columns() -> None:
    data = json.dumps(
        [{"id": 1, "size": {"w": 2.5, "h": 3}, "tags": ["a", "b"]}, {"id": 2, "new": None}]
    ).encode()
    table = read_table(data, "a.json")
    assert good(table)[0] == {"id": "1", "size.w": "2.5", "size.h": "3", "tags": "a; b"}
    assert "new" in table.columns


def test_json_in_an_envelope_and_json_lines_are_understood() -> None:
    rows = [{"id": str(n), "title": f"cup {n}"} for n in range(5)]
    assert len(good(read_table(json.dumps({"page": 1, "items": rows}).encode(), "a.json"))) == 5
    lines = "\n".join(map(json.dumps, rows)).encode()
    assert read_table(lines, "a.txt").format == "jsonl"
    assert good(read_table(lines, "a.jsonl"))[4]["id"] == "4"


def test_after_a_broken_json_object_reading_goes_on() -> None:
    text = '[\n{"id": 1, "title": "cup"},\n{"id": 2, "title": broken},\n{"id": 3, "title": "pot"}\n]'
    table = read_table(text.encode(), "a.json")
    assert [row["id"] for row in good(table)] == ["1", "3"]
    assert bad(table) == [(3, "bad_json")]
    lines = read_table(b'{"id": 1}\n{"id": \n{"id": 3}\n', "a.jsonl")
    assert (len(good(lines)), bad(lines)) == (2, [(2, "bad_json")])


def test_a_long_json_list_is_read_element_by_element() -> None:
    rows = [{"id": n, "title": "x" * 5_000} for n in range(300)]
    assert len(good(read_table(json.dumps(rows, indent=1).encode(), "a.json"))) == 300


def test_excel_sheets_with_dates_numbers_and_formulas() -> None:
    from datetime import datetime

    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.append(["id", "title", "price", "when"])
    sheet.append([1.0, "cup", 5.5, datetime(2024, 5, 3, 14, 5)])
    sheet.append([2, '=HYPERLINK("http://x")', None, None])
    book.create_sheet("empty")
    buffer = io.BytesIO()
    book.save(buffer)
    table = read_table(buffer.getvalue(), "a.xlsx")
    assert good(table)[0] == {"id": "1", "title": "cup", "price": "5.5", "when": "2024-05-03T14:05:00"}
    assert good(table)[1]["title"] == '=HYPERLINK("http://x")'


def test_parquet_with_times_and_nested_values(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "at": pd.to_datetime(["2024-05-03 14:05", None]),
            "tags": [["a", "b"], []],
            "p": [1.5, None],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    first, second = good(read_table(tmp_path / "a.parquet", "a.parquet"))
    assert first["at"].startswith("2024-05-03 14:05:00")
    assert (first["tags"], first["p"], second["p"], second["id"]) == ("a; b", "1.5", "", "2")


def test_plain_text_is_one_product_a_line_or_blocks() -> None:
    assert good(read_table(b"Moka pot, aluminium\n\nTea cup, glass\n", "a.txt")) == [
        {"title": "Moka pot, aluminium", "description": ""},
        {"title": "Tea cup, glass", "description": ""},
    ]
    blocks = good(read_table(b"Moka pot\nMakes coffee.\nSix cups.\n\nTea cup\nGlass.\n", "a.txt"))
    assert blocks[0] == {"title": "Moka pot", "description": "Makes coffee.\nSix cups."}


def test_a_zip_gives_every_table_in_it_and_gzip_is_transparent() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("shop/products.csv", HEAD + "1,cup,5\n")
        archive.writestr("shop/events.jsonl", '{"user": "u", "item": "1", "time": "2024-05-03"}\n')
        archive.writestr("__MACOSX/._products.csv", b"\x00\x01")
        archive.writestr("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(50))
    assert [table.name for table in read_tables(buffer.getvalue(), "shop.zip")] == [
        "products.csv",
        "events.jsonl",
    ]
    with pytest.raises(UnreadableFile, match="2 tables"):
        read_table(buffer.getvalue(), "shop.zip")
    assert len(good(read_table(gzip.compress((HEAD + "1,cup,5\n").encode()), "a.csv.gz"))) == 1


def test_the_content_decides_what_a_file_is_not_its_name() -> None:
    assert read_table(b'{"id": 1, "title": "cup"}\n{"id": 2, "title": "pot"}\n', "a.xlsx").format == "jsonl"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "nothing"),
        (b" \n \n", "a.csv", "nothing"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a.csv", "picture"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "a.xls", "old Excel"),
        (bytes(range(256)) * 40, "a.csv", "binary"),
        (b"PAR1 not really", "a.parquet", "damaged"),
        (b'{"a": [1, 2', "a.json", "not valid JSON"),
        (b"[1, 2, 3]", "a.json", "no rows"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_where_and_what_to_do(
    data: bytes, name: str, words: str
) -> None:
    with pytest.raises(UnreadableFile, match=words) as told:
        read_table(data, name)
    assert name in told.value.where
    assert told.value.remedy


def test_rows_can_be_read_again_and_the_head_does_not_read_on() -> None:
    table = read_table((HEAD + "1,cup,5\n" * 3).encode(), "a.csv")
    assert list(table.rows()) == list(table.rows())
    assert table.head(1) == [RawRow(2, {"id": "1", "title": "cup", "price": "5"})]
