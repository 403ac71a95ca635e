"""What a fine-tuning is asked to do: its settings, the labelled texts it learns from, and how long it would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.catalogue.language import detect
from core.catalogue.store import Catalogue
from core.errors import ConfigError, DataError, SchemaError
from core.extract import methods
from core.extract.example import Example
from core.extract.lessons import Labels, LessonConfig, lessons
from core.extract.schema import Schema
from core.extract.teach import examples_of
from core.graph.labelled_export import STANDS, reviewed_texts
from core.graph.labelled_export import lessons as taught_by
from core.graph.reading import read_assertions
from core.graph.review_log import final_verdicts, read_decisions
from core.graph.store import GraphStore
from core.llm.adapters import ADAPTERS, SHIPPED, SHIPPED_NAME, AdapterCard, folder_of
from core.llm.base import ModelCard
from core.llm.files import EMBEDDED
from core.llm.finetune_config import FinetuneConfig, config_of
from core.llm.lessons import Lesson
from core.recommend.forecast import STEPS_REACH, speed
from core.stages.evaluate_texts import of_file
from core.stages.params import parsed
from core.stages.schema_versions import in_force
from core.storage.workspaces import Workspace

Source = Literal["review", "facts", "file"]
LEAST_TEXTS = 8
START_SECONDS = 10.0
_CHARS_PER_TOKEN, _TEMPLATE_CHARS, _BYTES = 3.9, 110, 2
"""Of English prompts and forms; of a chat template; of a weight in half precision."""


class FinetuneParams(BaseModel):
    """The settings of a fine-tuning. ``file`` and ``schema_file`` are hashes of files that were kept."""

    model_config = ConfigDict(extra="forbid")

    base: str = Field(default=EMBEDDED, description="Id of the model that is fine-tuned.")
    name: str = Field(
        default="", max_length=40, description="What the adapter is called; made up if not given."
    )
    start: str = Field(default="", description="Name of the adapter it goes on from; afresh if not given.")
    source: Source = Field(default="review", description="Which labelled texts to learn from.")
    file: str = Field(default="", pattern="^[0-9a-f]*$", description="Hash of the labelled file.")
    schema_file: str = Field(default="", pattern="^[0-9a-f]*$", description="Hash of the schema file.")
    file_name: str = Field(default="", max_length=200, description="What the file is called.")
    most: int | None = Field(default=None, ge=LEAST_TEXTS, description="Most texts; all if not given.")
    lessons: LessonConfig = Field(default_factory=LessonConfig, description="How lessons are made.")
    config: FinetuneConfig = Field(default_factory=FinetuneConfig, description="How it is trained.")

    @model_validator(mode="after")
    def _fits_together(self) -> FinetuneParams:
        if self.source == "file" and not self.file:
            raise ValueError("a labelled file is needed")
        return self


@dataclass(frozen=True, slots=True)
class Material:
    """Labelled texts to learn from; ``foreign`` counts those left out because the model does not speak their
    language."""

    labels: tuple[Labels, ...]
    foreign: int


def start_of(params: FinetuneParams) -> tuple[Path, AdapterCard] | None:
    """The folder and the card of the adapter to go on from; raises ConfigError where it is for another model."""
    if not params.start:
        return None
    folder = SHIPPED if params.start == SHIPPED_NAME else folder_of(params.start)
    card = ADAPTERS.read(folder)
    if card.base != params.base:
        raise ConfigError(
            f"{params.start} is an adapter for {card.base}.",
            where="start",
            remedy=f"Begin with one for {params.base}.",
        )
    return folder, card


def parse(params: Mapping[str, Any]) -> FinetuneParams:
    """The settings as they are meant; raises ConfigError that names the setting."""
    given = dict(params)
    given["config"] = config_of(dict(given.get("config") or {}))
    return parsed(FinetuneParams, given, "The fine-tuning", "finetune")


def material(workspace: Workspace, params: FinetuneParams, card: ModelCard) -> Material:
    """The labelled texts that the model ``card`` can learn from; raises DataError for too few, or an unfit file."""
    found = of_source(workspace, params.source, params.file, params.schema_file, params.file_name)
    return enough(spoken(found, card, params.most))


def of_source(
    workspace: Workspace, source: Source, file: str = "", schema_file: str = "", name: str = ""
) -> list[Labels]:
    """All labelled texts of a source; raises DataError for a file that cannot be read."""
    if source == "file":
        given = of_file(workspace, file, schema_file, name)
        return [Labels.of_query(methods.query(item, given.asked, gold=True)) for item in given.items]
    schema = in_force(workspace).schema
    if schema is None:
        raise SchemaError("The schema has faults.", where="schema", remedy="Correct it in the Schema page.")
    return _of_facts(workspace, schema, reviewed_only=source == "review")


def spoken(labels: Sequence[Labels], card: ModelCard, most: int | None = None) -> Material:
    """At most ``most`` of them, evenly from first to last, without those in languages the model does not speak."""
    kept = [one for one in labels if card.speaks(detect(one.text))]
    foreign = len(labels) - len(kept)
    if most is not None and most < len(kept):
        kept = [kept[at * len(kept) // most] for at in range(most)]
    return Material(tuple(kept), foreign)


def enough(found: Material) -> Material:
    """The same; raises DataError where it is too little to learn from."""
    if len(found.labels) >= LEAST_TEXTS:
        return found
    left = f" ({found.foreign} more are in languages it does not speak)" if found.foreign else ""
    raise DataError(
        f"There are {len(found.labels)} labelled texts that the model can learn from{left}.",
        where="labelled texts",
        remedy=f"At least {LEAST_TEXTS} are needed: review some facts, or give a labelled file.",
    )


def lessons_of(found: Material, params: FinetuneParams) -> list[Lesson]:
    """The lessons that are made of the texts."""
    return lessons(found.labels, params.lessons, params.config.seed)


def _of_facts(workspace: Workspace, schema: Schema, *, reviewed_only: bool) -> list[Labels]:
    store = GraphStore(workspace)
    graph = store.graph()
    with workspace.db.read() as reader:
        assertions = {a.id: a for a in read_assertions(reader)}
        verdicts = final_verdicts(read_decisions(reader)) if reviewed_only else {}
    categories = {product.id: product.category or "" for product in Catalogue(workspace).products()}
    examples: Iterable[Example]
    if reviewed_only:
        examples = taught_by(reviewed_texts(store, graph, assertions, verdicts, categories))
    else:
        stands = [assertions[i] for i, how in graph.standing.items() if how in STANDS and i in assertions]
        documents = {e.document.id: e.document for e in store.evidence_of([a.id for a in stands], graph)}
        examples = examples_of(documents.values(), stands, categories)
    made = (Labels.of_example(example, schema) for example in examples)
    return [one for one in made if one.attributes]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to train on: ``tokens`` are those computed in one pass, about."""

    lessons: int
    texts: int
    tokens: int


