"""Text that a format cannot hold as it is, spelt so that it can, and back: XML, spreadsheets' CSV, IRIs, Cypher."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RAW_XML = re.compile(
    "[\r\x7f-\x9f]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|_(?=x[0-9A-F]{4}_)"
)
_SPELT_XML = re.compile("_x([0-9A-F]{4})_")
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;"}
_MARKUP_IN = re.compile('[&<>"\t\n]')
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def to_xml(text: str) -> str:
    """Text for XML, in an attribute or an element: what XML has no place for reads ``_x0007_``, as Office writes it."""
    spelt = _RAW_XML.sub(lambda m: f"_x{ord(m[0]):04X}_", text)
    return _MARKUP_IN.sub(lambda m: _MARKUP[m[0]], spelt)


def from_xml(text: str) -> str:
    """The text that ``to_xml`` spelt, after an XML parser has undone the markup."""
    return _SPELT_XML.sub(lambda m: chr(int(m[1], 16)), text)


def json_in_xml(text: str) -> str:
    """JSON for an XML element: what XML has no place for is spelt as JSON spells it."""
    legal = _NOT_XML.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
    return legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_cell(text: str) -> str:
    """Text for a cell that a spreadsheet will not run: an apostrophe goes before what could start a formula."""
    return "'" + text if _FORMULA.match(text) else text


def from_cell(text: str) -> str:
    """The text that ``to_cell`` armoured."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def to_iri(text: str) -> str:
    """Text as the last part of an IRI."""
    return quote(text, safe="")


def from_iri(text: str) -> str:
    """The text of the last part of an IRI."""
    return unquote(text)


def cypher_name(name: str) -> str:
    """A label or relationship type of Cypher, whatever characters it has."""
    return "`" + (name.replace("`", "``").replace("\0", "\ufffd") or "_") + "`"


def cypher_text(text: str) -> str:
    """A string of Cypher, in single quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
