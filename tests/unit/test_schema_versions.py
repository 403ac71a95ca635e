"""The schema of a workspace: saved, listed, restored, and read by the build that comes after."""

from __future__ import annotations

import pytest

from core.errors import SchemaError
from core.extract import schema
from core.graph.store import GraphStore
from core.jobs.worker import run_inline
from core.stages import REGISTRY
from core.stages.build_plan import schema_of
from core.stages.schema_versions import in_force, read_with, restore, save, versions
from core.storage.workspaces import Workspace, Workspaces
from tests.graph_world import fill

MINE = "# mine\nattributes:\n  brand: {label: Brand}\n  material: {label: Material}\n"


def test_a_saved_schema_is_the_one_that_is_read_and_can_be_taken_back(workspace: Workspace) -> None:
    shipped = in_force(workspace)
    assert not shipped.own
    assert shipped.version == schema.default().version
    first = save(workspace, MINE, based_on=shipped.text, note="  only\ntwo ", actor="Ann")
    assert in_force(workspace).own
    assert schema_of(workspace, "shop").version == first.version == in_force(workspace).version
    assert (first.note, first.attributes, first.actor) == ("only two", 2, "Ann")
    second = save(workspace, MINE.replace("Brand", "Make"), based_on=MINE)
    restore(workspace, first)
    assert in_force(workspace).text == MINE, "comments and all"
    listed = versions(workspace)
    assert [version.version for version in listed] == [
        first.version, second.version, first.version, schema.default().version,
    ]  # fmt: skip
    assert listed[0].seq > listed[1].seq > listed[2].seq > listed[3].seq == 0
    restore(workspace, listed[-1])
    assert not in_force(workspace).own
    assert versions(workspace)[0].version == schema.default().version, "going back is in the history too"


def test_what_cannot_be_used_or_would_hide_anothers_work_is_not_saved(workspace: Workspace) -> None:
    before = in_force(workspace)
    with pytest.raises(SchemaError) as caught:
        save(workspace, "attributes:\n  a: {type: x}", based_on=before.text)
    assert caught.value.where == "line 2"
    save(workspace, MINE, based_on=before.text)
    with pytest.raises(SchemaError, match="meanwhile"):
        save(workspace, MINE + "\n", based_on=before.text)
    assert in_force(workspace).text == MINE
    assert len(versions(workspace)) == 2


def test_a_file_written_by_hand_enters_the_history_before_it_is_replaced(workspace: Workspace) -> None:
    (workspace.sub("schemas") / "shop.yaml").write_text(MINE, "utf-8")
    save(workspace, MINE + "# more\n", based_on=MINE)
    assert [(version.text, version.actor) for version in versions(workspace)[:2]] == [
        (MINE + "# more\n", ""), (MINE, "file"),
    ]  # fmt: skip


def test_saving_changes_no_fact_and_the_history_travels_with_a_copy(
    workspace: Workspace, home: object
) -> None:
    fill(workspace)
    before = GraphStore(workspace).graph()
    save(workspace, MINE, based_on=in_force(workspace).text)
    after = GraphStore(workspace).graph()
    assert (after.hash, after.facts) == (before.hash, before.facts)
    root = Workspaces(workspace.folder.parent)
    copied = root.copy(workspace.info.id, "Copy")
    assert in_force(copied).text == MINE
    assert versions(copied) == versions(workspace)
    copied.close()


def test_a_build_reads_with_the_workspaces_schema(workspace: Workspace) -> None:
    from core.catalogue.sample_data import load_sample

    load_sample(workspace)
    assert read_with(workspace) == ""
    saved = save(workspace, MINE, based_on=in_force(workspace).text)
    run_inline(workspace, "build", REGISTRY, {"n_products": 6, "reviews": False})
    assert relations(workspace) == {"brand", "category", "material"}, "what columns say stands by itself"
    assert read_with(workspace) == saved.version
    restore(workspace, versions(workspace)[-1])
    run_inline(workspace, "build", REGISTRY, {"n_products": 6, "reviews": False})
    assert relations(workspace) > {"brand", "category", "material", "usedFor"}
    assert read_with(workspace) == schema.default().version


def relations(workspace: Workspace) -> set[str]:
    return {fact.relation for fact in GraphStore(workspace).graph().facts.values()}
