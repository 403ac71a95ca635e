"""Reads a product whose text is being edited, as a build would, at once and without writing anything."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from core.catalogue.documents import documents_of
from core.domain import EntryKind, Fact, LogEntry, Product, content_hash
from core.graph.fold import Fold
from core.graph.model import Policy, product_node
from core.graph.reading import read_head
from core.graph.store import read_titles
from core.stages.build_cascade import cascade_of, work_of
from core.stages.build_pane import Subject
from core.stages.build_plan import BuildParams, schema_of
from core.storage.tables import log
from core.storage.workspaces import Workspace

_STRUCTURE = (EntryKind.MERGED, EntryKind.SPLIT, EntryKind.SCHEMA, EntryKind.ALIGNED, EntryKind.RULE)


class EditReader:
    """The workspace's own readers, without a language model, and a fold that knows its merges, alignments and rules.

    Columns, tagger and patterns answer at once; the span reader, asked when the text is to be read ``closely``, takes a
    second or two, and many the first time. Raises ExtractionError for damaged readers.
    """

    def __init__(self, workspace: Workspace) -> None:
        params = BuildParams(reviews=False)
        self._cascade = cascade_of(workspace, schema_of(workspace, params.schema_name), params)
        with workspace.db.read() as reader:
            self._fold = Fold(read_titles(reader), Policy())
            self._seq = read_head(reader)
            rows = reader.execute(select(log).where(log.c.kind.in_([kind.value for kind in _STRUCTURE])))
            structure = [
                LogEntry(EntryKind(row.kind), row.target, row.data, row.actor, row.time, row.job_id, row.seq)
                for row in rows
            ]
        self._fold.take((), structure)

    def facts(self, product: Product, *, closely: bool = False) -> tuple[Fact, ...]:
        """The facts that the readers find in the product as it is given; equal products are read alike."""
        name = f"edit-{content_hash(product.id, product.title, product.description, str(closely))[:16]}"
        edited = replace(product, id=name)
        work = work_of(Subject(edited, tuple(documents_of(edited))))
        readings = [self._cascade.read_columns(work), self._cascade.read_tagger(work)]
        if closely and self._cascade.joint.reader:
            readings += self._cascade.read_both([work])
        found = [assertion for reading in readings for assertion in reading.assertions]
        said = [LogEntry(EntryKind.ASSERTED, one.id, actor=one.extractor) for one in found]
        entries = [*said, *(entry for reading in readings for entry in reading.entries)]
        self._seq += len(entries)
        start = self._seq - len(entries) + 1
        self._fold.take(found, [replace(entry, seq=start + at) for at, entry in enumerate(entries)])
        return tuple(self._fold.graph().facts_at(product_node(name)))
