"""The stage "build": products go in, facts come out, and everybody may watch.

Steps in the order of their price: the catalogue's columns (no model, so the first facts stand at once), the tagger,
the span reader, the language model. Each product's assertions, log entries, read marks and the checkpoint are one
transaction; what has a read mark for an extractor's version is not read by it again. So a build that dies goes on
where it was, and building again costs only what is new.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic, time
from typing import Any

from sqlalchemy import select, tuple_

from core.catalogue.store import Catalogue
from core.domain import Document, LogEntry
from core.errors import DataError
from core.extract.budget import Budget
from core.graph.log import Log
from core.graph.model import Graph
from core.graph.review_log import carry_over
from core.jobs import Context
from core.stages.build_cascade import price_of
from core.stages.build_done import Done, summary
from core.stages.build_pace import remember
from core.stages.build_pane import Subject
from core.stages.build_plan import BuildParams, choose, parse, schema_of, unread
from core.stages.build_report import Pace, Reporter
from core.stages.build_steps import Reading, Step, steps
from core.storage.database import insert_new
from core.storage.tables import assertions, read_marks
from core.storage.whole import write_json

SPEED_SECONDS = 1.0


def run(context: Context, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read the chosen products; gives counts, the ledger, the graph's hash and the time of each step.

    Raises ConfigError for settings that do not go together, DataError where there is nothing to read or nothing is
    found, ModelUnavailable for a language model that is not there.
    """
    return _Build(context, parse(params)).run()


