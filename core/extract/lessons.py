"""Lessons for fine-tuning a language model: the question that the reader will put, with the reply it should get.

What is asked of a text without being in it is part of the lesson, so that the model learns to write none. Texts of a
category are asked alike in small groups, so that the start of their prompts is computed once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from core.extract.example import Example
from core.extract.ground import Span
from core.extract.llm_reader import LlmConfig
from core.extract.prompt import Question, ask
from core.extract.query import Query
from core.extract.reworded import reworded
from core.extract.schema import Attribute, Schema
from core.extract.similar import Similar, cut
from core.llm.grammar import CopyForm
from core.llm.lessons import Lesson


class LessonConfig(BaseModel):
    """How lessons are made of labelled texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    absent: float = Field(
        default=1.0,
        ge=0.0,
        le=1.0,
        description="Share of the attributes without a value that are asked as well.",
    )
    reword: bool = Field(
        default=False, description="Give a part of the attributes other names of the same meaning."
    )
    shots: int = Field(default=0, ge=0, le=8, description="Most similar labelled texts shown in a prompt.")
    group: int = Field(default=8, ge=1, le=512, description="Texts that are asked alike.")


@dataclass(frozen=True, slots=True)
class Labels:
    """A labelled text and what is asked of it; the relations of the spans are those of the attributes."""

    text: str
    category: str
    spans: tuple[Span, ...]
    attributes: tuple[Attribute, ...]

    @staticmethod
    def of_query(query: Query) -> Labels:
        """Attributes as a query words them: a name, or a name and its description."""
        attributes = tuple(
            Attribute(relation, {"en": name}, {"en": told} if told else {})
            for relation, wording in query.asked.items()
            for name, _, told in (wording.partition(": "),)
        )
        return Labels(query.text, query.category, query.spans, attributes)

    @staticmethod
    def of_example(example: Example, schema: Schema) -> Labels:
        """What the schema asks of such a text; spans of other relations are left out."""
        source = "review" if example.kind == "review" else "product"
        attributes = schema.attributes(example.category, source)
        asked = {attribute.relation for attribute in attributes}
        kept = tuple(span for span in example.spans if span.relation in asked)
        return Labels(example.text, example.category, kept, attributes)


def lessons(
    labelled: Iterable[Labels],
    config: LessonConfig | None = None,
    seed: int = 0,
    reading: LlmConfig | None = None,
) -> list[Lesson]:
    """The lessons of labelled texts, a lesson for each chunk that the reader would make of a text.

    ``reading`` is how the model will be asked later on.
    """
    chosen, later = config or LessonConfig(), reading or LlmConfig()
    drawn = random.Random(seed)
    parts = [part for one in labelled for part in _parts(one, later.chunk_chars)]
    shown = Similar([_example(part) for part in parts]) if chosen.shots else None
    made: list[Lesson] = []
    for group in _groups(parts, chosen.group, drawn):
        asked = _reworded(group, drawn) if chosen.reword else group
        kept = _asked(asked, chosen.absent, drawn)
        for part in asked:
            near = shown.nearest(part.text, drawn.randint(0, chosen.shots), part.category) if shown else []
            made += _lesson(replace(part, attributes=kept), near, later)
    return made


def reply_of(question: Question, text: str, spans: Sequence[Span]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The reply that names these values, in text order, and the ranges of it that the grammar leaves open.

    A value that the form does not let through is left out.
    """
    values: dict[str, list[str]] = {}
    for name, relation in question.relations.items():
        own = sorted({(s.start, s.end) for s in spans if s.relation == relation})
        found = [text[start:end] for start, end in own]
        good = [value for value in dict.fromkeys(found) if copyable(question.form, value)]
        values[name] = good[: question.form.max_values]
    return question.form.render(values), question.form.chosen(values)


def copyable(form: CopyForm, value: str) -> bool:
    """Whether the form lets this value through: whole pieces on one line, and not too long."""
    if not 0 < len(value) <= form.max_chars or value != value.strip() or not value.isprintable():
        return False
    starts, at = {0}, 0
    for piece in form.pieces:
        at += len(piece)
        starts.add(at)
    text, place = form.text, form.text.find(value)
    while place >= 0:
        if place in starts and place + len(value) in starts:
            return True
        place = text.find(value, place + 1)
    return False


def _lesson(part: Labels, near: Sequence[Example], reading: LlmConfig) -> list[Lesson]:
    if not part.attributes:
        return []
    question = ask(
        part.text, part.attributes, near, max_chars=reading.prompt_chars, max_values=reading.max_values
    )
    reply, chosen = reply_of(question, part.text, part.spans)
    return [Lesson(question.prompt, reply, chosen, part.text, question.start)]


def _parts(one: Labels, limit: int) -> list[Labels]:
    return [replace(one, text=part.text, spans=part.spans) for part in cut(_example(one), limit)]


def _example(one: Labels) -> Example:
    return Example(one.text, one.spans, one.category)


def _groups(parts: Sequence[Labels], size: int, drawn: random.Random) -> list[list[Labels]]:
    """Parts of which the same is asked, in groups of at most ``size``."""
    alike: dict[str, list[Labels]] = {}
    for part in parts:
        alike.setdefault(repr((part.category, part.attributes)), []).append(part)
    made = []
    for same in alike.values():
        drawn.shuffle(same)
        made += [same[at : at + size] for at in range(0, len(same), size)]
    return made


def _asked(group: Sequence[Labels], absent: float, drawn: random.Random) -> tuple[Attribute, ...]:
    """The attributes that any of these texts has a value of, and a share of the others."""
    valued = {span.relation for part in group for span in part.spans}
    return tuple(a for a in group[0].attributes if a.relation in valued or drawn.random() < absent)


def _reworded(group: Sequence[Labels], drawn: random.Random) -> list[Labels]:
    """The same texts, asked in other words: one draw for all of them."""
    wording = {
        a.relation: f"{name}: {told}" if (told := a.described("en")) else name
        for a in group[0].attributes
        for name in (a.named("en"),)
    }
    together = tuple(span for part in group for span in part.spans)
    query = reworded(Query("", group[0].category, wording, together), drawn)
    found = Labels.of_query(query)
    spans = iter(found.spans)
    return [
        replace(part, attributes=found.attributes, spans=tuple(next(spans) for _ in part.spans))
        for part in group
    ]
