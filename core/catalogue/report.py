"""How to import, and what an import did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class ImportReport:
    """What an import did, in rows. ``read`` = ``ok`` + ``duplicates`` + ``quarantined`` + ``dropped``;
    ``ok`` = ``added`` + ``updated`` + ``unchanged``. ``noted`` rows are among the ok ones, without the cell that did
    not fit. ``issues`` counts reasons; ``left_out`` what a reader left out on purpose. ``same_file`` tells that nothing
    was done.
    """

    source_id: str = ""
    kind: str = ""
    name: str = ""
    read: int = 0
    ok: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    duplicates: int = 0
    quarantined: int = 0
    dropped: int = 0
    noted: int = 0
    seconds: float = 0.0
    same_file: bool = False
    issues: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """Rows of the catalogue that are different now."""
        return self.added + self.updated + self.removed

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        return {**asdict(self), "issues": dict(self.issues), "left_out": dict(self.left_out)}

    @staticmethod
    def of(data: Mapping[str, Any]) -> ImportReport:
        """From plain data."""
        return ImportReport(**data)


@dataclass(frozen=True)
class ImportOptions:
    """How to import. ``source_id`` names the source to update ("": the one of the same name, or a new one);
    ``latest`` is the last moment that is not in the future (None: a day from now)."""

    name: str
    origin: str = "upload"
    source_id: str = ""
    latest: float | None = None
