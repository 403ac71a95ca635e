"""The facts that the shipped readers find in items' texts, without a workspace of the user's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from core.catalogue.mapping import ColumnMapping
from core.catalogue.rows import RawRow, RawTable
from core.catalogue.store import Catalogue
from core.domain import Fact, Product
from core.jobs import run_inline
from core.recommend.source import graph_facts
from core.storage.workspaces import Workspaces

READ_CHARS = 300
"""So much of a description is read: what a shop says first says what the thing is."""
_COLUMNS = ("id", "title", "description", "brand")


def read_facts(products: Sequence[Product]) -> dict[str, list[Fact]]:
    """Facts by product, of a graph that is built in a workspace that is thrown away; no language model reads."""
    from core.stages import REGISTRY

    with TemporaryDirectory() as folder:
        workspace = Workspaces(Path(folder)).create("Items")
        mapping = ColumnMapping("products", {name: name for name in _COLUMNS})
        Catalogue(workspace).import_table(_raw(products), mapping, "items")
        run_inline(workspace, "build", REGISTRY, {"reviews": False})
        facts = graph_facts(workspace)
        workspace.close()
    return facts


def _raw(products: Sequence[Product]) -> RawTable:
    def rows() -> Iterator[RawRow]:
        for line, one in enumerate(products, 1):
            title = one.title or one.description[:80] or f"Item {one.id}"
            cells = (one.id, title, _beginning(one.description), one.brand or "")
            yield RawRow(line, dict(zip(_COLUMNS, cells, strict=True)))

    return RawTable("items", _COLUMNS, rows, "list", "", total=len(products))


def _beginning(text: str) -> str:
    """The first ``READ_CHARS`` characters, to the end of a word."""
    return text if len(text) <= READ_CHARS else text[:READ_CHARS].rsplit(" ", 1)[0]
