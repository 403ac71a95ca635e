"""The command line as a caller sees it: one object on stdout, what went wrong on stderr, the exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main
from core.settings import ASSETS
from core.storage.workspaces import Workspaces

SAMPLE = ASSETS / "sample"


@pytest.fixture
def shop(home: Path) -> Path:
    """Where the workspace of a test is to be."""
    return home / "workspaces" / "shop"


def _ingest(shop: Path, capsys: pytest.CaptureFixture[str], *names: str) -> dict[str, Any]:
    files = [str(SAMPLE / name) for name in names or ("products.csv", "events.csv")]
    assert main(["ingest", "--workspace", str(shop), *files, "--json"]) == 0
    return _object(capsys)


def _object(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_ingest_makes_the_workspace_and_reports_its_counts(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = _ingest(shop, capsys)
    assert report["counts"]["products"] == 189
    assert [source["kind"] for source in report["sources"]] == ["products", "events"]
    assert [info.id for info in Workspaces(shop.parent).list()] == ["shop"]


def test_the_same_file_again_changes_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = _ingest(shop, capsys)["hash"]
    assert _ingest(shop, capsys, "products.csv")["hash"] == before


def test_a_bad_file_fails_and_a_good_one_beside_it_is_taken(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_bytes(b"\x00\x01\x02" * 100)
    good.write_text("id,title\n1,Tent\n")
    folder = str(home / "workspaces" / "x")
    assert main(["ingest", "--workspace", folder, str(bad), "--json"]) == 1
    told = capsys.readouterr()
    assert "bad.csv" in told.err
    assert json.loads(told.out)["error"]["remedy"]
    assert main(["ingest", "--workspace", folder, str(bad), str(good), "--json"]) == 0
    report = _object(capsys)
    assert report["counts"]["products"] == 1
    assert len(report["not_read"]) == 1


@pytest.mark.parametrize("argv", [[], ["nothing"], ["graph"], ["recommend", "--workspace", "x"]])
def test_wrong_arguments_end_with_two(argv: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(argv)
    assert ended.value.code == 2


def test_a_missing_workspace_ends_with_one(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "stats", "--workspace", str(home / "none"), "--json"]) == 1
    assert "no workspace" in capsys.readouterr().err


def test_the_graph_of_the_columns_can_be_looked_at_and_taken_along(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _ingest(shop, capsys, "products.csv")
    assert main(["extract", "--workspace", str(shop), "--json"]) == 0
    capsys.readouterr()
    assert main(["graph", "ledger", "--workspace", str(shop), "--json"]) == 0
    ledger = _object(capsys)
    parts = ("committed", "merged", "quarantined", "rejected")
    assert ledger["extracted"] == sum(ledger[part] for part in parts) > 0
    assert main(["graph", "stats", "--workspace", str(shop), "--json"]) == 0
    facts = _object(capsys)["facts"]
    for name in ("graphml", "csv", "json"):
        out = tmp_path / f"graph.{name}"
        argv = ["graph", "export", "--workspace", str(shop), "--format", name, "--out", str(out), "--json"]
        assert main(argv) == 0
        assert _object(capsys)["facts"] == facts
        assert out.stat().st_size > 0
    assert main(["search", "--workspace", str(shop), "travel mug", "--json"]) == 0
    assert _object(capsys)["hits"]


def test_rules_alignments_and_statements_have_their_commands(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.graph_world import fill

    fill(Workspaces(shop.parent).create("shop", "shop"))

    def call(*words: str, status: int = 0) -> dict[str, Any]:
        assert main(["graph", *words, "--workspace", str(shop), "--json"]) == status
        return _object(capsys)

    before = call("hash")["hash"]
    rule = "if material is stainless steel then suited to is families"
    assert call("rule", "add", rule, "--preview")["facts"] == 3
    assert call("hash")["hash"] == before
    told = call("rule", "add", rule)
    assert call("rule", "list")["rules"][0] == {
        "id": told["id"], "rule": "if material is stainless steel then suitedTo is families", "facts": 3, "seq": 14,
    }  # fmt: skip
    assert call("rule", "remove", told["id"])["hash"] == before
    assert call("rule", "add", "nonsense", status=1)["error"]["remedy"]
    (seq,) = call("align", "add", "usedIn", "usedFor")["seq"]
    assert [one["into"] for one in call("align", "list")["alignments"]] == ["usedFor"]
    assert call("align", "undo", str(seq))["hash"] == before
    file = tmp_path / "known.csv"
    file.write_text("subject,relation,object\nstainless steel,is a,metal\n")
    report = call("import-triples", str(file))
    assert report["statements"] == 1
    assert call("delete-source", report["source_id"], "--preview")["facts_gone"] == 1
    assert call("delete-source", report["source_id"])["hash"] == before
    assert call("policy", "majority")["policy"] == "majority"
