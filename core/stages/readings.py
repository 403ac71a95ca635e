"""What the readers made of each product, kept beside the graph: how much is in doubt, and how sure the values are.

It says which products a language model is worth, and what the graph is worth without one, so that neither a build nor
the page that sets it up has to read everything again. It is a memory and no truth: where it is missing or out of date
the texts are read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain import Document, DocumentKind, content_hash
from core.storage.whole import write_json
from core.storage.workspaces import Workspace

FOLDER = "readings"


@dataclass(frozen=True, slots=True)
class Record:
    """One product: ``digest`` of the texts that were read, the expected number of wrong decisions in them, and the
    confidence of each value in percent."""

    digest: str
    doubt: float
    sure: tuple[int, ...]


class Records:
    """The records of one way of reading, named by the mark of its step."""

    def __init__(self, workspace: Workspace, mark: str) -> None:
        self._path = workspace.sub(FOLDER) / f"{content_hash(mark)[:16]}.json"
        self.known = _read(self._path)

    def put(self, product_id: str, record: Record) -> None:
        """Remember a product."""
        self.known[product_id] = record

    def doubts(self, products: Mapping[str, Iterable[Document]]) -> dict[str, float]:
        """The doubt of each product whose present texts are those that were read."""
        return {
            product: self.known[product].doubt
            for product, documents in products.items()
            if product in self.known and self.known[product].digest == digest_of(documents)
        }

    def save(self) -> None:
        """Write everything, in one step."""
        rows = {product: [r.digest, r.doubt, list(r.sure)] for product, r in self.known.items()}
        write_json(self._path, rows)


def digest_of(documents: Iterable[Document]) -> str:
    """Stands for the product texts among the documents."""
    return content_hash(*sorted(f"{d.id} {d.hash}" for d in documents if d.kind is DocumentKind.TEXT))[:16]


def latest(workspace: Workspace) -> dict[str, Record]:
    """The records of the latest build; {} where there was none."""
    files = [(path.stat().st_mtime, path) for path in (workspace.folder / FOLDER).glob("*.json")]
    return _read(max(files)[1]) if files else {}


def _read(path: Path) -> dict[str, Record]:
    try:
        raw: Any = json.loads(path.read_text("utf-8"))
        return {product: Record(row[0], float(row[1]), tuple(row[2])) for product, row in raw.items()}
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return {}
