"""Cells that a spreadsheet shows and does not run (CWE-1236, formula injection)."""

from __future__ import annotations

import re

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*([eE][+-]?\d+)?%?")


def defused(text: str) -> str:
    """The text, led by an apostrophe if a spreadsheet would take it for a formula; plain numbers stay as they are."""
    if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text):
        return "'" + text
    return text
