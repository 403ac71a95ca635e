"""The stage "resolve": merges with evidence, nothing twice, only what is new, and a person's word above all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from core.catalogue.ingest import ingest
from core.catalogue.store import Catalogue
from core.domain import EntryKind
from core.errors import ConfigError
from core.graph.log import Log
from core.graph.matches import ACTOR, Candidate, Matches, Status
from core.graph.store import GraphStore
from core.jobs.worker import run_inline
from core.stages import REGISTRY
from core.stages.resolve_plan import agreeing
from core.storage import tables
from core.storage.workspaces import Workspace
from tests import graph_world
from tests.resolve_world import left, right, two_shops, write


def resolve(workspace: Workspace, **params: Any) -> dict[str, Any]:
    return dict(run_inline(workspace, "resolve", REGISTRY, params))


def merged(workspace: Workspace) -> dict[str, str]:
    return dict(GraphStore(workspace).graph().merged)


def test_sure_pairs_are_merged_with_their_evidence(workspace: Workspace, tmp_path: Path) -> None:
    two_shops(workspace, tmp_path)
    result = resolve(workspace, sure=0.5)
    assert merged(workspace) == {f"product:b{n}": f"product:a{n}" for n in range(12)}
    assert result["merged"] == 12
    entry = next(e for e in Log(workspace).entries() if e.kind is EntryKind.MERGED)
    assert entry.actor == ACTOR
    evidence = entry.data["evidence"]
    assert evidence["matcher"] == result["matcher"]
    assert evidence["anchor"] == "code"
    assert evidence["probability"] >= 0.5
    assert evidence["parts"]


def test_a_second_run_compares_and_writes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    two_shops(workspace, tmp_path)
    resolve(workspace, sure=0.5)
    head, hash_before = Log(workspace).head(), GraphStore(workspace).graph().hash
    again = resolve(workspace, sure=0.5)
    assert (again["compared"], again["merged"]) == (0, 0)
    assert (Log(workspace).head(), GraphStore(workspace).graph().hash) == (head, hash_before)
    assert resolve(workspace, sure=0.5, afresh=True)["merged"] == 0


def test_new_data_is_compared_alone(workspace: Workspace, tmp_path: Path) -> None:
    two_shops(workspace, tmp_path)
    resolve(workspace, sure=0.5)
    ingest(workspace, write(tmp_path / "first.csv", [left(n) for n in range(13)]))
    ingest(workspace, write(tmp_path / "second.csv", [right(n) for n in range(13)]))
    result = resolve(workspace, sure=0.5)
    assert result["compared"] == 2
    assert merged(workspace)["product:b12"] == "product:a12"


@pytest.mark.parametrize("how", ["page", "undo", "split"])
def test_what_a_person_split_is_never_merged_again(workspace: Workspace, tmp_path: Path, how: str) -> None:
    two_shops(workspace, tmp_path)
    resolve(workspace, sure=0.5)
    candidate = Matches(workspace).get("product:a3", "product:b3")
    assert candidate is not None
    if how == "page":
        Matches(workspace).keep_apart([candidate], "Lin")
    elif how == "undo":
        Log(workspace).undo(candidate.seqs, "Lin")
    else:
        Log(workspace).split("product:b3", "Lin")
    assert "product:b3" not in merged(workspace)
    resolve(workspace, sure=0.5, afresh=True)
    assert "product:b3" not in merged(workspace)
    kept = Matches(workspace).get("product:a3", "product:b3")
    assert kept is not None
    assert kept.status is Status.APART


def test_doubtful_pairs_wait_for_a_person(workspace: Workspace, tmp_path: Path) -> None:
    two_shops(workspace, tmp_path)
    before = GraphStore(workspace).graph().hash
    result = resolve(workspace, sure=1.0, doubtful=0.5)
    assert (result["merged"], result["waiting"]) == (0, 12)
    matches = Matches(workspace)
    chosen = matches.read(Status.OPEN)[:2]
    assert matches.accept(chosen, GraphStore(workspace).graph(), "Lin") == 2
    assert len(merged(workspace)) == 2
    assert matches.counts() == {(Status.MERGED, True): 2, (Status.OPEN, False): 10}
    for candidate in matches.read(Status.MERGED):
        matches.reopen(candidate, "Lin")
    assert not merged(workspace)
    assert GraphStore(workspace).graph().hash == before
    assert len(matches.read(Status.OPEN)) == 12


def test_a_merge_with_a_product_that_left_is_taken_back(workspace: Workspace, tmp_path: Path) -> None:
    two_shops(workspace, tmp_path)
    resolve(workspace, sure=0.5)
    second = next(s for s in Catalogue(workspace).sources() if s.name.startswith("second"))
    Catalogue(workspace).delete_source(second.id)
    resolve(workspace, sure=0.5)
    assert not merged(workspace)
    assert not Matches(workspace).counts()


def test_values_in_other_spellings_are_one(workspace: Workspace) -> None:
    graph_world.put_products(workspace)
    with workspace.db.write() as writer:
        mapping = {"columns": {"kind": "products", "fields": {}}}
        writer.execute(update(tables.sources).values(mapping=mapping))
    document = graph_world.document("k1", "Made of oak wood. Oak-wood handle; wood oak.", "more")
    graph_world.put_documents(workspace, [document])
    words = ("oak wood", "wood oak")
    Log(workspace).append([graph_world.read(document, "material", word) for word in words])
    resolve(workspace, what=("values",))
    assert merged(workspace) == {"material:wood oak": "material:oak wood"}
    Log(workspace).undo([next(e.seq for e in Log(workspace).entries() if e.kind is EntryKind.MERGED)])
    resolve(workspace, what=("values",), afresh=True)
    assert not merged(workspace)


def test_a_bulk_press_leaves_one_product_of_a_source_in_each_group(
    workspace: Workspace, tmp_path: Path
) -> None:
    two_shops(workspace, tmp_path)
    pairs = [
        ("product:a0", "product:b0", 0.9),
        ("product:a0", "product:b1", 0.8),
        ("product:a1", "product:b1", 0.7),
    ]
    waiting = [Candidate(one, other, "Product", p, {"how": "matcher"}, "m") for one, other, p in pairs]
    sources = {node: node[8] for one, other, _ in pairs for node in (one, other)}
    graph = GraphStore(workspace).graph()
    assert [c.key for c in agreeing(waiting, [], graph, sources, 0.5)] == [pairs[0][:2], pairs[2][:2]]
    assert [c.key for c in agreeing(waiting[1:], waiting[:1], graph, sources, 0.75)] == [pairs[1][:2]]


def test_settings_out_of_range_are_refused(workspace: Workspace) -> None:
    with pytest.raises(ConfigError, match="surer"):
        resolve(workspace, sure=0.6, doubtful=0.8)
