"""Where a workspace stands: empty, current or stale, from counts and hashes alone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import insert, update

from core.storage import tables
from core.storage.workspaces import Workspace
from core.ui.chain import Standing, _measure, next_step, stations


def standing(**values: Any) -> Standing:
    base: dict[str, Any] = {
        "products": 0, "read": 0, "unread": 0, "facts": 0, "graph_hash": "", "runs": 0, "serving": "",
        "serving_graph": "",
    }  # fmt: skip
    return Standing(**{**base, **values})


FULL = {
    "products": 9,
    "read": 9,
    "facts": 40,
    "graph_hash": "a",
    "runs": 1,
    "serving": "r",
    "serving_graph": "a",
}


@pytest.mark.parametrize(
    ("values", "states", "step"),
    [
        ({}, "empty empty empty empty empty", "catalogue"),
        ({"products": 9}, "current empty empty empty empty", "read"),
        (
            {"products": 9, "read": 9, "facts": 40, "graph_hash": "a"},
            "current current current empty empty",
            "train",
        ),
        (FULL, "current current current current current", "recommend"),
        ({**FULL, "unread": 2}, "current stale current current current", "reread"),
        ({**FULL, "graph_hash": "b"}, "current current current stale stale", "retrain"),
    ],
)
def test_stations_and_the_next_step(values: dict[str, Any], states: str, step: str) -> None:
    now = standing(**values)
    assert [station.state for station in stations(now)] == states.split()
    assert all(station.reason for station in stations(now) if station.state == "stale")
    assert next_step(now).name == step


def test_a_changed_product_makes_the_reading_stale_and_another_graph_the_recommender(
    workspace: Workspace,
) -> None:
    then = time.time() - 100
    source = {"id": "s", "kind": "products", "name": "f", "origin": "upload", "content_hash": "", "mapping": {},
              "imported_at": then}  # fmt: skip
    products = [
        {"id": name, "source_id": "s", "title": name, "attributes": {}, "row_hash": "", "updated_at": then}
        for name in ("a", "b")
    ]
    documents = [
        {
            "id": f"{name}/title",
            "hash": "h",
            "product_id": name,
            "field": "title",
            "kind": "text",
            "text": name,
        }
        for name in ("a", "b")
    ]
    with workspace.db.write() as connection:
        connection.execute(insert(tables.sources), source)
        connection.execute(insert(tables.products), products)
        connection.execute(insert(tables.documents), documents)
    assert _measure(workspace) == standing(products=2)

    marks = [
        {"document_id": f"{n}/title", "document_hash": "h", "extractor": "x", "time": then + 1} for n in "ab"
    ]
    run = {"id": "r", "name": "r", "status": "done", "config": {}, "metrics": {}, "graph_hash": "old",
           "created_at": then, "serving": True}  # fmt: skip
    with workspace.db.write() as connection:
        connection.execute(insert(tables.read_marks), marks)
        connection.execute(insert(tables.runs), run)
        connection.execute(
            update(tables.products).where(tables.products.c.id == "b").values(updated_at=then + 2)
        )
        connection.execute(
            update(tables.documents).where(tables.documents.c.id == "b/title").values(hash="new")
        )
    now = _measure(workspace)
    assert (now.read, now.unread) == (1, 1)
    assert now.graph_moved
