"""Reading with a language model: each chunk of a document is one question, each value is grounded as it comes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from core.domain import Document
from core.extract.budget import Cost
from core.extract.ground import Span, place, says_something, without_overlaps
from core.extract.prompt import Question, ask
from core.extract.schema import Schema
from core.extract.similar import Similar
from core.extract.tokens import Token, chunks
from core.llm.base import Completion, HasPlain, LanguageModel
from core.llm.cache import CachedModel
from core.llm.counting import tokens_of

OnToken = Callable[[str, str], None]
OnSpan = Callable[[str, Span], None]


@dataclass(frozen=True, slots=True)
class LlmConfig:
    """``shots`` similar examples a prompt of at most ``prompt_chars`` characters (700 tokens are about 2,400 of
    English); texts are cut into chunks of ``chunk_chars``; ``unknown`` is the confidence where a server gives no
    probabilities; a reply is expected to take ``line_tokens`` tokens an attribute asked."""

    shots: int = 4
    prompt_chars: int = 2_400
    chunk_chars: int = 420
    max_values: int = 3
    max_tokens: int = 220
    unknown: float = 0.7
    line_tokens: float = 3.5


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What was found in one document. ``confidence`` of a span is the geometric mean of its tokens' probabilities."""

    document: Document
    spans: tuple[Span, ...]
    prompt_tokens: int
    new_tokens: int
    seconds: float
    cached: bool


@dataclass
class _Part:
    document: Document
    chunk: Token
    question: Question
    model: LanguageModel
    reply: Completion | None = None
    streamed: str = ""
    shown: set[tuple[str, str]] = field(default_factory=set)


