"""Words of texts in scripts without spaces, with their parts of speech, from jieba's dictionary."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Segment:
    """A word with its offsets; ``kind`` is jieba's part of speech ("n", "v", "nr", "x" for signs and white space)."""

    text: str
    start: int
    end: int
    kind: str


@lru_cache(maxsize=4_096)
def segments(text: str) -> tuple[Segment, ...]:
    """The words of a text in order; joined they are the text again."""
    found = []
    start = 0
    for word in _cutter().cut(text):
        end = start + len(word.word)
        found.append(Segment(word.word.casefold(), start, end, word.flag))
        start = end
    return tuple(found)


@cache
def _cutter() -> Any:
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    return jieba.posseg.dt
