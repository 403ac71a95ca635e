"""One SQLAlchemy engine a workspace: SQLite in WAL mode by default, any other database by URL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from core.errors import WorkspaceError

BUSY_SECONDS = 30
_MIGRATIONS = Path(__file__).with_name("migrations")
CHUNK_ROWS = 5_000


def open_engine(url: str) -> Engine:
    """An engine for ``url``; SQLite gets WAL, a busy timeout and enforced foreign keys."""
    engine = create_engine(url, json_deserializer=_from_json)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _from_json(text: str) -> Any:
    """Most entries of a log carry nothing: a million times nothing need not be parsed."""
    return {} if text == "{}" else json.loads(text)


def _configure_sqlite(connection: Any, _record: object) -> None:
    # The driver would start deferred transactions by itself; a deferred reader that turns writer fails with
    # "database is locked" without waiting, so transactions are begun explicitly.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    writes = not connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """The database of one workspace. ``read`` never waits for a writer; ``write`` is one transaction."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = open_engine(url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for queries; sees one consistent snapshot."""
        with self.engine.connect().execution_options(readonly=True) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: committed when the block ends, rolled back when it raises."""
        with self.engine.begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the schema to the version of this code; raises WorkspaceError for a newer database."""
        current = self._revision()
        if current == _revisions()[-1]:
            return
        if current is not None and current not in _revisions():
            raise WorkspaceError(
                f"The workspace was written by a newer ShelfGraph (schema {current}).",
                where=make_url(self.url).render_as_string(),
                remedy="Update ShelfGraph, or open a copy made by this version.",
            )
        # Alembic takes a third of a second to import, and most starts find nothing to migrate.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _revision(self) -> str | None:
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            return None if found is None else str(found)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


@cache
def _revisions() -> tuple[str, ...]:
    """The revisions this code knows, oldest first: the numbers that the migration files start with."""
    return tuple(sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py")))


def row_of(item: Any) -> dict[str, Any]:
    """The fields of a dataclass with slots, as a row; what they hold is shared, not copied."""
    return {name: getattr(item, name) for name in item.__slots__}


def upsert(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, replacing those whose primary key is there already."""
    _insert(connection, table, list(rows), replace=True)


def insert_new(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, leaving those whose primary key is there already as they are."""
    _insert(connection, table, list(rows), replace=False)


def _insert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, replace: bool
) -> None:
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    final = (
        statement.on_conflict_do_update(index_elements=keys, set_=changed)
        if replace and changed
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    for start in range(0, len(rows), CHUNK_ROWS):
        connection.execute(final, [dict(row) for row in rows[start : start + CHUNK_ROWS]])
