"""The steps of a build, one behind another by their price: columns, tagger, language model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.domain import Assertion, Document, LogEntry, Product
from core.extract import columns
from core.extract.schema import Schema
from core.jobs import Context
from core.stages.build_plan import BuildParams
from core.stages.build_report import Reporter
from core.storage.workspaces import Workspace

QUIET_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A product with the texts that are to be read."""

    product: Product
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a step found in a product. ``documents`` are the texts it has seen; ``entries`` go to the log with them;
    ``tokens`` are those the model was given and wrote, ``new_tokens`` those it wrote; 0 where the reply was kept from
    before."""

    product_id: str
    documents: tuple[Document, ...]
    assertions: tuple[Assertion, ...]
    entries: tuple[LogEntry, ...] = ()
    tokens: int = 0
    new_tokens: int = 0


class Step(Protocol):
    """One extractor. ``mark`` names extractor, version and schema: what has been read under it is not read again.

    ``first`` and ``batch`` are how many products it takes at once, to begin with and at most. ``remembers`` is true
    when its choice is kept in the checkpoint, because it could not be made again after an interruption.
    """

    name: str
    extractor: str
    version: str
    first: int
    batch: int
    remembers: bool

    @property
    def mark(self) -> str:
        """The name under which its reading of a text is noted."""

    def choose(self, all_ids: Sequence[str], unread: Sequence[str]) -> list[str]:
        """The products it will read, in order."""

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """Read products; what is yielded together is committed together."""


Subjects = Callable[[Sequence[str]], list[Subject]]


class Columns:
    """The catalogue's own columns: no model, so the first facts stand at once."""

    name = "columns"
    extractor = columns.EXTRACTOR
    version = columns.VERSION
    first, batch = 8, 64
    remembers = False

    def __init__(self, schema: Schema, reporter: Reporter) -> None:
        self.mark = f"{self.extractor}:{self.version}:{schema.version}"
        self._schema = schema
        self._reporter = reporter

    def choose(self, all_ids: Sequence[str], unread: Sequence[str]) -> list[str]:
        """All that are unread."""
        return list(unread)

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """All cells of all products at once."""
        if subjects:
            self._reporter.read(subjects[-1].product, subjects[-1].documents, self.name)
        yield [
            Reading(s.product.id, s.documents, tuple(columns.read_all(s.documents, self._schema)))
            for s in subjects
        ]


class Tagged:
    """The tagger, over every product."""

    name = "tagger"
    first, batch = 2, 32
    remembers = False

    def __init__(self, cascade: Any, schema: Schema, reporter: Reporter, tagged: set[str]) -> None:
        self._tagged = tagged
        self.extractor, _, self.version = cascade.extractors[1].rpartition(":")
        self.mark = f"{cascade.extractors[1]}:{schema.version}"
        self._cascade = cascade
        self._reporter = reporter

    def choose(self, all_ids: Sequence[str], unread: Sequence[str]) -> list[str]:
        """All that are unread."""
        return list(unread)

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """The texts and reviews of all products at once."""
        readings = []
        for subject in subjects:
            found = self._cascade.read_tagger(_work(subject))
            self._tagged.add(subject.product.id)
            readings.append(Reading(subject.product.id, subject.documents, found.assertions, found.entries))
        # Shown when its facts are about to be, so that its words light up.
        if subjects:
            self._reporter.read(subjects[-1].product, subjects[-1].documents, self.name)
        yield readings


