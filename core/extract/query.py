"""The question put to taggers: a text, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.extract.ground import Span

MAX_ASKED = 24
"""As many attributes are asked in one reading; more are asked in several."""


@dataclass(frozen=True, slots=True)
class Query:
    """A text and what is asked of it: ``asked`` is relation → wording. ``spans`` are the gold ones in training."""

    text: str
    category: str
    asked: Mapping[str, str]
    spans: tuple[Span, ...] = ()
