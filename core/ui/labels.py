"""Labels from a catalogue, read literally where Markdown is read."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:^=&])")


def literal(text: str) -> str:
    """The text for a label that is read as Markdown: every sign that means something is escaped."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))
