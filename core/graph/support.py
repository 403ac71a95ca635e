"""Where assertions come from, for those who only have their ids."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, select

from core.graph.reading import chunks
from core.storage import tables
from core.storage.workspaces import Workspace


def sources_of(workspace: Workspace, assertion_ids: Iterable[str]) -> dict[str, str]:
    """The source of the document that each assertion was read from; ids that are not stored are left out."""
    a, d = tables.assertions, tables.documents
    joined = a.join(d, and_(d.c.id == a.c.document_id, d.c.hash == a.c.document_hash))
    found: dict[str, str] = {}
    with workspace.db.read() as reader:
        for part in chunks(assertion_ids):
            query = select(a.c.id, d.c.source_id).select_from(joined).where(a.c.id.in_(part))
            found.update((row.id, row.source_id) for row in reader.execute(query))
    return found
