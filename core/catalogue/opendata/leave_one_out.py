"""Benchmarks in leave-one-out form: items, and (user, item, pos) in train, valid and test.

Each split is a source of its own, so that its role is kept; the position becomes the time, one second apart, so that
each user's order is kept too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.catalogue.columnar import read_parquet
from core.catalogue.mapping import ColumnMapping
from core.catalogue.opendata.base import derived
from core.catalogue.report import ImportReport
from core.catalogue.rows import Content, RawTable
from core.catalogue.store import Catalogue
from core.catalogue.synonyms import EVENTS, PRODUCTS
from core.errors import UnreadableFile
from core.storage.workspaces import Workspace

ROLES = ("train", "valid", "test")
START = 946_684_800.0
"""Time of position 0: 2000-01-01 UTC. Only the order means anything."""

ORIGIN = "open-data"


@dataclass(frozen=True)
class LeaveOneOut:
    """What was loaded: the report on the items, and role → report on its events (``source_id`` tells them apart)."""

    items: ImportReport
    splits: Mapping[str, ImportReport]


def load_leave_one_out(workspace: Workspace, folder: Path, roles: tuple[str, ...] = ROLES) -> LeaveOneOut:
    """Load ``items.parquet`` (item, title, brand, description) and the splits, from the folder or its ``dev``.

    Raises UnreadableFile where the items or all splits are missing.
    """
    catalogue = Catalogue(workspace)
    items = _file(folder, "items.parquet")
    splits = {role: path for role in roles if (path := _find(folder, f"{role}.parquet"))}
    if not splits:
        raise UnreadableFile("There are no splits here.", where=str(folder), remedy="Add train.parquet.")
    raw = read_parquet(Content(items), f"{folder.name}/items")
    fields = {"id": "item", "title": "title"}
    fields |= {field: field for field in ("brand", "description") if field in raw.columns}
    mapping = ColumnMapping(PRODUCTS, fields)
    loaded = catalogue.import_table(_titled(raw), mapping, f"{folder.name}/items", ORIGIN)
    reports = {}
    for role, path in splits.items():
        name = f"{folder.name}/{role}"
        table = _timed(read_parquet(Content(path), name, ("user", "item", "pos")))
        event_fields = {"shopper_id": "user", "product_id": "item", "time": "time"}
        reports[role] = catalogue.import_table(table, ColumnMapping(EVENTS, event_fields), name, ORIGIN)
    return LeaveOneOut(loaded, reports)


def _titled(raw: RawTable) -> RawTable:
    """Some benchmarks have items without a title; they stay in the ranking under their number."""

    def change(cells: dict[str, str]) -> dict[str, str]:
        title = cells.get("title", "").strip() or cells.get("description", "").strip()[:80]
        return {**cells, "title": title or f"Item {cells['item']}"}

    return derived(raw, tuple(dict.fromkeys((*raw.columns, "title"))), change)


def _timed(raw: RawTable) -> RawTable:
    def change(cells: dict[str, str]) -> dict[str, str]:
        return {"user": cells["user"], "item": cells["item"], "time": repr(START + float(cells["pos"]))}

    return derived(raw, ("user", "item", "time"), change)


def _file(folder: Path, name: str) -> Path:
    found = _find(folder, name)
    if found is None:
        raise UnreadableFile(
            f"{name} is not here.", where=str(folder), remedy="Point to the data set's folder."
        )
    return found


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / "dev" / name) if path.is_file()), None)
