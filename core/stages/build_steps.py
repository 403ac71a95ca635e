"""The steps of a build, one behind another by their price: columns, tagger, span reader, language model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.domain import Assertion, Document, LogEntry
from core.extract import columns
from core.extract.budget import Budget
from core.extract.opinion import Trust
from core.extract.schema import Schema
from core.jobs import Context
from core.stages.build_cascade import cascade_of, told, work_of
from core.stages.build_pane import Pane, Subject
from core.stages.build_plan import BuildParams
from core.stages.build_report import Reporter
from core.stages.calibration import recalibrate
from core.stages.readings import Record, Records, digest_of


@dataclass(frozen=True, slots=True)
class Reading:
    """What a step found in a product. ``documents`` are the texts it has seen; ``entries`` go to the log with them;
    ``tokens_in`` and ``tokens_out`` are those the model was given and wrote, 0 where the reply was kept from before;
    ``trust`` is how it stood beside what was sure; ``alone`` counts texts left to the tagger for their language."""

    product_id: str
    documents: tuple[Document, ...]
    assertions: tuple[Assertion, ...]
    entries: tuple[LogEntry, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    trust: Trust = field(default_factory=Trust)
    alone: int = 0


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

    def choose(self, unread: Sequence[str]) -> list[str]:
        """The products it will read, in order."""

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """Read products; what is yielded together is committed together."""

    def finish(self) -> None:
        """It has read all it will."""


Subjects = Callable[[Sequence[str]], list[Subject]]


class _Base:
    remembers = False

    def __init__(self, name: str, extractor: str, version: str, schema: Schema) -> None:
        self.name, self.extractor, self.version = name, extractor, version
        self.mark = f"{extractor}:{version}:{schema.version}"

    def choose(self, unread: Sequence[str]) -> list[str]:
        """All that are unread."""
        return list(unread)

    def finish(self) -> None:
        """Nothing is left to do."""


class Columns(_Base):
    """The catalogue's own columns: no model, so the first facts stand at once."""

    first, batch = 8, 64

    def __init__(self, schema: Schema, reporter: Reporter) -> None:
        super().__init__("columns", columns.EXTRACTOR, columns.VERSION, schema)
        self._schema = schema
        self._reporter = reporter

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """All cells of all products at once."""
        if subjects:
            self._reporter.read(subjects[-1].product, subjects[-1].documents, self.name)
        yield [
            Reading(s.product.id, s.documents, tuple(columns.read_all(s.documents, self._schema)))
            for s in subjects
        ]


class Tagged(_Base):
    """The tagger, over every product: it answers at once."""

    first, batch = 2, 32

    def __init__(self, cascade: Any, schema: Schema, reporter: Reporter) -> None:
        extractor, version = cascade.extractors["tagger"]
        super().__init__("tagger", extractor, version, schema)
        self._cascade = cascade
        self._reporter = reporter

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """The texts and reviews of all products at once."""
        readings = []
        for subject in subjects:
            found = self._cascade.read_tagger(work_of(subject))
            readings.append(Reading(subject.product.id, subject.documents, found.assertions, found.entries))
        # Shown when its facts are about to be, so that its words light up.
        if subjects:
            self._reporter.read(subjects[-1].product, subjects[-1].documents, self.name)
        yield readings


class Both(_Base):
    """The span reader, over every product: what it says is weighed with what the tagger says."""

    first, batch = 8, 64

    def __init__(self, cascade: Any, schema: Schema, reporter: Reporter, context: Context) -> None:
        extractor, version = cascade.extractors["reader"]
        super().__init__("reader", extractor, version, schema)
        self._cascade = cascade
        self._reporter = reporter
        self._workspace = context.workspace
        self._records = Records(context.workspace, self.mark)

    def choose(self, unread: Sequence[str]) -> list[str]:
        """All that are unread; the reader is loaded now, so that its pace is that of reading."""
        if unread:
            self._cascade.joint.reader.load()
        return list(unread)

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """The product texts of all products in one go."""
        known = told(self._workspace, [document for s in subjects for document in s.documents])
        found = self._cascade.read_both([work_of(subject) for subject in subjects], known)
        readings = []
        for subject, reading in zip(subjects, found, strict=True):
            record = Record(digest_of(subject.documents), reading.doubt, reading.sure)
            self._records.put(subject.product.id, record)
            made = Reading(
                subject.product.id,
                subject.documents,
                reading.assertions,
                reading.entries,
                alone=reading.alone,
            )
            readings.append(made)
        if subjects:
            self._reporter.read(subjects[-1].product, subjects[-1].documents, self.name)
        yield readings

    def finish(self) -> None:
        """Keep what the readers made of each product."""
        self._records.save()


class Modelled(_Base):
    """The language model, over the products that the cascade finds worth it."""

    first = batch = 1_000_000  # the cascade makes its own groups
    remembers = True

    def __init__(
        self,
        cascade: Any,
        schema: Schema,
        reporter: Reporter,
        context: Context,
        subjects: Subjects,
        on_token: Callable[[], None],
    ) -> None:
        extractor, version = cascade.extractors["llm"]
        super().__init__("llm", extractor, version, schema)
        reader = cascade.extractors.get("reader")
        mark = f"{':'.join(reader)}:{schema.version}" if reader else ""
        self._records = Records(context.workspace, mark) if mark else None
        self._cascade = cascade
        self._subjects = subjects
        self._pane = Pane(reporter, on_token)

    def choose(self, unread: Sequence[str]) -> list[str]:
        """Those that need it most among the unread, up to the budget."""
        subjects = self._subjects(unread)
        texts = {subject.product.id: subject.documents for subject in subjects}
        doubts = self._records.doubts(texts) if self._records else {}
        chosen = self._cascade.chosen([work_of(subject) for subject in subjects], doubts)
        if chosen:
            self._cascade.model.load()
        return [work.product_id for work in chosen]

    def read(self, subjects: Sequence[Subject]) -> Iterator[Sequence[Reading]]:
        """Product by product, its words and tokens on screen as they come."""
        by_id = {subject.product.id: subject for subject in subjects}
        self._pane.begin(subjects)
        found = self._cascade.read_llm(
            [work_of(subject) for subject in subjects], None, self._pane.token, self._pane.span
        )
        for reading in found:
            subject = by_id[reading.product_id]
            self._pane.settle(subject)
            fresh = not reading.cached
            yield [
                Reading(
                    reading.product_id,
                    subject.documents,
                    reading.assertions,
                    reading.entries,
                    reading.tokens_in if fresh else 0,
                    reading.tokens_out if fresh else 0,
                    reading.trust,
                )
            ]


def steps(
    schema: Schema,
    params: BuildParams,
    reporter: Reporter,
    context: Context,
    subjects: Subjects,
    on_token: Callable[[], None],
    budget: Budget,
) -> Iterator[Step]:
    """The steps of this build in order; each is made when its turn comes, so that nothing loads before the first
    facts stand."""
    yield Columns(schema, reporter)
    context.progress(0, 0, "loading")
    recalibrate(context.workspace, schema)
    cascade = cascade_of(context.workspace, schema, params, budget)
    yield Tagged(cascade, schema, reporter)
    if "reader" in cascade.extractors:
        context.progress(0, 0, "loading")
        yield Both(cascade, schema, reporter, context)
    if params.model and params.llm_products:
        context.progress(0, 0, "loading")
        yield Modelled(cascade, schema, reporter, context, subjects, on_token)
