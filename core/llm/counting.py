"""How many tokens a prompt has: by the model's own tokenizer where it is on this machine, else roughly."""

from __future__ import annotations

import re
from typing import Protocol, runtime_checkable

from core.llm.base import LanguageModel

_CHARS, _WIDE_CHARS = 4.0, 1.4
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


@runtime_checkable
class Counts(Protocol):
    """A model that knows its tokens."""

    def count(self, prompt: str) -> int:
        """Tokens of the prompt as the model reads it."""
        ...


def tokens_of(model: LanguageModel, prompt: str) -> int:
    """Tokens of a prompt: exact where the model can tell, else by its length (four characters a token, 1.4 of a
    script written without spaces)."""
    return model.count(prompt) if isinstance(model, Counts) else roughly(prompt)


def roughly(text: str) -> int:
    """About how many tokens a text has."""
    wide = len(_WIDE.findall(text))
    return round(wide / _WIDE_CHARS + (len(text) - wide) / _CHARS)
