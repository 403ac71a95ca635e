"""The reading pane while a language model reads: one text at a time, its words and tokens as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain import Document, Product
from core.stages.build_report import Reporter

QUIET_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A product with the texts that are to be read."""

    product: Product
    documents: tuple[Document, ...]


class Pane:
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
