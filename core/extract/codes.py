"""Trade item numbers (GTIN-8, -12, -13, -14; UPC and EAN among them) and ISBN, with their check digits.

A number whose check digit is wrong is never mended: which digit is mistaken cannot be known. Source: GS1 General
Specifications, section 7.9; ISO 2108 for ISBN.
"""

from __future__ import annotations

import re
import unicodedata

_NAME = re.compile(
    r"^(?:upc|ean|isbn|gtin|jan)(?:[\s-]?(?:8|10|12|13|14|a))?(?![\d])\s*(?:no\.?|code)?\s*[:：#]?\s*", re.I
)
_LENGTHS = (8, 12, 13, 14)


def code(text: str) -> str:
    """The digits (and the X that ends some ISBN) of a number as it is written, without its name and separators."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return re.sub(r"[\s\-‐‑–.]", "", _NAME.sub("", plain)).upper()


def gtin(text: str) -> str | None:
    """The 14 digits of a valid trade item number or ISBN; None for anything else.

    >>> gtin("ISBN 0-306-40615-2")
    '09780306406157'
    """
    digits = code(text)
    if _is_isbn_10(digits):
        digits = _with_check_digit("978" + digits[:9])
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in _LENGTHS or not digits.strip("0"):
        return None
    return digits.zfill(14) if _with_check_digit(digits[:-1]) == digits else None


def looks_like_one(text: str) -> bool:
    """Whether the words are a number of such a length, valid or not."""
    return re.fullmatch(r"\d{8}|\d{9}[\dX]|\d{12,14}", code(text)) is not None


def _with_check_digit(body: str) -> str:
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return f"{body}{-weighed % 10}"


def _is_isbn_10(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{9}[0-9X]", text):
        return False
    figures = [10 if sign == "X" else int(sign) for sign in text]
    return sum(weight * figure for weight, figure in zip(range(10, 0, -1), figures, strict=True)) % 11 == 0
