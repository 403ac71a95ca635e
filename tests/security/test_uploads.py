"""Hostile uploads: bombs, paths that lead out, giant cells, scripts, and addresses inside the network."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from core.catalogue import limits
from core.catalogue.ingest import ingest
from core.catalogue.opendata.download import download, is_public
from core.catalogue.read import read_table
from core.catalogue.staging import stage
from core.catalogue.store import Catalogue
from core.errors import DataError, ShelfGraphError, UnreadableFile
from core.settings import settings
from core.storage.workspaces import Workspace

GOOD = "id,title\n1,Cup\n"


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_zip_bomb_is_refused_before_it_unfolds(workspace: Workspace) -> None:
    bomb = zipped(**{"a.csv": bytes(60_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(UnreadableFile, match="zip bomb"):
        stage(workspace, bomb, "a.zip")


def test_a_zip_that_lies_about_its_size_is_stopped_while_it_unfolds(workspace: Workspace) -> None:
    bomb = bytearray(zipped(**{"a.csv": bytes(60_000_000)}))
    claimed = (60_000_000).to_bytes(4, "little")
    for _ in range(bomb.count(claimed)):
        place = bomb.find(claimed)
        bomb[place : place + 4] = (1_000).to_bytes(4, "little")
    with pytest.raises(UnreadableFile):
        stage(workspace, bytes(bomb), "a.zip")


def test_a_gzip_bomb_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UnreadableFile, match="zip bomb"):
        stage(workspace, gzip.compress(bytes(60_000_000)), "a.csv.gz")


def test_more_than_is_taken_in_is_refused_packed_or_not(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFGRAPH_MAX_UPLOAD_MB", "1")
    settings.cache_clear()
    import random

    noise = random.Random(0).randbytes(1_500_000)
    with pytest.raises(UnreadableFile, match="larger than"):
        stage(workspace, zipped(**{"a.csv": noise}), "a.zip")
    with pytest.raises(UnreadableFile, match="larger than"):
        stage(workspace, noise, "a.csv")


def test_archives_within_archives_and_too_many_members_are_refused(workspace: Workspace) -> None:
    nested = zipped(**{"a.csv": GOOD.encode()})
    for _ in range(3):
        nested = zipped(**{"inner.zip": nested})
    with pytest.raises(UnreadableFile, match="deep"):
        stage(workspace, nested, "a.zip")
    many = zipped(**{f"{n}.csv": GOOD.encode() for n in range(limits.ARCHIVE_MEMBERS + 1)})
    with pytest.raises(UnreadableFile, match="more than"):
        stage(workspace, many, "a.zip")


@pytest.mark.parametrize(
    "name", ["../../evil.csv", "/etc/evil.csv", "..\\..\\evil.csv", "C:\\evil.csv", "a/../../evil.csv"]
)
def test_names_in_archives_never_become_paths(workspace: Workspace, name: str) -> None:
    before = set(workspace.folder.parent.parent.rglob("*"))
    (staged,) = stage(workspace, zipped(**{name: GOOD.encode()}), "../../../a.zip")
    assert staged.name == "evil.csv"
    assert staged.path.parent == workspace.folder / "uploads"
    new = set(workspace.folder.parent.parent.rglob("*")) - before
    assert all((workspace.folder / "uploads") in (path, *path.parents) for path in new)


def test_a_job_cannot_be_pointed_at_a_file_outside_the_uploads(workspace: Workspace) -> None:
    from core.stages.importing import _upload

    (workspace.folder / "secret.csv").write_text(GOOD)
    for name in ("../secret.csv", "/etc/passwd", "..", "", "nothing.csv"):
        with pytest.raises(UnreadableFile):
            _upload(workspace, name)


def test_encrypted_and_damaged_archives_are_named(workspace: Workspace) -> None:
    data = bytearray(zipped(**{"a.csv": GOOD.encode()}))
    data[6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableFile, match="password"):
        stage(workspace, bytes(data), "a.zip")
    with pytest.raises(UnreadableFile):
        stage(workspace, zipped(**{"a.csv": GOOD.encode() * 50})[:80], "a.zip")


@pytest.mark.usefixtures("never_hangs")
def test_a_ten_megabyte_cell_costs_its_row_only(workspace: Workspace) -> None:
    huge = "x" * 10_000_000
    for text, name in (
        (f"id,title\n1,Cup\n2,{huge}\n3,Pan\n", "plain.csv"),
        (f'id,title\n4,Cup\n5,"{huge}"\n6,Pan\n', "quoted.csv"),
        (
            json.dumps(
                [{"id": "7", "title": "Cup"}, {"id": "8", "title": huge}, {"id": "9", "title": "Pan"}]
            ),
            "a.json",
        ),
        (
            "\n".join(
                json.dumps({"id": n, "title": huge if n == "11" else "Cup"}) for n in ("10", "11", "12")
            ),
            "a.jsonl",
        ),
    ):
        (report,) = ingest(workspace, text.encode(), name)
        assert (report.ok, report.quarantined) == (2, 1)
        assert report.issues == {"cell_too_long": 1}
    kept = Catalogue(workspace).quarantine()
    assert all(len(cell) < 2_000 for entry in kept for cell in entry.raw.values())


def test_a_line_longer_than_any_record_does_not_end_the_file(workspace: Workspace) -> None:
    text = "id,title\n1,Cup\n2," + "x" * (limits.RECORD_CHARS + 10) + "\n3,Pan\n"
    (report,) = ingest(workspace, text.encode(), "a.csv")
    assert (report.ok, report.issues) == (2, {"line_too_long": 1})


@pytest.mark.usefixtures("never_hangs")
def test_ten_thousand_open_quotes_do_not_hang() -> None:
    rows = "".join(f'{n},"cup {n}\n' if n % 2 else f"{n},cup\n" for n in range(10_001))
    table = read_table(("id,title\n" + rows).encode(), "a.csv")
    assert sum(1 for row in table.rows() if row.issue is None) >= 4_000


def test_scripts_and_handlers_never_reach_a_document(workspace: Workspace) -> None:
    hostile = [
        "Cup <script>alert(1)</script>",
        'Cup <img src=x onerror="alert(1)">',
        "Cup <svg/onload=alert(1)>",
        "Cup &lt;script&gt;alert(1)&lt;/script&gt;",
        "Cup <iframe src='javascript:alert(1)'></iframe>",
        "Cup <scr<script>ipt>alert(1)</script>",
    ]
    rows = [{"id": str(n), "title": f"T{n}", "description": text} for n, text in enumerate(hostile)]
    ingest(workspace, json.dumps(rows).encode(), "a.json")
    for document in Catalogue(workspace).documents():
        assert "<script" not in document.text.lower()
        assert "onerror" not in document.text
        assert "onload" not in document.text


def test_deeply_nested_json_is_a_bad_row_and_no_crash(workspace: Workspace) -> None:
    deep = "[" * 100_000
    data = (
        '{"id": "1", "title": "Cup"}\n' + f'{{"id": "2", "title": {deep}\n' + '{"id": "3", "title": "Pan"}\n'
    )
    (report,) = ingest(workspace, data.encode(), "a.jsonl")
    assert (report.ok, report.issues) == (2, {"bad_json": 1})
    with pytest.raises(ShelfGraphError):
        ingest(workspace, deep.encode(), "b.json")


@pytest.mark.usefixtures("never_hangs")
def test_a_workbook_with_an_entity_bomb_is_refused() -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + "ha" * 1_000 + '">'
    for name, below in zip("bcdef", "abcde", strict=True):
        bomb += f'<!ENTITY {name} "{f"&{below};" * 10}">'
    bomb += (
        "]><worksheet><sheetData><row><c t='inlineStr'><is><t>&f;</t></is></c></row></sheetData></worksheet>"
    )
    from openpyxl import Workbook

    buffer = io.BytesIO()
    book = Workbook()
    book.active.append(["id", "title"])
    book.active.append(["1", "cup"])
    book.save(buffer)
    out = io.BytesIO()
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(out, "w") as target:
        for member in source.namelist():
            data = bomb.encode() if member == "xl/worksheets/sheet1.xml" else source.read(member)
            target.writestr(member, data)
    with pytest.raises(UnreadableFile):
        [list(table.rows()) for table in [read_table(out.getvalue(), "a.xlsx")]]


def test_a_thousand_columns_and_hostile_names_are_only_text(workspace: Workspace) -> None:
    names = [
        "id",
        "title",
        "'; DROP TABLE products; --",
        "<script>",
        "=cmd|' /C calc'!A0",
        *(f"c{n}" for n in range(1_000)),
    ]
    row = ["1", "Cup", "x", "y", "z", *(["v"] * 1_000)]
    text = ",".join(f'"{name}"' for name in names) + "\n" + ",".join(row) + "\n"
    (report,) = ingest(workspace, text.encode(), "a.csv")
    assert report.ok == 1
    assert Catalogue(workspace).product("1").attributes["'; DROP TABLE products; --"] == "x"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.9.9", "169.254.169.254", "0.0.0.0", "::1", "fe80::1", "fd00::1",
     "::ffff:10.0.0.1", "100.64.0.1", "224.0.0.1", "2002:7f00:1::"],
)  # fmt: skip
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_public_addresses_are() -> None:
    assert is_public("151.101.0.223")
    assert is_public("2a04:4e42::223")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/a", "gopher://x", "http://", "no address", "http://[::1", "http://localhost/a",
     "http://127.0.0.1:8501/", "http://0x7f000001/", "http://2130706433/"],
)  # fmt: skip
def test_downloads_stay_out_of_the_machine_and_its_network(url: str, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        download(url, tmp_path)
    assert list(tmp_path.iterdir()) == []
