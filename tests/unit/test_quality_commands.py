"""Check, predict and compress from the command line: one JSON object, and an exit status that a pipeline can use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.cli.main import main
from core.storage.workspaces import Workspace
from tests.quality_world import fill_shelves


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    fill_shelves(workspace)
    return workspace


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    status = main([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_the_gate_is_the_exit_status(shop: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--workspace", str(shop.folder), "--no-embedding")
    status, told = run(capsys, "graph", "check", *place)
    assert (status, told["passed"]) == (0, True)
    assert {finding["kind"] for finding in told["findings"]} >= {"contradiction", "cardinality"}
    status, told = run(capsys, "graph", "check", *place, "--most-contradictions", "0")
    assert (status, told["passed"]) == (1, False)
    assert [rule["name"] for rule in told["rules"] if not rule["passed"]] == ["contradictions"]
    status, told = run(capsys, "graph", "check", *place, "--most-errors", "7")
    assert status == 1
    assert told["error"]["where"] == "most_errors"


def test_a_check_looks_for_suspicious_facts_where_it_is_asked_to(
    shop: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = run(capsys, "graph", "check", "--workspace", str(shop.folder), "--suspicious-place", "0.5")
    assert status == 0
    assert told["doubted"] == 0, "a relation of four values tells nothing by a rank"


def test_predictions_are_proposed_and_said_again(shop: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("predict", "--workspace", str(shop.folder), "--least-probability", "0.0", "--propose")
    status, told = run(capsys, *asked)
    assert status == 0
    assert told["predictions"] == told["proposed"]["new"] > told["proposed"]["grounded"] == 1
    status, again = run(capsys, *asked)
    assert (again["proposed"]["new"], again["proposed"]["withdrawn"]) == (0, 0)


def test_a_smaller_graph_is_written_and_kept(
    shop: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "small.json"
    place = ("compress", "--workspace", str(shop.folder))
    status, told = run(capsys, *place, "--strength", "3", "--name", "small", "--out", str(file))
    assert status == 0
    assert len(json.loads(file.read_text("utf-8"))["links"]) == told["curve"][3]["size"]["facts"]
    assert told["curve"][3]["size"]["facts"] < told["curve"][0]["size"]["facts"]
    status, told = run(capsys, *place, "--strength", "99")
    assert (status, told["error"]["where"]) == (1, "--strength")
    status, told = run(capsys, *place, "--name", "small")
    assert (status, told["error"]["where"]) == (1, "--strength")
