"""Prices, ratings, quantities and kinds of events as shops write them. None means: this is not one."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from core.catalogue.synonyms import EVENT_WORDS, fold
from core.domain import EventKind

_SIGNS = {
    "€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "￥": "CNY", "元": "CNY", "块": "CNY", "円": "JPY", "₩": "KRW",
    "₹": "INR", "₽": "RUB", "₺": "TRY", "US$": "USD", "RMB": "CNY", "人民币": "CNY", "HK$": "HKD", "CA$": "CAD",
    "C$": "CAD", "A$": "AUD", "AU$": "AUD", "NT$": "TWD", "S$": "SGD", "R$": "BRL", "zł": "PLN", "Kč": "CZK",
    "kr": "SEK", "Fr.": "CHF",
}  # fmt: skip
_CODES_NAMES = """
AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EUR GBP HKD HUF IDR ILS INR JPY KRW MXN MYR NOK
NZD PHP PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR
"""
_CODES = frozenset(_CODES_NAMES.split())
_FIGURE = re.compile(r"[+-]?\d[\d.,'’\u00a0\u202f ]*|[+-]?[.,]\d+")
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?")
_EMPTY = frozenset(
    ("", "-", "–", "—", "n/a", "na", "none", "null", "nan", "\\n", "#n/a", "unknown", "无", "暂无")
)
_OUT_OF = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:/|out of|von|sur|分之)\s*(\d+)")
_STARS = re.compile(r"[★⭐✭]")
_HIGHEST_PRICE = 1e12


class Price(NamedTuple):
    """An amount, and the ISO code of its currency where one was written."""

    amount: float
    currency: str | None = None


def is_blank(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.strip().casefold() in _EMPTY


def parse_price(text: str) -> Price | None:
    """An amount of money ≥ 0: "1.299,00 €", "USD 12", "¥1,299", "12.5". None for anything else."""
    plain = text.strip()
    found = _FIGURE.search(plain)
    if not found:
        return None
    amount = parse_number(found[0])
    around = (plain[: found.start()].strip(), plain[found.end() :].strip())
    if amount is None or not 0 <= amount < _HIGHEST_PRICE or "-" in around[0] or "−" in around[0]:
        return None
    codes = [currency_code(part) for part in around if part]
    if any(code is None for code in codes):
        return None
    return Price(amount, next((code for code in codes if code), None))


def currency_code(text: str) -> str | None:
    """The ISO 4217 code of a currency by its code or sign; None for anything else."""
    word = text.strip()
    if word.upper() in _CODES:
        return word.upper()
    return _SIGNS.get(word) or _SIGNS.get(word.upper()) or _SIGNS.get(word.lower())


def parse_number(text: str) -> float | None:
    """A finite number with either decimal sign: "1,299.00", "1.299,00", "1 299", "12,5", "1.299" (a point is decimal
    unless it groups more than once or a comma follows)."""
    digits = re.sub(r"[\s'’\u00a0\u202f]", "", text.strip())
    if not _PLAIN.fullmatch(digits):
        digits = _normal_form(digits)
    try:
        value = float(digits)
    except ValueError:
        return None
    return value if math.isfinite(value) and not digits.lower().startswith(("n", "i")) else None


def _normal_form(digits: str) -> str:
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        grouping, decimal = (".", ",") if comma > point else (",", ".")
        return digits.replace(grouping, "").replace(decimal, ".")
    if comma >= 0:
        head, _, tail = digits.rpartition(",")
        grouped = digits.count(",") > 1 or (len(tail) == 3 and head.lstrip("+-") not in ("", "0"))
        return digits.replace(",", "") if grouped else f"{head}.{tail}"
    if digits.count(".") > 1:
        return digits.replace(".", "")
    return digits


def parse_rating(text: str) -> float | None:
    """A rating on the scale 1 to 5: "4", "4,5", "4/5", "8 out of 10" (→ 4.2), "★★★★☆", "5星". None off the scale."""
    if stars := len(_STARS.findall(text)):
        return float(stars) if stars <= 5 else None
    if found := _OUT_OF.search(text):
        top = int(found[2])
        share = (parse_number(found[1]) or 0.0) / top if top else 2.0
        value = share * 5 if top == 5 else 1 + 4 * (share * top - 1) / (top - 1) if top > 1 else 0.0
        return round(value, 4) if 1 <= value <= 5 else None
    number = parse_number(re.sub(r"(?i)\s*(stars?|颗星|星|分)\s*$", "", text.strip()))
    return number if number is not None and 1 <= number <= 5 else None


def parse_event_kind(text: str) -> EventKind | None:
    """What a shopper did: "buy", "Add to cart", "pv", "购买"."""
    return EVENT_WORDS.get(fold(text))
