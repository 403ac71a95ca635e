"""The graph in files by a job and by the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.catalogue.sources import uploads
from core.cli.main import main
from core.errors import JobError, SettingsError, UnreadableFile
from core.graph.store import GraphStore
from core.jobs import run_inline
from core.settings import settings
from core.stages import REGISTRY
from core.storage.workspaces import Workspace, Workspaces
from tests.exchange_world import every_kind
from tests.graph_world import fill


def test_a_job_makes_a_file_and_another_reads_it_in(workspace: Workspace) -> None:
    every_kind(workspace)
    made = run_inline(workspace, "exchange", REGISTRY, {"action": "make", "format": "parquet"})
    assert made["graph_hash"] == GraphStore(workspace).graph().hash
    there = Workspaces(settings().workspaces).create("There")
    shutil.copyfile(workspace.sub("exchange") / made["path"], uploads(there) / "kept.graph")
    taken = run_inline(
        there, "exchange", REGISTRY, {"action": "take", "file": "kept.graph", "name": "shop.parquet.zip"}
    )
    assert taken["same"]
    assert GraphStore(there).graph().hash == made["graph_hash"]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"action": "sing"}, JobError),
        ({"action": "take", "file": "../workspace.db", "name": "x.ttl"}, UnreadableFile),
        ({"action": "take", "file": "gone", "name": "x.ttl"}, UnreadableFile),
        ({"action": "push"}, SettingsError),
    ],
)
def test_what_a_job_cannot_do_is_named(
    workspace: Workspace, params: dict[str, Any], error: type[Exception]
) -> None:
    fill(workspace)
    with pytest.raises(error):
        run_inline(workspace, "exchange", REGISTRY, params)


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, Any]:
    status = main([*argv, "--json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert status == ("error" in found)
    return found


def test_the_command_line_exports_imports_and_asks(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    every_kind(workspace)
    here, there, out = str(workspace.folder), str(tmp_path / "twin"), tmp_path / "g.jsonld"
    made = said(capsys, "graph", "export", "--workspace", here, "--format", "jsonld", "--out", str(out))
    assert (made["bytes"], made["loses"]) == (out.stat().st_size, [])
    done = said(capsys, "graph", "import", "--workspace", there, str(out))
    assert (done["way"], done["same"], done["graph_hash"]) == ("whole", True, made["graph_hash"])
    assert said(capsys, "graph", "import", "--workspace", there, str(out))["entries"] == 0
    asked = said(
        capsys, "graph", "query", "--workspace", there, "--pattern", "?p material ?m", "--limit", "1"
    )
    assert (len(asked["rows"]), asked["more"]) == (1, True)
    assert set(asked["labels"]) == set(asked["rows"][0].values())
    same = said(
        capsys, "graph", "query", "--workspace", there, "--sparql", "SELECT ?p ?m { ?p schema:material ?m }"
    )
    assert asked["rows"][0] in same["rows"]
    assert (
        said(capsys, "graph", "query", "--workspace", there, "--sparql", "ASK { ?p schema:color ?m }")[
            "truth"
        ]
        is False
    )


def test_the_command_line_tells_what_went_wrong(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(workspace)
    here = str(workspace.folder)
    (tmp_path / "x.gexf").write_text("<gexf>")
    for argv, where in (
        (("import", "--workspace", here, str(tmp_path / "none.ttl")), "none.ttl"),
        (("import", "--workspace", here, str(tmp_path / "x.gexf")), "x.gexf"),
        (("query", "--workspace", here, "--sparql", "CLEAR ALL"), "SPARQL"),
        (("query", "--workspace", here, "--pattern", "?p"), "clause 1"),
        (("push", "--workspace", here), "SHELFGRAPH_NEO4J_URL"),
    ):
        assert where in said(capsys, "graph", *argv)["error"]["where"]