class _Build:
    def __init__(self, context: Context, params: BuildParams) -> None:
        self.context, self.params = context, params
        self.workspace = context.workspace
        self.catalogue = Catalogue(self.workspace)
        self.log = Log(self.workspace)
        self.schema = schema_of(self.workspace, params.schema_name)
        self.reporter = Reporter(context)
        self.pace, self.step, self.spoke = Pace(context), ("", 0), 0.0
        stored = context.load_checkpoint() or {}
        self.done = Done(**stored.get("done", {}))
        self.budget = self._budget()

    def run(self) -> Mapping[str, Any]:
        context = self.context
        context.progress(0, 0, "documents")
        self.log.reconcile()
        self.log.schema(
            self.schema.version, self.schema_relations(), actor="build", rules=self.schema.rules()
        )
        ids = self._chosen()
        if not ids:
            raise DataError(
                "There are no products to read.",
                where="catalogue",
                remedy="Import products on the Catalogue page.",
            )
        graph = self.reporter.facts()
        if self.done.began_with < 0:
            self.done.began_with = len(graph.facts)
        budget = min(self.params.llm_products, len(ids)) if self.params.model else 0
        context.emit(
            "plan",
            products=len(ids),
            llm_products=budget,
            model=self.params.model,
            llm_tokens=self.params.llm_tokens,
            llm_money=self.params.llm_money,
        )
        self._count()
        context.save_checkpoint(self._checkpoint())
        made = steps(
            self.schema, self.params, self.reporter, context, self._subjects, self._heard, self.budget
        )
        for step in made:
            graph = self._step(step, ids)
        self._stopped()
        if carry_over(self.workspace):  # what reviewers said holds for what a newer version has read again
            graph = self.reporter.facts()
        result = summary(self.done, graph, len(ids), self.budget, self.params.model)
        remember(result)
        return result

    def _chosen(self) -> list[str]:
        """The products of this build: chosen once, as what was read meanwhile would make another choice."""
        path = self.context.folder / "products.json"
        if path.is_file():
            return list(json.loads(path.read_text("utf-8")))
        ids = choose(self.workspace, self.params)
        write_json(path, ids)
        return ids

    def schema_relations(self) -> list[str]:
        """Every relation that the schema knows, of any category."""
        lists = (self.schema.general, *self.schema.asked.values())
        return sorted({attribute.relation for attributes in lists for attribute in attributes})

    def _step(self, step: Step, ids: Sequence[str]) -> Graph:
        """Let a step read what it has not read yet; facts are told after each commit."""
        todo = self._todo(step, ids)
        self.context.emit("step", name=step.name, products=len(todo))
        self.step, self.pace = (step.name, len(todo)), Pace(self.context)
        graph = self.reporter.facts()
        for batch in _batches(todo, step.first, step.batch):
            self.context.check()
            for readings in step.read(self._subjects(batch)):
                self._commit(step, readings)
                self.pace.add(len(readings), sum(reading.tokens_out for reading in readings))
                graph = self.reporter.facts()
                self._speed()
                self.context.check()
        step.finish()
        self.done.steps[step.name] = self._spent(step)
        # What a step that remembers was to read stays known until it is told how far that came.
        self.done.wanted = len(self.done.chosen or ()) if step.remembers else self.done.wanted
        self.done.chosen = None
        return graph

    def _todo(self, step: Step, ids: Sequence[str]) -> list[str]:
        if self.done.chosen is not None and step.remembers:
            unread = set(self._unread(step.mark, self.done.chosen))
            return [one for one in self.done.chosen if one in unread]
        chosen = step.choose(self._unread(step.mark, ids))
        if step.remembers:
            self.done.chosen = chosen
            self.context.save_checkpoint(self._checkpoint())
        return chosen

    def _spent(self, step: Step) -> dict[str, float]:
        """Products, seconds and tokens of a step over all attempts."""
        before = self.done.steps.get(step.name, {})
        now = {
            "products": self.pace.products,
            "seconds": self.pace.seconds,
            "tokens": self.pace.charged,
            "letters": self.pace.letters,
        }
        return {name: before.get(name, 0) + value for name, value in now.items()}

    def _commit(self, step: Step, readings: Sequence[Reading]) -> None:
        """One transaction: what was read, that it was read, what it replaces, and where to go on."""
        now = time()
        found = [assertion for reading in readings for assertion in reading.assertions]
        documents = [document for reading in readings for document in reading.documents]
        marks = [
            {"document_id": d.id, "document_hash": d.hash, "extractor": step.mark, "time": now}
            for d in documents
        ]
        if step.name == "tagger":
            self.done.products += len(readings)
        elif step.name == "llm":
            self.done.llm_products += len(readings)
        self.pace.charged += self.done.spend(readings, self.budget.elapsed)
        self.pace.letters += sum(len(document.text) for document in documents)
        with self.workspace.db.write() as connection:
            outdated = self._outdated(connection, step, documents)
            self.log.retract(outdated, "superseded", step.name, connection)
            entries: Sequence[LogEntry] = [entry for reading in readings for entry in reading.entries]
            self.log.append(found, entries, connection, job_id=self.context.job_id)
            insert_new(connection, read_marks, marks)
            self._count()
            self.context.save_checkpoint(self._checkpoint(), connection)

    def _budget(self) -> Budget:
        """The limits of the language model, and what earlier attempts have spent of them."""
        context = self.context
        return Budget(
            self.params.limits,
            price_of(self.params.model),
            self.done.cost,
            self.done.llm_seconds,
            clock=lambda: monotonic() - context.paused_seconds,
        )

    def _stopped(self) -> None:
        """Say where the budget ended the reading."""
        if self.budget.stopped:
            self.context.emit(
                "stopped",
                reason=self.budget.stopped,
                read=self.done.llm_products,
                of=self.done.wanted,
            )

    def _outdated(self, connection: Any, step: Step, documents: Sequence[Document]) -> list[str]:
        """What an earlier version of the same extractor, or the same under another schema, found in these texts."""
        if not documents:
            return []
        found = connection.execute(
            select(assertions.c.id).where(
                assertions.c.extractor == step.extractor,
                tuple_(assertions.c.document_id, assertions.c.document_hash).in_(
                    [(d.id, d.hash) for d in documents]
                ),
                (assertions.c.extractor_version != step.version)
                | (assertions.c.schema_version != self.schema.version),
            )
        )
        return list(found.scalars())

    def _unread(self, mark: str, ids: Sequence[str]) -> list[str]:
        return unread(self.workspace, mark, ids, reviews=self.params.reviews)

    def _wanted(self, document: Document) -> bool:
        return self.params.reviews or document.kind != "review"

    def _subjects(self, ids: Sequence[str]) -> list[Subject]:
        texts: dict[str, list[Document]] = {one: [] for one in ids}
        for document in self.catalogue.documents(ids):
            if self._wanted(document):
                texts[document.product_id].append(document)
        # A product that left the catalogue since the plan was made is passed over.
        products = {product.id: product for product in self.catalogue.products(ids)}
        return [Subject(products[one], tuple(texts[one])) for one in ids if one in products]

    def _heard(self) -> None:
        """A token of the model: the speed is told about once a second, and a wish to stop is heeded at once."""
        self.context.check()
        if time() - self.spoke > SPEED_SECONDS:
            self._speed()

    def _speed(self) -> None:
        self.spoke = time()
        name, todo = self.step
        products, tokens = self.pace.rates()
        left = (todo - self.pace.products) / products if products else None
        self.context.emit(
            "speed",
            products_per_second=products,
            tokens_per_second=tokens,
            seconds_left=left,
            tokens=self.done.tokens,
            money=self.budget.price.of(self.budget.spent),
        )
        self.context.progress(self.pace.products, todo, name)

    def _count(self) -> None:
        self.context.emit("count", products=self.done.products, llm_products=self.done.llm_products)

    def _checkpoint(self) -> dict[str, Any]:
        return {"done": vars(self.done)}


def _batches(ids: Sequence[str], first: int, largest: int) -> Iterator[list[str]]:
    """Small batches first, so that the first facts are seen at once; then as large as the step takes."""
    start, size = 0, first
    while start < len(ids):
        yield list(ids[start : start + size])
        start, size = start + size, min(size * 2, largest)
