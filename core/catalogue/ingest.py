"""From a file to the catalogue in one call, each table read as its columns suggest; for the command line and jobs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.catalogue.importer import Progress
from core.catalogue.read import ReadOptions
from core.catalogue.report import ImportReport
from core.catalogue.staging import stage, tables_in
from core.catalogue.store import Catalogue
from core.catalogue.synonyms import PRODUCTS, REVIEWS
from core.errors import UnreadableFile
from core.storage.workspaces import Workspace

_ORDER = (PRODUCTS, REVIEWS)


def ingest(
    workspace: Workspace,
    path: Path | bytes,
    name: str = "",
    *,
    kind: str = "",
    origin: str = "upload",
    options: ReadOptions | None = None,
    latest: float | None = None,
    on_progress: Progress | None = None,
    check: Callable[[], None] | None = None,
) -> list[ImportReport]:
    """Import every table of a file, products first. ``kind`` overrides what the columns suggest.

    Raises UnreadableFile, or MappingError for a table whose columns give no required field.
    """
    if isinstance(path, Path) and not path.is_file():
        raise UnreadableFile("There is no such file.", where=str(path), remedy="Check the path.")
    catalogue = Catalogue(workspace)
    shown = name or (path.name if isinstance(path, Path) else "pasted")
    found = [table for staged in stage(workspace, path, shown) for table in tables_in(staged, options)]
    if not found:
        raise UnreadableFile("There is no table in this file.", where=shown, remedy="Check what it holds.")
    proposals = [(table, catalogue.propose(table, kind).mapping) for table in found]
    proposals.sort(key=lambda pair: _ORDER.index(pair[1].kind) if pair[1].kind in _ORDER else len(_ORDER))
    return [
        catalogue.import_table(table, mapping, table.name, origin, on_progress, check, latest=latest)
        for table, mapping in proposals
    ]
