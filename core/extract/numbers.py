"""Numbers as product text writes them: either decimal sign, fractions, words, Chinese numerals, full-width digits."""

from __future__ import annotations

import re
import unicodedata

from core.catalogue.values import parse_number as plain_number

FRACTIONS = {c: unicodedata.numeric(c) for c in "½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"}
CHINESE = {c: i for i, c in enumerate("零一二三四五六七八九十")} | {"两": 2, "半": 0.5, "双": 2}
WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "a": 1, "single": 1, "twin": 2, "double": 2, "dozen": 12, "half": 0.5,
}  # fmt: skip
PREFIXES = {"mono": 1, "uni": 1, "dual": 2, "triple": 3, "tri": 3, "quad": 4, "quadruple": 4, "hexa": 6, "octa": 8,
            "eleven": 11, "twelve": 12, "twenty": 20, "单": 1, "三": 3, "四": 4}  # fmt: skip
"""Words that are numbers only before what they count: "dual port", "quad-core"."""
_STEPS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百千万亿]{2,}")
_FIGURE = re.compile(r"\.\d+|\d[\d.,'’\u00a0\u202f ]*")
_DIVIDED = re.compile(r"(?:(\d+)[\s-]+)?(\d+)/(\d+)")

NUMBER = (
    r"(?:\d+(?:[.,'’]\d+)*(?:[ \u00a0\u202f]\d{3})*(?:,\d+)?(?:\s*[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]|[\s-]+\d+/\d+)?"
    r"|[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]|\d+/\d+|\.\d+)"
)
"""A pattern for a number in figures; it has no groups."""


def plain(text: str) -> str:
    """Case-folded, with ASCII digits and letters for their wide forms, inches as ``"``, and single spaces."""
    if text.isascii():
        return " ".join(text.replace("''", '"').replace("~", "-").casefold().split())
    kept = "".join(c if c in FRACTIONS else unicodedata.normalize("NFKC", c) for c in text)
    quoted = re.sub(r"[″“”„]|''|′′", '"', kept)
    return " ".join(re.sub(r"[‐‑‒–—−～〜~]", "-", quoted).casefold().split())


def parse_number(text: str) -> float | None:
    """ "1,5" → 1.5, "1,000" → 1000, "1½" → 1.5, "13-3/4" → 13.75, "两" → 2, "一百二十" → 120; None for other words."""
    text = text.strip()
    if text in WORDS or text.casefold() in WORDS:
        return float(WORDS.get(text) or WORDS[text.casefold()])
    if text in CHINESE:
        return float(CHINESE[text])
    if _NUMERAL.fullmatch(text):
        return _numeral(text)
    if divided := _DIVIDED.fullmatch(text):
        whole, top, bottom = divided.groups()
        return float(whole or 0) + float(top) / float(bottom) if float(bottom) else None
    if text and text[-1] in FRACTIONS:
        whole = text[:-1].strip()
        return FRACTIONS[text[-1]] + (float(whole) if whole.isdecimal() else 0.0)
    return plain_number(text) if _FIGURE.fullmatch(text) else None


def _numeral(text: str) -> float | None:
    """The value of a Chinese numeral of several signs: 一百零五, 两千三, 一万二, and 二〇二四 figure by figure."""
    if not any(sign in _STEPS for sign in text):
        figures = [CHINESE.get(sign, 0) for sign in text]
        return float("".join(str(int(figure)) for figure in figures))
    total = section = 0.0
    digit, last = None, 1.0
    for sign in text:
        if sign not in _STEPS:
            digit = float(CHINESE.get(sign, 0))
            last = 10.0 if digit == 0 else last
            continue
        step = float(_STEPS[sign])
        if step >= 10_000:
            total = (total + section + (digit or 0.0)) * step
            section = 0.0
        else:
            section += (1.0 if digit is None else digit) * step
        digit, last = None, step
    # 两千三 leaves out the hundred: a last figure counts tenths of the step before it.
    return total + section + (digit or 0.0) * (last / 10.0 if digit and last > 10.0 else 1.0)


def show(value: float) -> str:
    """At most six decimals, and none that are zero."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
