"""What plain statistics find in a sample of products: values that stand in its texts, and what they seem to be of.

Four places are looked at: columns of the files, "key: value" lines, numbers with a unit, and words that the tagger and
the lexicon know. A finding is a span of a document, so nothing in it can be invented.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from core.domain import Document, DocumentKind
from core.extract import columns, patterns, quantity
from core.extract.ground import says_something, without_overlaps
from core.extract.schema import Attribute, Schema, default, load
from core.extract.tagger import Tagger
from core.extract.tokens import Token, fold, has_cjk, tokenize
from core.ontology import relation_name
from core.settings import ASSETS

STOCK_PATH = ASSETS / "schemas" / "stock" / "attributes.yaml"
SOURCES = ("columns", "lines", "quantities", "tagger", "model")
TAGGER_SURE = 0.5
_RELATION_OF_UNIT = {
    "ml": "capacity",
    "g": "weight",
    "mm": "size",
    "W": "power",
    "mAh": "batteryCapacity",
    "V": "voltage",
    "GB": "storage",
    "h": "runTime",
    "gsm": "fabricWeight",
    "cm2": "area",
}
_KEY = r"[A-Za-zÀ-ÿ\u3400-\u9fff][\w &/\-]{0,27}?"
_LINE = re.compile(
    rf"(?:^|[\n\r;；。|•·,，]|[.!?]\s)[ \t\-*•]*(?P<key>{_KEY})\s*[:：]\s*(?P<value>[^\n\r;；。|•]{{1,60}}?)"
    r"(?=\s*(?:[\n\r;；。|•,，]|[.!?](?:\s|$)|$))"
)
_BRACKETED = re.compile(r"【(?P<key>[^】\n]{1,16})】\s*(?P<value>[^\n\r;；。，,【]{1,40})")
_NO_KEY_WORDS = """
note notes tip tips warning caution attention please http https faq question answer p.s ps step example
注意 提示 温馨提示 备注 说明 警告 问 答
"""
_NO_KEYS = frozenset(_NO_KEY_WORDS.split())


@dataclass(frozen=True, slots=True)
class Finding:
    """``document.text[start:end]`` is a value of ``relation``. ``label`` is what the catalogue calls it, "" where it
    does not; ``source`` is one of ``SOURCES``."""

    relation: str
    source: str
    document: Document
    start: int
    end: int
    label: str = ""

    @property
    def value(self) -> str:
        """The words."""
        return self.document.text[self.start : self.end]


@cache
def stock() -> Mapping[str, Attribute]:
    """Attributes that are common in shops, by relation."""
    return {attribute.relation: attribute for attribute in load(STOCK_PATH).general}


def definitions(schema: Schema) -> dict[str, Attribute]:
    """Every attribute that is known by relation: as the schema has it, else as the shipped one or the stock do."""
    listed = (*default().every, *schema.every)
    return {**stock(), **{attribute.relation: attribute for attribute in listed}}


def find(
    documents: Sequence[Document], schema: Schema, category: str, tagger: Tagger | None
) -> list[Finding]:
    """All findings in these documents; reviews are left aside."""
    known = definitions(schema)
    by_label = {fold(text): a.relation for a in known.values() for text in (*a.label.values(), a.relation)}
    found: list[Finding] = []
    for document in documents:
        if document.kind is DocumentKind.CELL:
            found += _cell(document, schema, by_label)
        elif document.kind is DocumentKind.TEXT:
            found += _lines(document, schema, by_label)
            found += _quantities(document)
            found += _tagged(document, category, tagger)
    return [finding for finding in found if says_something(finding.value)]


def _cell(document: Document, schema: Schema, by_label: Mapping[str, str]) -> Iterator[Finding]:
    if not document.field.startswith("attr:"):
        return
    column = document.field.removeprefix("attr:")
    relation = _named(column, schema, by_label)
    for start, end in columns.values(document.text):
        if end - start <= 80:
            yield Finding(relation, "columns", document, start, end, column.replace("_", " ").strip())


def _lines(document: Document, schema: Schema, by_label: Mapping[str, str]) -> Iterator[Finding]:
    for pattern in (_LINE, _BRACKETED):
        for match in pattern.finditer(document.text):
            key = match["key"].strip()
            if not _is_key(key):
                continue
            start, end = match.span("value")
            text = document.text[start:end]
            start, end = start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))
            if start < end:
                yield Finding(_named(key, schema, by_label), "lines", document, start, end, key)


def _is_key(key: str) -> bool:
    words = key.split()
    return len(words) <= 3 and len(key) >= 2 and fold(key) not in _NO_KEYS and fold(words[0]) not in _NO_KEYS


def _named(key: str, schema: Schema, by_label: Mapping[str, str]) -> str:
    """The relation a heading of the catalogue means: a known one by label or synonym, else one of its own."""
    plain = fold(key.replace("_", " "))
    return by_label.get(plain) or columns.relation_of(key, schema) or relation_name(key)


def _quantities(document: Document) -> Iterator[Finding]:
    tokens = tokenize(document.text)
    at = 0
    while at < len(tokens):
        width, relation = _quantity_at(document.text, tokens, at)
        if width:
            yield Finding(relation, "quantities", document, tokens[at].start, tokens[at + width - 1].end)
        at += max(width, 1)


def _quantity_at(text: str, tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """Width in tokens and relation of the longest number with a unit that begins here; (0, "") for none."""
    first = tokens[at]
    if not first.text[0].isdigit():
        return 0, ""
    for width in range(min(9, len(tokens) - at), 1, -1):
        words = text[first.start : tokens[at + width - 1].end]
        whole = len(words) <= 30 and (words[-1].isalnum() or words[-1] in '"″')
        found = quantity.parse(words) if whole else None
        if found is None:
            continue
        if found.kind == "dimensions":
            return width, "size"
        if found.kind == "count":
            return (width, "packSize") if any(c.isalpha() for c in words) else (0, "")
        relation = _RELATION_OF_UNIT.get(found.key.rpartition(" ")[2], "")
        return (width, relation) if relation else (0, "")
    return 0, ""


def _tagged(document: Document, category: str, tagger: Tagger | None) -> Iterator[Finding]:
    spans = list(patterns.product_spans(document.text))
    if tagger is not None:
        tagging = tagger.read(document.text, category, "text")
        spans += [span for span in tagging.spans if span.confidence >= TAGGER_SURE]
    for span in without_overlaps(spans):
        yield Finding(span.relation, "tagger", document, span.start, span.end)


def language_of(document: Document) -> str:
    """``zh`` or ``en``: the language its values are examples of."""
    return "zh" if (document.language or "").startswith("zh") or has_cjk(document.text) else "en"


def commonest(values: Iterable[str]) -> list[str]:
    """Distinct values, the most frequent first; those that differ only in case count as one."""
    listed = list(values)
    counts = Counter(fold(value) for value in listed)
    first: dict[str, str] = {}
    for value in listed:
        first.setdefault(fold(value), value)
    return [first[key] for key, _ in counts.most_common()]
