"""Values that are neither quantities nor words: prices, plain numbers, dates, sizes, resolutions, yes and no, GTIN."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from core.catalogue.values import parse_number as plain_number
from core.catalogue.values import parse_price
from core.extract import codes
from core.extract.numbers import parse_number, plain, show


class Found(NamedTuple):
    """A key that is equal for equal values, the label that is shown, and the rule that made them."""

    key: str
    label: str
    rule: str


Read = Callable[[str], Found | None]

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\da-zA-Z_]+")
_KINDS = {
    "price": "price cost msrp rrp 价格 价 售价 原价",
    "gtin": "gtin upc ean isbn jan barcode 条码 条形码 商品条码",
    "date": "date year released manufactured expiry 日期 年份 上市时间 生产日期",
    "resolution": "resolution 分辨率 清晰度",
    "number": "yield speed rpm quantity number count cores ports pages 数量 转速 页数 打印量",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_THOUSANDS = {
    "k": 1_000.0,
    "千": 1_000.0,
    "万": 10_000.0,
    "w": 10_000.0,
    "m": 1_000_000.0,
    "百万": 1_000_000.0,
}
_YES = frozenset(["yes", "y", "true", "是", "有", "支持", "√", "✓", "✔"])
_NO = frozenset(["no", "n", "false", "none", "否", "无", "不支持", "×", "✗", "✘"])
_LETTERS = {
    "extra small": "XS", "x-small": "XS", "xs": "XS", "small": "S", "s": "S", "小码": "S", "小号": "S",
    "medium": "M", "m": "M", "med": "M", "中码": "M", "中号": "M",
    "large": "L", "l": "L", "大码": "L", "大号": "L", "extra large": "XL",
    "x-large": "XL", "加大码": "XL", "特大号": "XL", "one size": "one size", "one size fits all": "one size",
    "one-size": "one size", "os": "one size", "free size": "one size", "均码": "one size", "均号": "one size",
}  # fmt: skip
_PIXELS = {
    "hd": (1280, 720), "720p": (1280, 720), "full hd": (1920, 1080), "fhd": (1920, 1080), "1080p": (1920, 1080),
    "1080i": (1920, 1080), "qhd": (2560, 1440), "wqhd": (2560, 1440), "2k": (2560, 1440), "1440p": (2560, 1440),
    "4k": (3840, 2160), "uhd": (3840, 2160), "4k uhd": (3840, 2160), "2160p": (3840, 2160), "8k": (7680, 4320),
}  # fmt: skip
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@lru_cache(maxsize=4_096)
def kind_of(relation: str) -> str:
    """What the name of a relation says its values are: ``price``, ``gtin``, ``date``, ``resolution``, ``number``; ""
    for names that say nothing."""
    words = [word.casefold() for word in _WORDS.findall(relation)]
    return next((_KIND_OF[word] for word in reversed(words) if word in _KIND_OF), "")


def price(text: str) -> Found | None:
    """ "€ 1.299,00" → 1299 EUR. A point before exactly three figures groups them: nothing costs 1.299 euros."""
    written = plain(text).upper()
    grouped = re.sub(r"(?<![\d.,])(\d{1,3}(?:\.\d{3})+)(?![\d.,])", lambda m: m[1].replace(".", ""), written)
    found = parse_price(re.sub(r"(?<=\d)(?:元整|元)$", " 元", grouped))
    if found is None:
        return None
    currency = f" {found.currency}" if found.currency else ""
    return Found(f"{show(found.amount)}{currency}", f"{found.amount:,.2f}{currency}", "price")


def money(text: str) -> Found | None:
    """A price that names its currency."""
    found = price(text)
    return found if found and " " in found.key else None


def number(text: str) -> Found | None:
    """A plain number, with thousands by a letter ("25K pages" → 25000); a word or two may follow."""
    written = re.fullmatch(
        r"([\d.,' ]*\d|[一二两三四五六七八九十百千万]+)\s*-?\s*(百万|[kmw千万](?![a-z]))?\s*([^\d]{0,24})",
        plain(text),
    )
    value = (
        (plain_number(written[1]) if written[1][0].isdigit() else parse_number(written[1]))
        if written
        else None
    )
    if written is None or value is None:
        return None
    amount = show(value * _THOUSANDS.get(written[2] or "", 1.0))
    return Found(amount, amount, "number")


def day(text: str) -> Found | None:
    """A year, a month or a day, where its order is plain: "2024-03-05", "5 March 2024", "2024年3月"."""
    written = plain(text).strip(".")
    ordered = re.fullmatch(r"(\d{4})(?:[-/.年]\s*(\d{1,2})(?:[-/.月]\s*(\d{1,2})日?|月)?|年)?", written)
    if ordered:
        return _day(ordered[1], ordered[2], ordered[3])
    named = re.fullmatch(
        r"(?:(\d{1,2})(?:st|nd|rd|th)?\.? )?([a-z]{3})[a-z]*\.?(?: (\d{1,2})(?:st|nd|rd|th)?,)?,? (\d{4})",
        written,
    )
    if not named or named[2] not in _MONTHS:
        return None
    return _day(named[4], str(_MONTHS.index(named[2]) + 1), named[1] or named[3])


def _day(year: str, month: str | None, of_month: str | None) -> Found | None:
    try:
        date(int(year), int(month or 1), int(of_month or 1))
    except ValueError:
        return None
    parts = [year, *(f"{int(part):02}" for part in (month, of_month) if part)]
    return Found("-".join(parts), "-".join(parts), "date")


def yes_or_no(text: str) -> Found | None:
    """Yes or no, in either language."""
    word = plain(text).strip(".!")
    said = "yes" if word in _YES else "no" if word in _NO else ""
    return Found(said, said, "boolean") if said else None


def size(text: str) -> Found | None:
    """A size by letters ("X-Large", "2XL", "均码"), or by figures of a system ("EU 42", "42码")."""
    word = plain(text).strip(".")
    word = re.sub(r"^(?:size|尺码)[:\s]*|\s+size$", "", word) if word not in _LETTERS else word
    letters = _LETTERS.get(word)
    if letters is None and (many := re.fullmatch(r"(?:(x{1,6})|(\d)\s?x)-?(l|s|large|small)", word)):
        count, letter = len(many[1] or "") or int(many[2]), many[3][0].upper()
        letters = f"{'X' * count if count < 3 else f'{count}X'}{letter}" if count else None
    if letters:
        return Found(letters.casefold(), letters, "size")
    named = re.fullmatch(r"(eu|us|uk|fr|it|cn|jp)[\s-]*(\d{1,3}(?:[.,]5)?)", word)
    turned = re.fullmatch(r"(\d{1,3}(?:[.,]5)?)\s*(eu|us|uk|fr|it|cn|jp|码)", word)
    if not named and not turned:
        return None
    system, figure = (named[1], named[2]) if named else (turned[2], turned[1]) if turned else ("", "")
    label = f"{'CN' if system == '码' else system.upper()} {figure.replace(',', '.')}"
    return Found(label.casefold(), label, "size")


def resolution(text: str) -> Found | None:
    """Pixels across and down, written out or by their trade name ("4K UHD", "1080p")."""
    word = plain(text)
    across = re.fullmatch(r"(\d{3,5})\s*[x×*]\s*(\d{3,5})(?:\s*(?:px|pixels?|像素))?", word)
    pixels = (int(across[1]), int(across[2])) if across else _PIXELS.get(word)
    return (
        Found(f"{pixels[0]}×{pixels[1]} px", f"{pixels[0]} × {pixels[1]} px", "resolution")
        if pixels
        else None
    )


def trade_number(text: str) -> Found | None:
    """The fourteen digits of a GTIN or ISBN; where the check digit is wrong, what is written, under a rule that says
    so."""
    valid = codes.gtin(text)
    if valid:
        return Found(valid, valid, "gtin")
    written = codes.code(text)
    return Found(written.casefold(), written, "gtin_invalid") if codes.looks_like_one(text) else None


READERS: dict[str, Read] = {
    "price": price,
    "number": number,
    "date": day,
    "boolean": yes_or_no,
    "gtin": trade_number,
    "resolution": resolution,
    "size": size,
}
"""By kind: the value types of a schema, and the kinds that names of relations tell."""
