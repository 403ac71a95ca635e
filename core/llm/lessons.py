"""What a model is fine-tuned on: prompts with the replies they should have, as tokens, in batches that begin alike.

Only what the model chooses for itself when it reads counts in the loss: names and separators that the grammar forces
are in the sequence but not learned. The start that all prompts of a batch share is computed once for the batch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.domain import canonical_json, content_hash
from core.errors import DataError

LEAST_VALID = 16


@dataclass(frozen=True, slots=True)
class Lesson:
    """A prompt and the reply it should have. ``chosen`` are the ranges of the reply that the model chooses itself, as
    (start, end) in characters; ``text`` is what the lesson is about: lessons on one text are never divided between
    training and validation. The first ``start`` characters of the prompt are those of others as well."""

    prompt: str
    reply: str
    chosen: tuple[tuple[int, int], ...]
    text: str
    start: int = 0


@dataclass(frozen=True, slots=True)
class Encoded:
    """A lesson as token ids. ``learned`` are the positions (of prompt and reply together) whose token is learned,
    each at least 1; ``opening`` is the start that its prompt has in common with others."""

    ids: tuple[int, ...]
    prompt: int
    learned: tuple[int, ...]
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lessons that are computed together; ``shared`` counts the leading tokens they have in common."""

    items: tuple[Encoded, ...]
    shared: int

    @property
    def tokens(self) -> int:
        """Tokens that are computed: the shared start once, the rest of each with its padding."""
        return self.shared + len(self.items) * (max(len(item.ids) for item in self.items) - self.shared)


def data_hash(lessons: Iterable[Lesson]) -> str:
    """The hash of lessons, whatever their order."""
    return content_hash(canonical_json(sorted((one.prompt, one.reply) for one in lessons)))


def split(lessons: Sequence[Lesson], share: float, seed: int) -> tuple[list[Lesson], list[Lesson]]:
    """Training and validation lessons, divided by texts: ``share`` of the texts, at least 16, at most half of them.

    Raises DataError for fewer than two texts.
    """
    texts = sorted({lesson.text for lesson in lessons})
    if len(texts) < 2:
        raise DataError(
            f"There are {len(texts)} texts to learn from.",
            where="lessons",
            remedy="Accept or label facts in at least two texts.",
        )
    random.Random(seed).shuffle(texts)
    kept = set(texts[: min(max(LEAST_VALID, round(share * len(texts))), len(texts) // 2)])
    return [one for one in lessons if one.text not in kept], [one for one in lessons if one.text in kept]


def encode(
    lessons: Iterable[Lesson], prompt_ids: Callable[[str], list[int]], tokenizer: Any, most: int
) -> list[Encoded]:
    """Lessons as tokens; those of more than ``most`` tokens, or with nothing to learn, are left out."""
    made = (_encode(lesson, prompt_ids(lesson.prompt), tokenizer) for lesson in lessons)
    return [item for item in made if item.learned and len(item.ids) <= most]


def _encode(lesson: Lesson, prompt: list[int], tokenizer: Any) -> Encoded:
    told = tokenizer(lesson.reply, add_special_tokens=False, return_offsets_mapping=True)
    learned = [
        len(prompt) + at
        for at, (start, end) in enumerate(told["offset_mapping"])
        if any(start < last and first < end for first, last in lesson.chosen)
    ]
    return Encoded((*prompt, *told["input_ids"]), len(prompt), tuple(learned), lesson.prompt[: lesson.start])


def batches(items: Sequence[Encoded], size: int, drawn: random.Random | None = None) -> list[Batch]:
    """Items that begin alike, and among them those of like length, together; in an order that ``drawn`` shuffles.

    Which ones of like length meet changes with it, how many batches there are does not.
    """
    groups: dict[str, list[Encoded]] = {}
    for item in items:
        groups.setdefault(item.opening, []).append(item)
    made: list[list[Encoded]] = []
    left: list[Encoded] = []
    for group in groups.values():
        ordered = _by_length(group, drawn)
        whole = len(ordered) - len(ordered) % size
        made += [ordered[at : at + size] for at in range(0, whole, size)]
        left += ordered[whole:]
    ordered = _by_length(left, drawn)
    made += [ordered[at : at + size] for at in range(0, len(ordered), size)]
    if drawn:
        drawn.shuffle(made)
    return [_batch(chosen) for chosen in made]


def _by_length(items: Sequence[Encoded], drawn: random.Random | None) -> list[Encoded]:
    jitter = [drawn.uniform(0.9, 1.1) if drawn else 1.0 for _ in items]
    places = sorted(range(len(items)), key=lambda at: (len(items[at].ids) * jitter[at], items[at].ids))
    return [items[at] for at in places]


def _batch(items: Sequence[Encoded]) -> Batch:
    shortest = min(item.prompt for item in items) - 1
    first = items[0].ids
    shared = min((_common(first, item.ids) for item in items), default=0)
    return Batch(tuple(items), max(0, min(shared, shortest)))


def _common(a: Sequence[int], b: Sequence[int]) -> int:
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
