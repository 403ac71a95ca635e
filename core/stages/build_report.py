"""What a build tells those who watch: facts from the log with their standing, the ledger, and the speed.

Facts are reported *from the log*, after they were committed, up to a position that the report itself carries. So a
build that is killed between the commit and the report tells the rest when it is resumed, and tells nothing twice.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from core.domain import Assertion, Document, EntryKind, Fact, Product, Standing
from core.graph.growing import LiveFact
from core.graph.log import Log, read_assertions
from core.graph.model import Graph, product_node
from core.graph.store import GraphStore
from core.jobs import Context
from core.ontology import family

FACTS_PER_EVENT = 60
WINDOW_SECONDS = 20.0
TOKEN_SECONDS = 0.15
READ_SECONDS = 0.4
PANE_DOCUMENTS = 12
PANE_LETTERS = 6_000
_PANE = {"title": 0, "description": 1}


class Reporter:
    """The voice of a build."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = GraphStore(context.workspace)
        self._log = Log(context.workspace)
        told = context.last_event("facts")
        self._upto: int = self._log.head() if told is None else told["upto"]
        if told is None:
            context.emit("facts", items=[], upto=self._upto)
        self._read_at = 0.0
        self._standing: dict[str, str] = {}
        self._tokens: list[str] = []
        self._tokens_at = 0.0

    def facts(self) -> Graph:
        """Report what was committed since the last report; gives the graph as it is now."""
        self._flush_tokens()
        graph = self._store.graph()
        fresh = self._fresh(graph.seq)
        supported = _supported(graph, {graph.resolve(product_node(a.subject)) for _, a in fresh})
        for start in range(0, len(fresh), FACTS_PER_EVENT):
            part = fresh[start : start + FACTS_PER_EVENT]
            self._context.emit("facts", items=self._items(part, graph, supported), upto=part[-1][0])
        self._changed(graph, {a.id for _, a in fresh})
        self._upto = graph.seq
        self._context.emit("ledger", **asdict(graph.ledger))
        return graph

    def _items(
        self, part: Iterable[tuple[int, Assertion]], graph: Graph, supported: Mapping[str, Fact]
    ) -> list[dict[str, Any]]:
        told = [_live(assertion, graph, supported.get(assertion.id)) for _, assertion in part]
        self._standing |= {fact.id: fact.standing for fact in told}
        return [asdict(fact) for fact in told]

    def _changed(self, graph: Graph, fresh: set[str]) -> None:
        """Tell of claims that stand otherwise than was told, now that another reader was heard."""
        ids = [
            entry.target
            for entry in self._log.entries(self._upto, graph.seq)
            if entry.kind is EntryKind.WEIGHED and entry.job_id == self._context.job_id
        ]
        moved = [
            i
            for i in dict.fromkeys(ids)
            if i not in fresh and i in graph.standing and graph.standing[i].value != self._standing.get(i)
        ]
        if not moved:
            return
        with self._context.workspace.db.read() as reader:
            found = [(0, a) for a in read_assertions(reader, moved)]
        supported = _supported(graph, {graph.resolve(product_node(a.subject)) for _, a in found})
        for start in range(0, len(found), FACTS_PER_EVENT):
            part = found[start : start + FACTS_PER_EVENT]
            self._context.emit("changed", items=self._items(part, graph, supported))

    def read(
        self, product: Product, documents: Iterable[Document], step: str, *, always: bool = False
    ) -> None:
        """Put a product on the reading pane; no more often than the eye follows, unless ``always``."""
        if not always and time.monotonic() - self._read_at < READ_SECONDS:
            return
        self._read_at = time.monotonic()
        self._flush_tokens()
        ranked = sorted(documents, key=lambda d: (_PANE.get(d.field, 2), d.id))[:PANE_DOCUMENTS]
        pages = [{"id": d.id, "field": d.field, "text": d.text[:PANE_LETTERS]} for d in ranked]
        self._context.emit("read", product=product.id, title=product.title, step=step, documents=pages)

    def token(self, text: str) -> None:
        """Pass on what the model writes, a few times a second."""
        self._tokens.append(text)
        if time.monotonic() - self._tokens_at >= TOKEN_SECONDS:
            self._flush_tokens()

    def mark(self, words: Mapping[str, Any]) -> None:
        """Light up words that the model points at; they become a fact with the product's commit."""
        self._flush_tokens()
        self._context.emit("mark", **words)

    def _flush_tokens(self) -> None:
        if self._tokens:
            self._context.emit("tokens", text="".join(self._tokens))
            self._tokens.clear()
        self._tokens_at = time.monotonic()

    def _fresh(self, until: int) -> list[tuple[int, Assertion]]:
        """(position in the log, assertion) of what this job asserted and has not reported."""
        entries = [
            entry
            for entry in self._log.entries(self._upto, until)
            if entry.kind is EntryKind.ASSERTED and entry.job_id == self._context.job_id
        ]
        with self._context.workspace.db.read() as reader:
            found = {a.id: a for a in read_assertions(reader, [entry.target for entry in entries])}
        return [(entry.seq, found[entry.target]) for entry in entries]