class Modelled:
    """The language model, over the products that the cascade finds worth it."""

    name = "llm"
    first = batch = 1_000_000  # the cascade makes its own groups
    remembers = True

    def __init__(
        self,
        cascade: Any,
        schema: Schema,
        reporter: Reporter,
        tagged: set[str],
        subjects: Subjects,
        on_token: Callable[[], None],
    ) -> None:
        self._tagged = tagged
        self.extractor, _, self.version = cascade.extractors[2].rpartition(":")
        self.mark = f"{cascade.extractors[2]}:{schema.version}"
        self._cascade = cascade
        self._subjects = subjects
        self._pane = _Pane(reporter, on_token)

    def choose(self, all_ids: Sequence[str], unread: Sequence[str]) -> list[str]:
        """Those that need it most among the unread, up to the budget."""
        works = self._tag(self._subjects(unread))
        return [work.product_id for work in self._cascade.chosen(works)]

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """Product by product, its words and tokens on screen as they come."""
        self._tag(subjects)
        by_id = {subject.product.id: subject for subject in subjects}
        self._pane.begin(subjects)
        found = self._cascade.read_llm(
            [_work(subject) for subject in subjects], None, self._pane.token, self._pane.span
        )
        for reading in found:
            subject = by_id[reading.product_id]
            self._pane.settle(subject)
            fresh = 0 if reading.cached else reading.tokens_out
            tokens = 0 if reading.cached else reading.tokens_in + fresh
            yield [
                Reading(
                    reading.product_id, subject.documents, reading.assertions, reading.entries, tokens, fresh
                )
            ]

    def _tag(self, subjects: Sequence[Subject]) -> list[Any]:
        """Let the tagger read them (again, if it was another attempt that did): the model is weighed against it."""
        works = [_work(subject) for subject in subjects]
        for work in works:
            if work.product_id not in self._tagged:
                self._cascade.read_tagger(work)
                self._tagged.add(work.product_id)
        return works


class _Pane:
    """Which of the texts that a model reads side by side is shown: one at a time, until it falls silent."""

    def __init__(self, reporter: Reporter, on_token: Callable[[], None]) -> None:
        self._reporter = reporter
        self._on_token = on_token
        self._owner: dict[str, Subject] = {}
        self._spans: dict[str, list[Mapping[str, Any]]] = {}
        self._shown = ""
        self._stream = ""
        self._heard = 0.0

    def begin(self, subjects: Sequence[Subject]) -> None:
        """Know whose documents these are."""
        self._owner = {document.id: subject for subject in subjects for document in subject.documents}

    def token(self, document_id: str, text: str) -> None:
        """A piece of a reply."""
        self._on_token()
        now = time.monotonic()
        if document_id != self._stream and now - self._heard > QUIET_SECONDS:
            self._stream = document_id
            self._show(self._owner[document_id])
        if document_id == self._stream:
            self._heard = now
            self._reporter.token(text)

    def span(self, document_id: str, span: Any) -> None:
        """Words that the model points at."""
        mark = {"document": document_id, "start": span.start, "end": span.end, "relation": span.relation}
        product = self._owner[document_id].product.id
        self._spans.setdefault(product, []).append(mark)
        if product == self._shown:
            self._reporter.mark(mark)

    def settle(self, subject: Subject) -> None:
        """A product is about to be committed: it is what is shown, if the eye can follow."""
        self._reporter.read(subject.product, subject.documents, "llm")
        self._shown, self._stream = subject.product.id, ""
        self._spans.pop(subject.product.id, None)

    def _show(self, subject: Subject) -> None:
        if subject.product.id == self._shown:
            return
        self._shown = subject.product.id
        self._reporter.read(subject.product, subject.documents, "llm", always=True)
        for mark in self._spans.get(subject.product.id, []):
            self._reporter.mark(mark)


def steps(
    schema: Schema,
    params: BuildParams,
    reporter: Reporter,
    context: Context,
    subjects: Subjects,
    on_token: Callable[[], None],
) -> Iterator[Step]:
    """The steps of this build in order; each is made when its turn comes, so that nothing loads before the first
    facts stand."""
    yield Columns(schema, reporter)
    context.progress(0, 0, "loading")
    cascade = _cascade(context.workspace, schema, params)
    tagged: set[str] = set()
    yield Tagged(cascade, schema, reporter, tagged)
    if params.model and params.llm_products:
        context.progress(0, 0, "loading")
        yield Modelled(cascade, schema, reporter, tagged, subjects, on_token)


def _cascade(workspace: Workspace, schema: Schema, params: BuildParams) -> Any:
    from core.extract.cascade import CascadeConfig, Reader
    from core.extract.shipped import read_gold
    from core.extract.teach import tagger_of
    from core.llm.cache import CachedModel
    from core.llm.registry import load

    pointed = frozenset(params.product_ids) if params.order == "given" else frozenset()
    config = CascadeConfig(llm_products=params.llm_products, pointed=pointed)
    model = CachedModel(load(params.model), workspace.db) if params.model else None
    return Reader(schema, tagger_of(workspace), model, read_gold() if model else (), config)


def _work(subject: Subject) -> Any:
    from core.extract.cascade import Work

    product = subject.product
    return Work(product.id, subject.documents, product.category or "", product.brand or "")
