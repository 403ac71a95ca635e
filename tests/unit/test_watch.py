"""A folder that keeps a graph fresh: what is new is taken in, what is not costs nothing, what is broken is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from core.catalogue.store import Catalogue
from core.errors import ConfigError
from core.graph.store import GraphStore
from core.jobs import JobEvent, run_inline
from core.stages import REGISTRY
from core.stages.watch import inbox
from core.storage.workspaces import Workspace


def look(workspace: Workspace) -> tuple[Mapping[str, Any], list[JobEvent]]:
    events: list[JobEvent] = []
    return run_inline(workspace, "watch", REGISTRY, {"looks": 1, "read": False}, events.append), events


def put(workspace: Workspace, changed: int = 0, rows: int = 100) -> None:
    lines = ["id,title,description,brand"]
    for k in range(rows):
        words = "glass" if k < changed else "steel"
        lines.append(f"p{k},Kettle {k},A kettle of {words}.,Norrvik")
    (inbox(workspace) / "shop.csv").write_text("\n".join(lines), "utf-8")


def read(workspace: Workspace) -> Mapping[str, Any]:
    return run_inline(workspace, "build", REGISTRY, {}, None)


def test_a_hundredth_that_changed_costs_a_hundredth(workspace: Workspace) -> None:
    put(workspace)
    assert look(workspace)[0]["changed"] == 100
    assert read(workspace)["read"] == 100
    before = GraphStore(workspace).graph()
    put(workspace, changed=1)
    result, events = look(workspace)
    (report,) = next(event for event in events if event.kind == "taken").data["reports"]
    assert (result["changed"], report["updated"], report["unchanged"]) == (1, 1, 99)
    left = GraphStore(workspace).graph()
    assert {fact.subject for fact in before.facts.values()} - {
        fact.subject for fact in left.facts.values()
    } in (
        set(),
        {"product:p0"},
    )
    assert len(before.facts) > len(left.facts), "what the changed text said has left at once"
    assert read(workspace)["read"] == 1
    assert GraphStore(workspace).product_facts("p1") == [
        fact for fact in before.facts_at("product:p1") if fact.subject == "product:p1"
    ]
    put(workspace)
    look(workspace)
    assert read(workspace)["read"] == 0, "words that came back need no second reading"
    assert GraphStore(workspace).graph().hash == before.hash


def test_a_broken_file_is_told_once_and_the_good_ones_go_on(workspace: Workspace) -> None:
    put(workspace, rows=3)
    (inbox(workspace) / "a picture.png").write_bytes(b"\x89PNG\r\n\x1a\n0000")
    (inbox(workspace) / ".half written.csv").write_text("id,title\n", "utf-8")
    result, events = look(workspace)
    assert (result["taken"], result["refused"]) == (1, 1)
    (refused,) = [event.data for event in events if event.kind == "refused"]
    assert refused["file"] == "a picture.png"
    assert refused["what"]
    assert refused["remedy"]
    assert Catalogue(workspace).counts()["products"] == 3


def test_a_setting_that_makes_no_sense_is_named(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match="every_minutes"):
        run_inline(workspace, "watch", REGISTRY, {"every_minutes": 0}, None)