class LlmReader:
    """Asks a model about documents, with the most similar of the labelled ``examples`` in the prompt.

    A model that was taught to read without examples is shown none, and is asked where fewer than ``shots`` of a
    text's category are known; for all others its plain form is asked.
    """

    def __init__(
        self,
        model: LanguageModel,
        schema: Schema,
        examples: Similar | None = None,
        config: LlmConfig | None = None,
    ) -> None:
        self.model = model
        self.schema = schema
        self.similar = examples
        self.config = config or LlmConfig()
        plain = model.plain if isinstance(model, HasPlain) else None
        self._shown_to = plain or model
        self._taught = plain is not None

    def costs(self, documents: Sequence[Document], categories: Sequence[str]) -> list[Cost]:
        """What reading each document would cost: its prompts' tokens, and those expected in the replies. Nothing for
        replies that have been kept."""
        parts = [self._parts(d, c) for d, c in zip(documents, categories, strict=True)]
        kept = iter(self._kept([part for own in parts for part in own]))
        return [sum((Cost() if next(kept) else self._cost(p) for p in own), Cost()) for own in parts]

    def _cost(self, part: _Part) -> Cost:
        lines = len(part.question.form.names)
        return Cost(tokens_of(part.model, part.question.prompt), self.config.line_tokens * lines)

    def _kept(self, parts: Sequence[_Part]) -> list[bool]:
        found: dict[int, bool] = {}
        for model, asked in _by_model(parts):
            if isinstance(model, CachedModel):
                prompts, forms = [p.question.prompt for p in asked], [p.question.form for p in asked]
                kept = model.kept(prompts, forms, max_tokens=self.config.max_tokens)
                found |= {id(part): there for part, there in zip(asked, kept, strict=True)}
        return [found.get(id(part), False) for part in parts]

    def read(
        self,
        documents: Sequence[Document],
        categories: Sequence[str],
        on_token: OnToken | None = None,
        on_span: OnSpan | None = None,
    ) -> Iterator[DocumentReading]:
        """One reading a document, all chunks of all of them in one call. ``on_token(document id, text)`` as the
        reply comes; ``on_span(document id, span)`` as soon as a value is complete and grounded."""
        parts = [p for d, c in zip(documents, categories, strict=True) for p in self._parts(d, c)]
        for model, asked in _by_model(parts):
            replies = model.complete(
                [part.question.prompt for part in asked],
                [part.question.form for part in asked],
                max_tokens=self.config.max_tokens,
                on_token=_teller(asked, on_token, on_span),
            )
            for part, reply in zip(asked, replies, strict=True):
                part.reply = reply
        for document in documents:
            yield self._gather(document, [part for part in parts if part.document is document])

    def _parts(self, document: Document, category: str) -> list[_Part]:
        attributes = self.schema.attributes(category, "review" if document.kind == "review" else "product")
        show = self._shows(category)
        model = self._shown_to if show else self.model
        return [
            _Part(document, chunk, self._ask(chunk.text, attributes, category, show), model)
            for chunk in chunks(document.text, self.config.chunk_chars)
        ]

    def _shows(self, category: str) -> bool:
        """Whether examples are shown with texts of this category."""
        if self.similar is None:
            return False
        return not self._taught or self.similar.known(category) >= self.config.shots

    def _ask(self, text: str, attributes: Sequence[object], category: str, show: bool) -> Question:
        near = self.similar.nearest(text, self.config.shots, category) if self.similar and show else []
        return ask(
            text,
            attributes,  # type: ignore[arg-type]
            near,
            max_chars=self.config.prompt_chars,
            max_values=self.config.max_values,
        )

    def _gather(self, document: Document, parts: Sequence[_Part]) -> DocumentReading:
        spans: list[Span] = []
        replies = [part.reply for part in parts if part.reply]
        for part in parts:
            if part.reply:
                spans += self._spans(part, part.reply)
        return DocumentReading(
            document,
            tuple(without_overlaps(spans)),
            sum(reply.prompt_tokens for reply in replies),
            sum(reply.new_tokens for reply in replies),
            sum(reply.seconds for reply in replies),
            bool(replies) and all(reply.cached for reply in replies),
        )

    def _spans(self, part: _Part, reply: Completion) -> list[Span]:
        found: list[Span] = []
        for name, values in part.question.form.parse(reply.text).items():
            for value, end in values:
                where = place(part.chunk.text, value, found)
                if where and says_something(value):
                    sure = _probability(reply, end - len(value), end, self.config.unknown)
                    relation = part.question.relations[name]
                    found.append(Span(where[0], where[1], relation, sure))
        return [_moved(span, part.chunk.start) for span in found]


def _by_model(parts: Sequence[_Part]) -> list[tuple[LanguageModel, list[_Part]]]:
    """The parts of each model, in their order."""
    found: dict[int, tuple[LanguageModel, list[_Part]]] = {}
    for part in parts:
        found.setdefault(id(part.model), (part.model, []))[1].append(part)
    return list(found.values())


def _teller(
    parts: Sequence[_Part], on_token: OnToken | None, on_span: OnSpan | None
) -> Callable[[int, str], None]:
    return lambda at, text: _stream(parts[at], text, on_token, on_span)


def _stream(part: _Part, text: str, on_token: OnToken | None, on_span: OnSpan | None) -> None:
    if on_token:
        on_token(part.document.id, text)
    if not on_span:
        return
    part.streamed += text
    if "\n" not in text:
        return
    for name, values in part.question.form.parse(part.streamed).items():
        for value, _end in values:
            where = place(part.chunk.text, value)
            if where and says_something(value) and (name, value) not in part.shown:
                part.shown.add((name, value))
                on_span(
                    part.document.id, _moved(Span(*where, part.question.relations[name]), part.chunk.start)
                )


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by, span.relation, span.confidence)


def _probability(reply: Completion, start: int, end: int, unknown: float) -> float:
    if reply.steps is None:
        return unknown
    chosen = [value for at, value in reply.steps if start < at <= end + 1]
    return math.exp(sum(chosen) / len(chosen)) if chosen else unknown
