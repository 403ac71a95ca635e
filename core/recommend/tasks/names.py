"""Words that would give a class away, and how they are taken out of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

_SPACED = re.compile(r"[^\W_]", re.UNICODE)
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, eq=False)
class Names:
    """Surface forms, longest first where they overlap; compared without case and at word boundaries where the script
    has them."""

    forms: tuple[str, ...] = ()

    @staticmethod
    def of(forms: Iterable[str]) -> Names:
        """Without empty forms and those of one letter, each once."""
        kept = {form.strip().casefold() for form in forms if len(form.strip()) > 1}
        return Names(tuple(sorted(kept, key=lambda form: (-len(form), form))))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.forms:
            return None
        return re.compile("|".join(_bounded(form) for form in self.forms), re.IGNORECASE)

    def hide(self, text: str) -> str:
        """The text with every form replaced by spaces of its length, so that offsets stay."""
        return self._pattern.sub(lambda m: " " * len(m.group()), text) if self._pattern else text

    def within(self, text: str) -> bool:
        """Whether any form stands in the text."""
        return bool(self._pattern and self._pattern.search(text))


def _bounded(form: str) -> str:
    left = r"(?<![^\W_])" if _edge(form[0]) else ""
    right = r"(?![^\W_])" if _edge(form[-1]) else ""
    return left + re.escape(form) + right


def _edge(letter: str) -> bool:
    return bool(_SPACED.match(letter)) and not _UNSPACED.match(letter)
