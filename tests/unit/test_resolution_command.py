"""``score resolution`` and ``resolve`` as a caller sees them: the promised keys, and files that are no tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main
from core.storage.workspaces import Workspace
from tests.resolve_world import left, right, two_shops, write

KEYS = {"precision", "recall", "f1", "top1", "candidates_recall", "seconds", "false_merge_rate", "n"}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = {
        "left": write(tmp_path / "l.csv", [left(n) for n in range(60)], "left_id"),
        "right": write(tmp_path / "r.csv", [right(n) for n in range(60)], "right_id"),
    }
    for name, numbers in (("all", range(60)), ("taught", range(40)), ("matches", range(40, 60))):
        lines = "".join(f"a{n},b{n}\n" for n in numbers)
        found[name] = tmp_path / f"{name}.csv"
        found[name].write_text(f"left_id,right_id\n{lines}", "utf-8")
    return found


def scored(capsys: pytest.CaptureFixture[str], **options: Path) -> tuple[int, dict[str, Any]]:
    arguments = [
        part for name, path in options.items() for part in (f"--{name.replace('_', '-')}", str(path))
    ]
    status = main(["score", "resolution", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_as_shipped(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    status, found = scored(capsys, left=files["left"], right=files["right"], matches=files["all"])
    assert status == 0
    assert set(found) >= KEYS
    assert (found["weights"], found["n"]) == ("shipped", 60)
    assert found["top1"] == found["candidates_recall"] == 1.0


def test_taught_by_other_matches_of_the_same_tables(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    tables = {"left": files["left"], "right": files["right"], "matches": files["matches"]}
    given = {"train_left": files["left"], "train_right": files["right"], "train_matches": files["taught"]}
    status, found = scored(capsys, **tables, **given)
    assert status == 0
    assert (found["weights"], found["n"], found["n_left"]) == ("taught", 20, 20)
    assert found["f1"] > 0.9


def test_parquet_with_missing_values(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pandas

    frame = pandas.read_csv(files["left"])
    frame.loc[0, ["brand", "price"]] = None
    frame.to_parquet(tmp_path / "l.parquet")
    status, found = scored(capsys, left=tmp_path / "l.parquet", right=files["right"], matches=files["all"])
    assert (status, found["n"]) == (0, 60)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("left", "id_of_it,title\n1,x\n", "left_id"),
        ("left", "left_id,words\n1,x\n", "title"),
        ("left", "left_id,title\na1,x\na1,y\n", "twice"),
        ("right", "", "cannot be read"),
        ("matches", "left_id,right_id\n", "no row"),
        ("matches", "left_id,right_id\na1,zzz\n", "zzz"),
    ],
)
def test_files_that_are_no_tables(
    files: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str,
    told: str,
) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(text, "utf-8")
    status, found = scored(
        capsys, **{"left": files["left"], "right": files["right"], "matches": files["all"], name: wrong}
    )
    assert status == 1
    assert told in found["error"]["what"]
    assert found["error"]["where"]
    assert found["error"]["remedy"]


def test_half_of_what_is_needed_to_learn(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    status, found = scored(
        capsys, left=files["left"], right=files["right"], matches=files["all"], train_left=files["left"]
    )
    assert status == 1
    assert "both" in found["error"]["what"]


def test_resolve_a_workspace(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_shops(workspace, tmp_path)
    status = main(["resolve", "--workspace", str(workspace.folder), "--sure", "0.5", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert (status, found["merged"], found["waiting"]) == (0, 12, 0)
