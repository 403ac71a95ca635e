"""Workspaces: made, renamed, copied, deleted, brought back; databases migrated, never downgraded."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from core.errors import WorkspaceError
from core.storage.database import Database, insert_new, upsert
from core.storage.tables import jobs, llm_cache, metadata
from core.storage.workspaces import Workspaces


@pytest.fixture
def workspaces(tmp_path: Path) -> Workspaces:
    return Workspaces(tmp_path / "workspaces")


def _row(key: str, reply: str) -> dict[str, object]:
    return {"key": key, "model": "m", "reply": reply, "created_at": 0.0}


def test_ids_come_from_names_and_never_clash(workspaces: Workspaces) -> None:
    assert [workspaces.create("My Shop!").info.id for _ in range(2)] == ["my-shop", "my-shop-2"]
    assert workspaces.create("家居店").info.id == "家居店"


@pytest.mark.parametrize("name", ["", "   ", "\x00\x1b"])
def test_a_name_needs_something_to_read(workspaces: Workspaces, name: str) -> None:
    with pytest.raises(WorkspaceError):
        workspaces.create(name)


@pytest.mark.parametrize("bad", ["../etc", "a/b", ".trash", ""])
def test_an_id_cannot_leave_the_folder(workspaces: Workspaces, bad: str) -> None:
    with pytest.raises(WorkspaceError):
        workspaces.open(bad)


def test_renaming_keeps_the_id(workspaces: Workspaces) -> None:
    workspaces.create("Old")
    workspaces.rename("old", "New")
    assert workspaces.open("old").info.name == "New"


def test_a_copy_has_the_data_but_not_the_running_jobs(workspaces: Workspaces) -> None:
    original = workspaces.create("Shop")
    (original.sub("runs") / "r1.json").write_text("{}")
    with original.db.write() as connection:
        connection.execute(insert(llm_cache), [_row("k", "hello")])
        connection.execute(
            insert(jobs).values(id="j", stage="s", params={}, status="running", created_at=0.0)
        )
    copy = workspaces.copy("shop", "Copy")
    with original.db.write() as connection:
        connection.execute(insert(llm_cache), [_row("later", "x")])
    with copy.db.read() as connection:
        assert connection.execute(select(llm_cache.c.reply)).scalars().all() == ["hello"]
        assert connection.execute(select(jobs.c.status)).scalar_one() == "cancelled"
    assert (copy.folder / "runs" / "r1.json").exists()


def test_deleting_can_be_undone_until_the_period_is_over(workspaces: Workspaces) -> None:
    workspaces.create("Shop")
    workspaces.delete("shop")
    assert workspaces.list() == []
    ((trash_id, info, until),) = workspaces.trashed()
    assert info.name == "Shop"
    workspaces.create("Shop")
    assert workspaces.restore(trash_id).info.id == "shop-2"
    workspaces.delete("shop-2")
    workspaces.empty_trash(now=until + 86_400 * 8)
    assert list(workspaces.trashed()) == []


def test_damaged_and_missing_workspaces_are_named(workspaces: Workspaces) -> None:
    with pytest.raises(WorkspaceError, match="no workspace"):
        workspaces.open("nothing")
    folder = workspaces.create("Shop").folder
    (folder / "workspace.json").write_text('{"id": 3')
    with pytest.raises(WorkspaceError, match="damaged"):
        workspaces.open("shop")
    workspaces.create("Other")
    assert [info.name for info in workspaces.list()] == ["Other"], "one damaged file hides no other workspace"
    assert [Path(error.where).name for error in workspaces.damaged()] == ["shop"]
    (folder / "workspace.json").write_bytes(b"\xff\xfe\x00")
    assert len(workspaces.damaged()) == 1


def test_migrations_give_the_tables_of_this_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    database.migrate()
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(WorkspaceError, match="newer"):
        database.migrate()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.migrate()

    def fail_half_way() -> None:
        with database.write() as connection:
            upsert(connection, llm_cache, [_row("k", "half")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    with database.write() as connection:
        upsert(connection, llm_cache, [_row("k", "one")])
        upsert(connection, llm_cache, [_row("k", "two")])
        insert_new(connection, llm_cache, [_row("k", "three"), _row("l", "new")])
    with database.read() as connection:
        rows = connection.execute(select(llm_cache.c.key, llm_cache.c.reply).order_by("key")).all()
    assert [tuple(row) for row in rows] == [("k", "two"), ("l", "new")]
