"""Cleaning of text as shops deliver it: tags out, entities decoded, scripts dropped. Linear in the text's length.

Cleaning is a recorded step: ``Cleaned.steps`` names what was done, and the raw text is kept beside the clean one.
"""

from __future__ import annotations

import html
import re
from typing import NamedTuple

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]{0,30})(?=[\s/>])")
_HANDLER = re.compile(r"\bon[a-z]+\s*=|javascript:", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile("[^\\S\n]+")
_LINES = re.compile(r" ?\n\s*")
_TAG_CHARS = 2_000

_BLOCKS_NAMES = """
address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3
h4 h5 h6 header hr li main nav ol option p pre section summary table tbody td tfoot th thead tr
ul
"""
_BLOCKS = frozenset(_BLOCKS_NAMES.split())
_INLINE_NAMES = """
a abbr acronym applet audio b base basefont bdi bdo big body button canvas caption center cite
code col colgroup data del details dfn dialog dir em embed font frame frameset head html i
iframe img input ins kbd label legend link map mark marquee math meta meter nobr noframes
noscript object optgroup output param picture progress q rp rt ruby s samp select slot small
source span strike strong sub sup svg template textarea time tt u var video wbr
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_DROPPED = frozenset(
    ("script", "style", "title", "iframe", "noscript", "template", "object", "svg", "textarea")
)


class Cleaned(NamedTuple):
    """The text to work with, and what was done to get it (in order; () where the text was clean)."""

    text: str
    steps: tuple[str, ...] = ()


def clean(raw: str) -> Cleaned:
    """Clean one text field. Steps: ``scripts``, ``tags``, ``entities``, ``control``; white space is tidied without a
    step. HTML that was escaped once more is unpacked too; a "<" that opens no tag stays."""
    text, steps = raw, dict[str, None]()
    for _ in range(3):
        before = text
        if "<" in text:
            text, dropped = _without_tags(text)
            steps |= dict.fromkeys(["scripts"] if dropped else [])
            steps |= dict.fromkeys(["tags"] if text != before else [])
        if "&" in text and _ENTITY.search(text):
            text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
            steps["entities"] = None
        if text == before:
            break
    readable = _SURROGATE.sub("\ufffd", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    if len(readable) < len(text.replace("\r\n", "\n")):
        steps["control"] = None
    return Cleaned(_LINES.sub("\n", _BLANKS.sub(" ", readable)).strip(), tuple(steps))


def clean_line(raw: str) -> str:
    """Clean a field that has one line: title, brand, category, an attribute."""
    return clean(raw).text.replace("\n", " ") if raw else ""


def _without_tags(text: str) -> tuple[str, bool]:
    """(the text without comments, tags and the content of scripts, whether a script was dropped)."""
    parts: list[str] = []
    position, scripts = 0, False
    lowered = text.lower() if len(text.lower()) == len(text) else text
    last_comment, last_tag = text.rfind("-->"), text.rfind(">")
    unclosed: set[str] = set()  # what was searched for in vain is not searched for again
    while (start := text.find("<", position)) >= 0:
        parts.append(text[position:start])
        if text.startswith("<!--", start):
            position = text.find("-->", start + 4) + 3 if start + 4 <= last_comment else start + 4
            continue
        end, name = _tag_end(text, start, closed=start < last_tag)
        if not end:
            parts.append("<")
            position = start + 1
            continue
        if name in _DROPPED and text[start + 1] != "/" and text[end - 2 : end] != "/>":
            scripts = scripts or name in ("script", "style")
            closing = -1 if name in unclosed else lowered.find(f"</{name}", end)
            if closing >= 0:
                end = text.find(">", closing) + 1 or len(text)
            else:
                unclosed.add(name)
                end = len(text) if name == "script" else end
        parts.append("\n" if name in _BLOCKS else "")
        position = end
    parts.append(text[position:])
    return "".join(parts), scripts


def _tag_end(text: str, start: int, *, closed: bool) -> tuple[int, str]:
    """(position after the tag that begins at ``start`` or 0 where none does, its name in lower case).

    A name that is not HTML is taken for text ("<Model X>") unless it carries a handler.
    """
    if text[start + 1 : start + 2] in ("!", "?"):
        return text.find(">", start, start + _TAG_CHARS) + 1, ""
    opening = _TAG.match(text, start, start + 40)
    if not opening:
        return 0, ""
    end = text.find(">", start, start + _TAG_CHARS) + 1 if closed else 0
    name = opening[1].lower()
    armed = _HANDLER.search(text, start, end or start + 300) is not None
    if not (armed or name in _BLOCKS or name in _INLINE or name in _DROPPED or ":" in name):
        return 0, ""
    if not end:
        return (len(text), name) if armed or name == "script" else (0, "")
    return end, name
