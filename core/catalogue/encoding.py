"""Which encoding a text file is in: byte-order mark, then UTF-8 by proof, then the likeliest of the others."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from core.catalogue.rows import BLOCK, Content
from core.errors import UnreadableFile

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY = ["gb18030", "big5", "shift_jis", "euc_kr", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254"]
_SAMPLE = 1 << 18
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_NOT_ASCII = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")


class Encoding(NamedTuple):
    """The name Python knows it by, and whether some bytes do not fit it (they become U+FFFD)."""

    name: str
    damaged: bool = False


def detect(content: Content, name: str = "") -> Encoding:
    """The encoding of a text; raises UnreadableFile for content that is no text at all."""
    head = content.head(_SAMPLE)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return Encoding(encoding, not _fits(content, encoding))
    if wide := _without_mark(head):
        return Encoding(wide, not _fits(content, wide))
    if len(_CONTROL.findall(head)) > 0.01 * len(head):
        raise UnreadableFile(
            "This is a binary file, not text.",
            where=name,
            remedy="Save it as CSV, Excel (.xlsx), JSON, JSON Lines, Parquet or plain text.",
        )
    if _fits(content, "utf-8"):
        return Encoding("utf-8")
    if _mostly_utf8(content.head(8 * BLOCK)):
        return Encoding("utf-8", damaged=True)
    legacy = _likeliest(content)
    return Encoding(legacy, not _fits(content, legacy))


def open_text(content: Content, encoding: str) -> io.TextIOWrapper:
    """A reader of lines whose line ends are kept as they are; bytes that do not fit become U+FFFD."""
    return io.TextIOWrapper(content.open(), encoding=encoding, errors="replace", newline="")


def _fits(content: Content, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(content):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _blocks(content: Content) -> Iterator[bytes]:
    with content.open() as reader:
        while block := reader.read(BLOCK):
            yield block


def _without_mark(head: bytes) -> str:
    """UTF-16 written without a mark shows as a NUL in every other byte of what is ASCII."""
    pairs = len(head) // 2
    if pairs < 2:
        return ""
    first, second = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    for zeros, others, encoding in ((second, first, "utf-16-le"), (first, second, "utf-16-be")):
        if zeros > 0.2 * pairs and others < 0.02 * pairs:
            try:
                text = codecs.getincrementaldecoder(encoding)().decode(head[: 2 * pairs])
            except UnicodeDecodeError:
                continue
            if "\n" in text or text.isprintable():
                return encoding
    return ""


def _mostly_utf8(sample: bytes) -> bool:
    text = sample.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f") - damaged
    return damaged <= 0.2 * whole


def _likeliest(content: Content) -> str:
    from charset_normalizer import from_bytes

    telling = b"".join(_NOT_ASCII.findall(content.head(BLOCK)))[:_SAMPLE]
    if _common_chinese(telling) > 0.6:
        return "gb18030"
    best = from_bytes(telling, cp_isolation=_LEGACY).best()
    return best.encoding if best else "cp1252"


def _common_chinese(sample: bytes) -> float:
    """Share of the non-ASCII characters that, read as GB18030, are everyday Han characters or punctuation."""
    text = sample.decode("gb18030", "replace")
    other = [character for character in text if character > "\x7f"]
    if not other:
        return 0.0
    everyday = sum(1 for character in other if _is_everyday(character))
    return everyday / len(other)


def _is_everyday(character: str) -> bool:
    code = character.encode("gb2312", "ignore")
    return len(code) == 2 and (0xB0 <= code[0] <= 0xD7 or code[0] in (0xA1, 0xA3))
