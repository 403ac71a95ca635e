"""The schema of a workspace and its history: which text is in force, what was saved before, and going back.

The text in force is a file, ``schemas/<name>.yaml`` of the workspace, before the shipped one of that name; builds read
it. Each saving also appends a schema entry with the whole text to the log, so that a version can be shown, compared
and restored whatever became of the file. Such an entry names no relations: what an assertion may say is settled when
a build is made with that version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from core.domain import EntryKind, LogEntry
from core.errors import SchemaError
from core.extract.schema import Schema, from_dict
from core.extract.schema_text import check
from core.graph.log import Log
from core.settings import ASSETS
from core.stages.build_plan import schemas
from core.storage import tables
from core.storage.whole import write_text
from core.storage.workspaces import Workspace

NAME = "shop"
NOTE_CHARS = 200
_SHIPPED = ASSETS / "schemas"


@dataclass(frozen=True, slots=True)
class InForce:
    """What builds read now. ``own`` says that it is the workspace's and not the shipped one; ``schema`` is None where
    the text cannot be used (then builds refuse it too); ``version`` is "" for it."""

    text: str
    own: bool
    schema: Schema | None
    path: Path

    @property
    def version(self) -> str:
        """The schema's version."""
        return self.schema.version if self.schema else ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was in force once: ``seq`` is its position in the log, 0 for the shipped one; ``time`` its saving
    (0.0 for the shipped one)."""

    seq: int
    version: str
    text: str
    time: float = 0.0
    actor: str = ""
    note: str = ""
    attributes: int = 0
    categories: int = 0


def in_force(workspace: Workspace, name: str = NAME) -> InForce:
    """The schema that a build of this workspace would read; raises SchemaError where the file cannot be read."""
    path = schemas(workspace).get(name, _SHIPPED / f"{name}.yaml")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(
            f"The schema cannot be read: {error}", where=str(path), remedy="Mend or remove the file."
        ) from error
    raw = check(text).raw
    return InForce(text, path.parent != _SHIPPED, from_dict(raw, path.name) if raw else None, path)


def save(
    workspace: Workspace, text: str, *, based_on: str, note: str = "", actor: str = "", name: str = NAME
) -> Version:
    """Put a text in force and into the log.

    ``based_on`` is the text it was made from. Raises SchemaError for a text that cannot be used, and where another
    text came into force meanwhile: nobody's work is overwritten unseen.
    """
    checked = check(text)
    if checked.raw is None:
        first = next(remark for remark in checked.remarks if remark.fatal)
        raise SchemaError(
            "This schema cannot be used.",
            where=f"line {first.line}",
            remedy="Mend what is listed, then save.",
        )
    _check_name(name)
    target = workspace.sub("schemas") / f"{name}.yaml"
    with workspace.db.write() as connection:
        now = in_force(workspace, name)
        if now.text != based_on:
            raise SchemaError(
                "Another version was saved meanwhile.",
                where=now.version,
                remedy="Compare with it under Versions, then save again.",
            )
        entries = [_entry(text, name, note, actor)]
        if now.own and now.schema and not _is_known(connection, now.text, name):
            # The file was written by hand: it was in force, so it belongs to the history.
            entries.insert(0, _entry(now.text, name, actor="file"))
        seqs = Log(workspace).append((), entries, connection)
        write_text(target, text)
    return _version(seqs[-1], entries[-1])


def restore(workspace: Workspace, version: Version, *, actor: str = "", name: str = NAME) -> None:
    """Put an earlier version in force again. The shipped one comes back by removing the workspace's own file, so that
    it stays the one that ShelfGraph ships."""
    based_on = in_force(workspace, name)
    if version.seq:
        save(workspace, version.text, based_on=based_on.text, actor=actor, name=name)
        return
    if based_on.own:
        with workspace.db.write() as connection:
            Log(workspace).append((), [_entry(version.text, name, actor=actor)], connection)
            based_on.path.unlink(missing_ok=True)


def versions(workspace: Workspace, name: str = NAME) -> list[Version]:
    """Every version, the latest saved first, the shipped one last."""
    with workspace.db.read() as connection:
        saved = [_version(row.seq, row) for row in _saved(connection, name)]
    shipped = _SHIPPED / f"{name}.yaml"
    if shipped.is_file():
        text = shipped.read_text("utf-8")
        saved.insert(0, _version(0, _entry(text, name)))
    return saved[::-1]


def read_with(workspace: Workspace) -> str:
    """The version of the schema that the last text was read with; "" where nothing was read."""
    marks = tables.read_marks
    with workspace.db.read() as connection:
        mark = connection.scalar(select(marks.c.extractor).order_by(marks.c.time.desc()).limit(1))
    return str(mark or "").rpartition(":")[2]


def _saved(connection: Connection, name: str) -> list[Any]:
    log = tables.log
    rows = connection.execute(select(log).where(log.c.kind == EntryKind.SCHEMA).order_by(log.c.seq))
    return [row for row in rows if row.data.get("name") == name and "text" in row.data]


def _is_known(connection: Connection, text: str, name: str) -> bool:
    return any(row.data["text"] == text for row in _saved(connection, name))


def _entry(text: str, name: str, note: str = "", actor: str = "") -> LogEntry:
    """The log's entry for a text that is sound."""
    raw = check(text).raw or {}
    schema = from_dict(raw, f"{name}.yaml")
    data: Mapping[str, Any] = {
        "name": name,
        "text": text,
        "note": " ".join(note.split())[:NOTE_CHARS],
        "attributes": len(schema.every),
        "categories": len(raw.get("categories") or []),
        "rules": {relation: rule.to_json() for relation, rule in sorted(schema.rules().items())},
    }
    return LogEntry(EntryKind.SCHEMA, schema.version, data, actor=actor)


def _version(seq: int, entry: Any) -> Version:
    data = entry.data
    return Version(
        seq,
        entry.target,
        data["text"],
        entry.time,
        entry.actor,
        data["note"],
        data["attributes"],
        data["categories"],
    )


def _check_name(name: str) -> None:
    if not name.replace("-", "").replace("_", "").isalnum():
        raise SchemaError("That is no name for a schema.", where=name[:80], remedy="Use letters and digits.")
