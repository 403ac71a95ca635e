"""The band of prices that words speak of: "under 100", "between 20 and 40 EUR", "200 元以内"."""

from __future__ import annotations

import re

from core.catalogue.values import parse_number

_SIGN = r"[$€£¥￥]"
_LATIN = (
    r"kg|g|mg|ml|cl|l|lit\w*|cm|mm|m|km|w|watt\w*|v|mah|ah|hours?|h|min\w*|days?|inch\w*|in|oz|lbs?|years?"
)
_CHINESE = "公斤|克|毫升|升|厘米|毫米|米|瓦|伏|小时|岁|人|片|个|件"
_NOT_A_UNIT = rf"(?!\s*(?:(?:{_LATIN}|people|persons?)\b|%|°|{_CHINESE}))"
_NUMBER = r"(\d+(?:[.,]\d+)*)(?![\d.,]*\d)"
_MONEY = (
    rf"(?:{_SIGN}|usd|eur|gbp|cny|rmb)?\s*{_NUMBER}\s*(?:{_SIGN}|usd|euros?|eur|gbp|dollars?|元|块|人民币)?"
)
_BELOW = r"under|below|less than|up to|at most|no more than|cheaper than|max(?:imum)?|不超过|低于|少于|<=?"
_ABOVE = r"over|above|more than|at least|no less than|min(?:imum)?|不低于|高于|超过|>=?"
_IS_MONEY = re.compile(rf"between|{_SIGN}|元|块|eur|usd|到|至", re.IGNORECASE)

UP_TO = (
    re.compile(rf"(?:{_BELOW})\s*{_MONEY}{_NOT_A_UNIT}", re.IGNORECASE),
    re.compile(rf"{_MONEY}\s*(?:以内|以下|之内|之下)", re.IGNORECASE),
)
FROM = (
    re.compile(rf"(?:{_ABOVE})\s*{_MONEY}{_NOT_A_UNIT}", re.IGNORECASE),
    re.compile(rf"{_MONEY}\s*(?:以上|起)", re.IGNORECASE),
)
BETWEEN = re.compile(
    rf"(?:between\s+)?{_MONEY}\s*(?:and|to|-|–|到|至)\s*{_MONEY}{_NOT_A_UNIT}", re.IGNORECASE
)


def prices(text: str) -> tuple[float | None, float | None, str]:
    """(lowest, highest price, the text without them); None where no bound is spoken of."""
    low = high = None
    # "2-3 cups" is no band of prices: money has to be spoken of.
    if (found := BETWEEN.search(text)) and _IS_MONEY.search(found[0]):
        low, high = sorted((_value(found[1]), _value(found[2])))
        text = _without(text, found)
    for pattern in UP_TO:
        if found := pattern.search(text):
            high, text = _value(found[1]), _without(text, found)
    for pattern in FROM:
        if found := pattern.search(text):
            low, text = _value(found[1]), _without(text, found)
    return (high, low, text) if low is not None and high is not None and low > high else (low, high, text)


def _value(text: str) -> float:
    return float(parse_number(text) or 0.0)


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"
