"""Tokens with offsets, the same for tagger, grammar and grounding.

A token is a run of letters, a run of digits (with inner decimal point or comma), one CJK character, or one other
character; combining marks, joiners and variation selectors stay with what they follow. Offsets are code points.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_MARK = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0903"
    "\u093a-\u094f\u0e31\u0e34-\u0e4e\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f"
    "\ufe20-\ufe2f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef"
)
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)*[{_MARK}]*|[{_CJK}][{_MARK}]*"
    rf"|(?:(?![{_CJK}\d_])\w[{_MARK}]*)+|\s+|(?:.(?:\u200d.|[{_MARK}])*)",
    re.DOTALL,
)
_HAS_CJK = re.compile(f"[{_CJK}]")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])|\n+")


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``text == document[start:end]``."""

    text: str
    start: int
    end: int


def pieces(text: str) -> list[Token]:
    """All pieces of the text, white space too, so that they join to the text again."""
    return [Token(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]


def tokenize(text: str) -> list[Token]:
    """The pieces that are not white space."""
    return [piece for piece in pieces(text) if not piece.text.isspace()]


def has_cjk(text: str) -> bool:
    """Whether any character is of a script written without spaces."""
    return _HAS_CJK.search(text) is not None


def fold(text: str) -> str:
    """NFKC, case-folded, white space collapsed: the form in which words are compared."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def sentences(text: str) -> list[Token]:
    """Sentences with offsets, without surrounding white space."""
    found, start = [], 0
    for stop, following in [(m.start(), m.end()) for m in _SENTENCE.finditer(text)] + [
        (len(text), len(text))
    ]:
        part = text[start:stop]
        if part.strip():
            left = start + len(part) - len(part.lstrip())
            right = start + len(part.rstrip())
            found.append(Token(text[left:right], left, right))
        start = following
    return found


def chunks(text: str, limit: int) -> list[Token]:
    """Whole sentences packed into chunks of at most ``limit`` characters; a longer sentence is cut at a token."""
    packed: list[Token] = []
    for sentence in sentences(text):
        for part in _cut(sentence, limit):
            last = packed[-1] if packed else None
            if last and part.end - last.start <= limit and "\n" not in text[last.end : part.start]:
                packed[-1] = Token(text[last.start : part.end], last.start, part.end)
            else:
                packed.append(part)
    return packed


def _cut(sentence: Token, limit: int) -> list[Token]:
    if len(sentence.text) <= limit:
        return [sentence]
    parts, start, stop = [], sentence.start, sentence.start
    for piece in pieces(sentence.text):
        end = sentence.start + piece.end
        if end - start > limit and stop > start:
            parts.append(Token(sentence.text[start - sentence.start : stop - sentence.start], start, stop))
            start = stop
        stop = end
    parts.append(Token(sentence.text[start - sentence.start :], start, sentence.end))
    return [part for part in parts if part.text.strip()]