def size_of(given: Sequence[Lesson], batch: int) -> Size:
    """How much lessons come to: what their prompts begin with is computed once a batch."""
    shared = sum(lesson.start for lesson in given) + _TEMPLATE_CHARS * len(given)
    own = sum(len(lesson.prompt) + len(lesson.reply) - lesson.start for lesson in given)
    tokens = round((own + shared / batch) / _CHARS_PER_TOKEN)
    return Size(len(given), len({lesson.text for lesson in given}), tokens)


def forecast(
    size: Size, config: FinetuneConfig, base: ModelCard, past: Iterable[AdapterCard] = ()
) -> float | None:
    """Seconds that it would take: by the speed that the latest fine-tuning of the same kind measured, else by the
    operations of a step (four a weight and token) and the speed of this machine in a matrix product.

    ``past`` are the cards of adapters for the same base model. None where neither speed nor size is known.
    """
    kept = 1.0 - config.valid_share
    passes = float(config.epochs)
    each = max(1.0, kept * size.lessons / (config.batch_size * config.accumulation))
    if config.steps:
        passes = min(passes, config.steps / each)
    checking = (1 + passes * config.checks) * max(config.valid_share * size.lessons, 16.0) / size.lessons / 3
    tokens = size.tokens * (passes * kept + checking)
    same = [card for card in past if card.kind == config.kind.value and card.tokens_per_s > 0]
    latest = max(same, key=lambda card: card.created_at, default=None)
    if latest is None and not base.size:
        return None
    rate = latest.tokens_per_s if latest else STEPS_REACH * speed() / (4.0 * base.size / _BYTES)
    return START_SECONDS + tokens / rate
