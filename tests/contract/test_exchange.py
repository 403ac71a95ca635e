"""Every format against one contract: out and in again is the same graph, whatever its texts are made of."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select

from core.errors import UnreadableFile
from core.graph.exchange.collect import collect
from core.graph.exchange.formats import FORMATS, Format, format_of_file
from core.graph.exchange.model import Package
from core.graph.exchange.restore import bring_in
from core.graph.exchange.verify import verify
from core.graph.log import Log
from core.graph.store import GraphStore
from core.settings import settings as app_settings
from core.storage import tables
from core.storage.workspaces import Workspace, Workspaces
from tests.exchange_world import every_kind, packages

every_format = pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS.keys())


def empty(name: str) -> Workspace:
    return Workspaces(app_settings().workspaces).create(name)


@every_format
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(package=packages())
def test_any_graph_comes_back_as_it_was(tmp_path: Path, form: Format, package: Package) -> None:
    path = tmp_path / f"graph.{form.suffix}"
    form.write(package, path)
    assert format_of_file(path) is form
    archive = form.read(path)
    assert archive == package.archive
    verify(archive, "graph")


@every_format
def test_an_empty_workspace_becomes_the_graph_with_its_history(
    workspace: Workspace, tmp_path: Path, form: Format
) -> None:
    every_kind(workspace)
    package = collect(workspace)
    path = tmp_path / f"graph.{form.suffix}"
    form.write(package, path)
    twin = empty("Twin")
    done = bring_in(twin, form.read(path), "graph")
    assert (done.way, done.same) == ("whole", True)
    assert list(Log(twin).entries()) == list(Log(workspace).entries())
    for at in range(0, package.graph.seq, 3):
        assert GraphStore(twin).graph(at).hash == GraphStore(workspace).graph(at).hash
    fact = next(iter(package.graph.facts))
    assert GraphStore(twin).evidence(fact) == GraphStore(workspace).evidence(fact)
    assert collect(twin).archive.digest == package.archive.digest


@every_format
def test_equal_graphs_give_equal_bytes(workspace: Workspace, tmp_path: Path, form: Format) -> None:
    every_kind(workspace)
    first, second = tmp_path / "a", tmp_path / "b"
    form.write(collect(workspace), first)
    form.write(collect(workspace), second)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["a", "b"]


@every_format
def test_reading_twice_changes_nothing(workspace: Workspace, tmp_path: Path, form: Format) -> None:
    every_kind(workspace)
    path = tmp_path / f"graph.{form.suffix}"
    form.write(collect(workspace), path)
    twin = empty("Twin")
    bring_in(twin, form.read(path), "graph")
    head = Log(twin).head()
    again = bring_in(twin, form.read(path), "graph")
    assert Log(twin).head() == head
    assert again.same
    assert again.entries == 0


@every_format
@pytest.mark.parametrize("spoil", ["cut", "noise", "nothing"])
def test_a_broken_file_is_named_and_changes_nothing(
    workspace: Workspace, tmp_path: Path, form: Format, spoil: str
) -> None:
    every_kind(workspace)
    path = tmp_path / f"graph.{form.suffix}"
    form.write(collect(workspace), path)
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "noise": b"\x00\xff<{" * 50, "nothing": b""}[spoil])
    twin = empty("Twin")
    with pytest.raises(UnreadableFile) as found:
        bring_in(twin, form.read(path, "theirs"), "theirs")
    assert found.value.where.startswith("theirs")
    assert found.value.remedy
    assert Log(twin).head() == 0


@every_format
def test_what_is_no_part_of_the_graph_stays_at_home(
    workspace: Workspace, tmp_path: Path, form: Format
) -> None:
    every_kind(workspace)
    review = {
        "id": "rv", "source_id": "s", "product_id": "k1", "shopper_id": "SECRET-SHOPPER", "text": "fine", "rating": 5.0,
        "time": 3.0, "row_hash": "0" * 32,
    }  # fmt: skip
    event = {
        "source_id": "s",
        "line": 1,
        "shopper_id": "SECRET-SHOPPER",
        "product_id": "k1",
        "kind": "view",
        "time": 1.0,
    }
    with workspace.db.write() as writer:
        writer.execute(tables.reviews.insert(), [review])
        writer.execute(tables.events.insert(), [event])
    path = tmp_path / f"graph.{form.suffix}"
    form.write(collect(workspace), path)
    data = path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            data = b"".join(archive.read(name) for name in archive.namelist())
    assert b"SECRET-SHOPPER" not in data
    twin = empty("Twin")
    bring_in(twin, form.read(path), "graph")
    with twin.db.read() as reader:
        assert reader.scalar(select(func.count()).select_from(tables.events)) == 0
        assert reader.scalars(select(tables.reviews.c.shopper_id)).all() == [None]
