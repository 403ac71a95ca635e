"""From facts to lessons: what reviewers accepted, or a language model found, becomes labelled text for the readers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain import Assertion, Document, DocumentKind, content_hash
from core.errors import ExtractionError
from core.extract import shipped, tagger_training
from core.extract.example import Example
from core.extract.folds import some
from core.extract.ground import Span, is_grounded, without_overlaps
from core.extract.joint import Joint, Passage
from core.extract.labelled import Labelled
from core.extract.query import Query
from core.extract.schema import Schema
from core.extract.tagger import Tagger
from core.llm.files import SENTENCES, status
from core.storage.whole import write_json, write_text
from core.storage.workspaces import Workspace

if TYPE_CHECKING:
    from core.extract.span_reader import SpanReader

FOLDER, READER_FOLDER = "tagger", "reader"
_TAUGHT = "texts.json"
REHEARSED = 60
_SEEN, _MOST_EPOCHS, _LEAST_EPOCHS = 400, 5, 2
_RATE, _HEAD_RATE = 1e-4, 5e-4


@dataclass(frozen=True, slots=True)
class ReaderFiles:
    """A span reader on disk; ``taught`` says that it has learned from this workspace's reviewers."""

    folder: Path
    version: str
    taught: bool

    def load(self) -> SpanReader:
        """Read it, once a process; raises ExtractionError where it is damaged, ModelUnavailable without encoder."""
        return _loaded(self.folder)


def examples_of(
    documents: Iterable[Document], assertions: Iterable[Assertion], categories: Mapping[str, str]
) -> list[Example]:
    """One example a text or review that has at least one of the assertions.

    ``categories`` is by product id. Only assertions of exactly this version of a document count; cells are not text.
    """
    claims: dict[tuple[str, str], list[Assertion]] = {}
    for assertion in assertions:
        claims.setdefault((assertion.document_id, assertion.document_hash), []).append(assertion)
    made = []
    for document in documents:
        own = claims.get((document.id, document.hash), [])
        spans = [
            Span(a.start, a.end, a.relation, a.confidence)
            for a in own
            if is_grounded(document.text, a.object, a.start, a.end)
        ]
        if spans and document.kind is not DocumentKind.CELL:
            kind = "review" if document.kind is DocumentKind.REVIEW else "text"
            category = categories.get(document.product_id, "")
            made.append(Example(document.text, tuple(without_overlaps(spans)), category, kind))
    return made


def teach(workspace: Workspace, examples: Iterable[Example], *, with_sample: bool = True) -> Tagger:
    """Train the workspace's own tagger and keep it in its ``tagger`` folder; the sample's gold is taught too, unless
    ``with_sample`` is off. Raises DataError when there is nothing labelled."""
    own = list(examples)
    made = tagger_training.train([*own, *(shipped.read_gold() if with_sample else [])])
    made.save(workspace.sub(FOLDER) / made.version)
    taught = sorted({content_hash(example.text) for example in own})
    write_json(workspace.sub(FOLDER) / made.version / _TAUGHT, taught)
    write_text(workspace.sub(FOLDER) / "current", made.version)
    return made


def taught_texts(workspace: Workspace) -> frozenset[str]:
    """The hashes of the texts that this workspace's own readers have learned from: of those they are surer than of
    others."""
    folder = Path(workspace.folder) / FOLDER
    file = folder / _current(folder) / _TAUGHT
    return frozenset(json.loads(file.read_text("utf-8"))) if file.is_file() else frozenset()


def reading_with(workspace: Workspace) -> str:
    """The versions of the workspace's tagger ("" as shipped) and span reader ("" where there is none), in one word."""
    reader = reader_of(workspace)
    return f"{_current(Path(workspace.folder) / FOLDER)}+{reader.version if reader else ''}"


def tagger_of(workspace: Workspace) -> Tagger:
    """The workspace's own tagger where it has one, else the shipped one; raises ExtractionError if it is damaged."""
    current = Path(workspace.folder) / FOLDER / "current"
    if current.is_file():
        return Tagger.load(current.parent / current.read_text("utf-8").strip())
    return shipped.default_tagger()


def teach_reader(
    workspace: Workspace,
    examples: Sequence[Example],
    schema: Schema,
    on_epoch: Callable[[int, int, float], None] | None = None,
) -> ReaderFiles | None:
    """Teach the shipped span reader the same lessons and keep it in the workspace's ``reader`` folder; some of the
    sample's gold is rehearsed with them. None where no lesson is in its language; raises ModelUnavailable without its
    encoder.

    Few lessons are seen more often than many, so that it takes about a minute or two on two cores.
    """
    from core.extract.span_reader import SpanReaderConfig, train

    asked = Joint(schema)
    lessons = [query for example in examples if (query := _question(asked, example))]
    if not any(query.spans for query in lessons):
        return None
    gold = [query for example in shipped.read_gold() if (query := _question(asked, example))]
    rehearsed = some([Labelled("", q.category, q.text, {}) for q in gold], min(REHEARSED, 2 * len(lessons)))
    queries = [*lessons, *(gold[at] for at in rehearsed)]
    epochs = max(_LEAST_EPOCHS, min(_MOST_EPOCHS, _SEEN // len(queries)))
    config = SpanReaderConfig(epochs=epochs, rate=_RATE, head_rate=_HEAD_RATE)
    made = train(queries, config, shipped.default_reader(), on_epoch)
    folder = workspace.sub(READER_FOLDER)
    before = _current(folder)
    made.save(folder / made.version)
    write_text(folder / "current", made.version)
    for old in folder.iterdir():
        # A build that is under way may still read with the one before.
        if old.is_dir() and old.name not in (made.version, before):
            shutil.rmtree(old, ignore_errors=True)
    return ReaderFiles(folder / made.version, made.version, True)


def reader_of(workspace: Workspace) -> ReaderFiles | None:
    """The workspace's own span reader where it has one, else the shipped one; None where its encoder is not on this
    machine. Raises ExtractionError if it is damaged."""
    if not any(state.name == SENTENCES and state.present for state in status()):
        return None
    folder = Path(workspace.folder) / READER_FOLDER
    own = _current(folder)
    place = folder / own if own else shipped.READER
    try:
        version = json.loads((place / "span_reader.json").read_text("utf-8"))["about"]["version"]
    except (OSError, ValueError, KeyError) as error:
        raise ExtractionError(
            f"The span reader cannot be read ({error}).", where=str(place), remedy="Teach it again."
        ) from error
    return ReaderFiles(place, str(version), bool(own))


def _question(asked: Joint, example: Example) -> Query | None:
    """What the span reader is asked about a lesson; None for what it does not read."""
    passage = Passage(example.text, example.category, example.kind)
    if not passage.readable:
        return None
    query = asked.query(passage)
    spans = tuple(span for span in example.spans if span.relation in query.asked)
    return Query(query.text, query.category, query.asked, spans)


def _current(folder: Path) -> str:
    file = folder / "current"
    return file.read_text("utf-8").strip() if file.is_file() else ""


@lru_cache(maxsize=2)
def _loaded(folder: Path) -> SpanReader:
    if folder == shipped.READER:
        return shipped.default_reader()
    from core.extract.span_reader import SpanReader

    return SpanReader.load(folder)
