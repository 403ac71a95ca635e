"""Labels from a catalogue where a page shows them: cut to a width, and read literally where Markdown is read."""

from __future__ import annotations

import re
import unicodedata

LABEL = 24
"""Columns of a label beside others."""
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&])")


def literal(text: str) -> str:
    """The text for a label that is read as Markdown: every sign that means something is escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def shorten(label: str, most: int = LABEL) -> str:
    """A label of at most ``most`` columns, of which wide characters take two."""
    width = 0
    for position, character in enumerate(label):
        width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if width > most:
            return label[: position - 1].rstrip(" ,;·-，、") + "…"
    return label
