"""What a build looks like at any moment: a pure reducer over the events of its job.

``BuildView().apply(event)`` for each event in order gives the product being read with its words lit up, the model's
tokens, the last facts, the ledger, the speed, and a graph whose nodes keep their places. The same events give
the same view, so a build that is over can be replayed to any position.

Events it understands (others are skipped):

* ``plan``: ``products`` (how many will be read), ``llm_products`` (how many of them at most by the ``model``),
  ``llm_tokens`` and ``llm_money`` (where it stops)
* ``step``: ``name``, ``products``: one of the steps begins
* ``read``: ``product``, ``title``, ``step``, ``documents`` [``id``, ``field``, ``text``]
* ``tokens``: ``text``
* ``mark``: ``document``, ``start``, ``end``, ``relation``: words that will be a fact
* ``facts``: ``items`` [``LiveFact`` as a mapping]
* ``changed``: ``items`` as in ``facts``: claims told before that now stand otherwise, as another reader was heard
* ``stopped``: ``reason``, ``read``, ``of``: the language model's budget ended it
* ``ledger``: ``committed``, ``merged``, ``quarantined``, ``rejected``
* ``speed``: ``products_per_second``, ``tokens_per_second``, ``seconds_left``, ``tokens``, ``money``
* ``count``: ``products`` read so far, ``llm_products`` of them by the language model
* ``progress``, ``status``: as every job's
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from core.domain import Ledger
from core.graph.growing import Growing, LiveFact, Picture
from core.jobs.views import JobEvent

RECENT_FACTS = 10
FEED_FACTS = 40
TOKEN_TAIL = 900


@dataclass(frozen=True, slots=True)
class Page:
    """A document as it lies on the reading pane."""

    id: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """Words that the model has just pointed at; they become a fact when the product is committed."""

    document: str
    start: int
    end: int
    relation: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The product being read."""

    product: str = ""
    title: str = ""
    step: str = ""
    documents: tuple[Page, ...] = ()
    lit: tuple[LiveFact, ...] = ()
    """Facts of this product in the order in which they were made."""
    marks: tuple[Mark, ...] = ()
    """Words pointed at that are not committed yet."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast it goes; None where it was not measured."""

    products_per_second: float | None = None
    tokens_per_second: float | None = None
    seconds_left: float | None = None
    tokens: int = 0
    money: float | None = None


@dataclass
class BuildView:
    """The state of a build after the events applied so far."""

    seq: int = 0
    status: str = ""
    message: str = ""
    done: float = 0.0
    total: float = 0.0
    plan: Mapping[str, Any] = field(default_factory=dict)
    step: str = ""
    reading: Reading = field(default_factory=Reading)
    tokens: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    speed: Speed = field(default_factory=Speed)
    facts: int = 0
    products: int = 0
    llm_products: int = 0
    feed: deque[LiveFact] = field(default_factory=lambda: deque(maxlen=FEED_FACTS))
    stopped: Mapping[str, Any] = field(default_factory=dict)
    _growing: Growing = field(default_factory=Growing)

    def apply(self, event: JobEvent) -> None:
        """Take in the next event; one that was taken in before is skipped."""
        if event.seq <= self.seq:
            return
        self.seq = event.seq
        handler = _HANDLERS.get(event.kind)
        if handler:
            handler(self, event.data)

    def recent(self) -> list[LiveFact]:
        """The last ten facts, newest first."""
        return list(self.feed)[:RECENT_FACTS]

    def picture(self) -> Picture:
        """What the growing graph shows now."""
        return self._growing.picture(self.recent())

    def copy(self) -> BuildView:
        """A copy that can be carried on on its own; what the containers hold is immutable and shared."""
        return replace(self, feed=self.feed.copy(), _growing=self._growing.copy())

    def _on_facts(self, data: Mapping[str, Any]) -> None:
        made = [_fact(item) for item in data["items"]]
        self.facts += len(made)
        self.feed.extendleft(made)
        mine = tuple(fact for fact in made if fact.product == self.reading.product)
        if mine:
            self.reading = replace(self.reading, lit=self.reading.lit + mine)
        by_subject: dict[str, list[LiveFact]] = {}
        for fact in made:
            if fact.stands:
                by_subject.setdefault(fact.subject, []).append(fact)
        for group in by_subject.values():
            self._growing.add(group)

    def _on_changed(self, data: Mapping[str, Any]) -> None:
        made = {item["id"]: _fact(item) for item in data["items"]}
        self.feed = deque((made.get(fact.id, fact) for fact in self.feed), maxlen=FEED_FACTS)
        lit = tuple(made.get(fact.id, fact) for fact in self.reading.lit)
        self.reading = replace(self.reading, lit=lit)
        for fact in made.values():
            if fact.stands:
                self._growing.add([fact])
            else:
                self._growing.wither(fact.id)

    def _on_read(self, data: Mapping[str, Any]) -> None:
        pages = tuple(Page(page["id"], page["field"], page["text"]) for page in data["documents"])
        lit = tuple(reversed([fact for fact in self.feed if fact.product == data["product"]]))
        self.reading = Reading(data["product"], data["title"], data["step"], pages, lit)
        self.tokens = ""

    def _on_mark(self, data: Mapping[str, Any]) -> None:
        mark = Mark(data["document"], data["start"], data["end"], data["relation"])
        if any(page.id == mark.document for page in self.reading.documents):
            self.reading = replace(self.reading, marks=(*self.reading.marks, mark))

    def _on_tokens(self, data: Mapping[str, Any]) -> None:
        self.tokens = (self.tokens + data["text"])[-TOKEN_TAIL:]

    def _on_ledger(self, data: Mapping[str, Any]) -> None:
        self.ledger = Ledger(**{name.name: data[name.name] for name in fields(Ledger)})

    def _on_speed(self, data: Mapping[str, Any]) -> None:
        self.speed = Speed(**{name.name: data[name.name] for name in fields(Speed) if name.name in data})

    def _on_count(self, data: Mapping[str, Any]) -> None:
        self.products, self.llm_products = data["products"], data["llm_products"]

    def _on_plan(self, data: Mapping[str, Any]) -> None:
        self.plan = dict(data)

    def _on_stopped(self, data: Mapping[str, Any]) -> None:
        self.stopped = dict(data)

    def _on_step(self, data: Mapping[str, Any]) -> None:
        self.step = data["name"]

    def _on_progress(self, data: Mapping[str, Any]) -> None:
        self.done, self.total, self.message = data["done"], data["total"], data["message"]

    def _on_status(self, data: Mapping[str, Any]) -> None:
        self.status = data["status"]


_HANDLERS = {
    "count": BuildView._on_count,
    "plan": BuildView._on_plan,
    "step": BuildView._on_step,
    "read": BuildView._on_read,
    "mark": BuildView._on_mark,
    "tokens": BuildView._on_tokens,
    "facts": BuildView._on_facts,
    "changed": BuildView._on_changed,
    "stopped": BuildView._on_stopped,
    "ledger": BuildView._on_ledger,
    "speed": BuildView._on_speed,
    "progress": BuildView._on_progress,
    "status": BuildView._on_status,
}


def _fact(item: Mapping[str, Any]) -> LiveFact:
    return LiveFact(**{name.name: item[name.name] for name in fields(LiveFact)})
