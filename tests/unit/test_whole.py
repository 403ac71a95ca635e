"""What is written whole: a reader sees the last state or the next one, whoever else writes and whatever fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.storage.whole import whole_file, whole_folder, write_json, write_text


def half_a_file(path: Path) -> None:
    with whole_file(path) as scratch:
        scratch.write_text("half")
        raise ZeroDivisionError


def half_a_folder(path: Path) -> None:
    with whole_folder(path) as scratch:
        (scratch / "half").touch()
        raise ZeroDivisionError


def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "first")
    with whole_folder(tmp_path / "b") as folder:
        (folder / "kept").touch()
    with pytest.raises(ZeroDivisionError):
        half_a_file(tmp_path / "a.txt")
    with pytest.raises(ZeroDivisionError):
        half_a_folder(tmp_path / "b")
    assert (tmp_path / "a.txt").read_text() == "first"
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == ["a.txt", "b", "b/kept"]


def test_writers_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.json") as early:
        early.write_text("early")
        write_json(tmp_path / "a.json", {"word": "naïve 茶"})
        assert (tmp_path / "a.json").read_text("utf-8") == '{"word": "naïve 茶"}'
    assert (tmp_path / "a.json").read_text() == "early"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write_json(tmp_path / "a.json", n), range(64)))
    assert len(list(tmp_path.iterdir())) == 1
