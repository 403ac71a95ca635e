"""A labelled text: what readers learn from and are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.extract.ground import Span

KINDS = ("text", "review")


@dataclass(frozen=True, slots=True)
class Example:
    """A text and the values in it. ``kind`` is one of ``KINDS``; ``known`` holds column values by relation."""

    text: str
    spans: tuple[Span, ...]
    category: str = ""
    kind: str = "text"
    known: Mapping[str, str] = field(default_factory=dict)