@dataclass
class Pace:
    """How fast a step goes, over the last seconds in which it was not paused."""

    context: Context
    products: int = 0
    tokens: int = 0
    """Tokens that the model wrote."""
    charged: int = 0
    """Tokens that count against the budget: those given to the model too."""
    letters: int = 0
    """Characters of the texts that were read."""
    _began: float = field(default_factory=time.monotonic)
    _marks: deque[tuple[float, int, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._paused_before = self.context.paused_seconds
        self._marks.append((0.0, 0, 0))

    @property
    def seconds(self) -> float:
        """Working time of this step so far."""
        return time.monotonic() - self._began - (self.context.paused_seconds - self._paused_before)

    def add(self, products: int, tokens: int = 0) -> None:
        """Count work done."""
        self.products += products
        self.tokens += tokens
        self._marks.append((self.seconds, self.products, self.tokens))
        # The last mark before the window stays: what came in one piece was not made in an instant.
        while len(self._marks) > 2 and self._marks[1][0] < self.seconds - WINDOW_SECONDS:
            self._marks.popleft()

    def rates(self) -> tuple[float | None, float | None]:
        """(products per second, tokens per second); None before there is anything to measure."""
        first, last = self._marks[0], self._marks[-1]
        span = last[0] - first[0]
        if span <= 0:
            return None, None
        tokens = last[2] - first[2]
        return (last[1] - first[1]) / span, tokens / span if tokens else None


def _supported(graph: Graph, subjects: set[str]) -> Mapping[str, Fact]:
    return {
        assertion: fact
        for fact in graph.facts.values()
        if fact.subject in subjects
        for assertion in fact.supports
    }


def _live(assertion: Assertion, graph: Graph, fact: Fact | None) -> LiveFact:
    subject = fact.subject if fact else graph.resolve(product_node(assertion.subject))
    node = graph.nodes.get(fact.object) if fact else None
    return LiveFact(
        id=assertion.id,
        subject=subject,
        subject_label=graph.label(subject),
        relation=assertion.relation,
        family=family(assertion.relation).value,
        object=node.id if node else "",
        object_label=node.label if node else assertion.object,
        object_type=node.type if node else "",
        quote=assertion.object,
        product=assertion.subject,
        document=assertion.document_id,
        start=assertion.start,
        end=assertion.end,
        standing=graph.standing.get(assertion.id, Standing.REJECTED).value,
        confidence=fact.confidence if fact else assertion.confidence,
        step=step_of(assertion.extractor),
    )


def step_of(extractor: str) -> str:
    """The step of the cascade that an extractor belongs to."""
    head = extractor.partition(":")[0]
    return head if head in ("columns", "tagger", "reader") else "llm"
