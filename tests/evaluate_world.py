"""Labelled texts, a tagger that only knows what it was taught, and a workspace with a judged evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.extract.ground import Span, find
from core.extract.labelled import Asked, Labelled

COLORS = ("red", "blue", "green", "black", "white")
SIZES = ("10 l", "2 kg", "30 cm")


def line(number: int) -> dict[str, Any]:
    """A text with a brand of its own, and a color and a size that others have too."""
    category = ("Bags", "茶")[number % 2]
    color, size = COLORS[number % 5], SIZES[number % 3]
    text = f"Maker{number} {category}, {color}, {size}, made to last"
    values = {"Brand": [f"Maker{number}"], "Color": [color], "Size": [size], "Origin": []}
    return {"id": f"p{number}", "category": category, "text": text, "values": values}


def jsonl(count: int) -> bytes:
    return "".join(json.dumps(line(n), ensure_ascii=False) + "\n" for n in range(count)).encode()


class Rote:
    """Reads exactly the words it was taught under the attribute it was taught them, and makes one thing up."""

    def __init__(self, train: Sequence[Labelled]) -> None:
        self.taught = {(name, s) for item in train for name, found in item.values.items() for s in found}

    def values(self, queries: Sequence[Any]) -> list[dict[str, Span]]:
        return [self._one(query.text) for query in queries]

    def _one(self, text: str) -> dict[str, Span]:
        found = {
            name: Span(*find(text, surface)[0], name, 0.9)
            for name, surface in sorted(self.taught)
            if find(text, surface)
        }
        last = find(text, "last")[0]
        return {**found, "Origin": Span(*last, "Origin", 0.3)}


class Teacher:
    """Stands in for ``methods.taught``; remembers what it taught."""

    def __init__(self, epochs: int = 2) -> None:
        self.lessons: list[list[str]] = []
        self.epochs = epochs

    def __call__(
        self,
        train: Sequence[Labelled],
        asked: Asked,
        config: object = None,
        *,
        judged: Sequence[Labelled],
        on_epoch: Callable[[int, int, float], None],
    ) -> Rote:
        assert asked
        assert not {item.id for item in judged} & {item.id for item in train}
        self.lessons.append([item.id for item in train])
        for epoch in range(self.epochs):
            on_epoch(epoch + 1, self.epochs, 1.0 / (epoch + 1))
        return Rote(train)


def settings_of(file: str, **others: object) -> Mapping[str, Any]:
    return {"source": "file", "file": file, "name": "bags.jsonl", **others}
