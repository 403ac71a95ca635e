"""Files on their way in: kept in the workspace under the hash of their content, archives unpacked.

A name that a file came with is shown, never used as a path.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.catalogue.archive import safe_name, unpack
from core.catalogue.limits import unpacked_bytes
from core.catalogue.read import ReadOptions, read_tables
from core.catalogue.rows import Content, RawTable
from core.catalogue.sources import uploads
from core.errors import UnreadableFile
from core.storage.whole import whole_file
from core.storage.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is kept: ``path`` below the workspace's uploads, ``name`` as it came."""

    path: Path
    name: str
    hash: str
    size: int


def stage(workspace: Workspace, data: bytes | Path, name: str) -> list[Staged]:
    """Keep a file, archives unpacked. Raises UnreadableFile for one that is empty, too large or a damaged archive."""
    shown = safe_name(name) or "file"
    content = Content(data)
    if content.size > unpacked_bytes():
        raise UnreadableFile(
            f"The file is larger than the {unpacked_bytes() // 1_000_000:,} MB that are taken in.",
            where=shown,
            remedy="Split it, or raise SHELFGRAPH_MAX_UPLOAD_MB.",
        )
    folder = uploads(workspace)
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as scratch:
        members = unpack(content, shown, Path(scratch))
        if not members:
            raise UnreadableFile(
                "The archive holds no files.", where=shown, remedy="Pack the tables, then try again."
            )
        return [_keep(folder, inner, member) for member, inner in members]


def tables_in(staged: Staged, options: ReadOptions | None = None) -> list[RawTable]:
    """The tables of a kept file; raises UnreadableFile."""
    return read_tables(staged.path, staged.name, options)


def table_in(path: Path, name: str, table: str = "", options: ReadOptions | None = None) -> RawTable:
    """One table of a kept file by its name; the first without one. Raises UnreadableFile."""
    found = read_tables(path, name, options)
    for one in found:
        if table in ("", one.name):
            return one
    raise UnreadableFile("The file has no such table.", where=f"{name}: {table}", remedy="Upload it again.")


def options_plain(options: ReadOptions) -> dict[str, Any]:
    """As plain data, for the parameters of a job."""
    return {"encoding": options.encoding, "delimiter": options.delimiter, "header": options.header}


def _keep(folder: Path, content: Content, name: str) -> Staged:
    hashed, _ = content.fingerprint
    target = folder / f"{hashed}{Path(name).suffix.lower()[:10]}"
    if not target.exists():
        with whole_file(target) as scratch, content.open() as reader, scratch.open("wb") as writer:
            shutil.copyfileobj(reader, writer, 1 << 20)
    return Staged(target, name, hashed, content.size)
