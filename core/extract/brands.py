"""One key for all the names of a brand: its legal form, accents and known aliases taken away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

import yaml

from core.extract.tokens import fold
from core.settings import ASSETS

PATH = ASSETS / "values" / "brands.yaml"
_LEGAL_FORMS = (
    r"inc|ltd|llc|llp|gmbh(?: ?& ?co\.? ?kg)?|kgaa|co|corp|corporation|company|limited|incorporated"
    r"|s\.?a|s\.?a\.?s|s\.?p\.?a|s\.?r\.?l|sarl|ag|plc|b\.?v|n\.?v|oy|a/s|k\.?k|pty|pte|holdings?|international co"
)
_LEGAL = re.compile(rf"[\s,]+(?:{_LEGAL_FORMS})\.?$")
_LEGAL_CHINESE = re.compile(
    r"(?<=[\u4e00-\u9fff]{2})(?:集团)?(?:股份)?(?:有限(?:责任)?公司|公司)$|(?<=[\u4e00-\u9fff]{2})集团$"
)
_IN_BRACKETS = re.compile(r"\s*[(（\[][^()（）\[\]]*[)）\]]?$")


def without_legal_form(words: str) -> str:
    """A folded name without its legal form, however many parts that has: "acme co., ltd." → "acme"."""
    before = None
    while before != words:
        before = words
        words = _LEGAL.sub("", words).rstrip(" ,.&") or before
        words = _LEGAL_CHINESE.sub("", words) or before
    return words


def plain_name(words: str) -> str:
    """A folded name without accents, with "&" for "and", without what stands in brackets at its end."""
    letters = unicodedata.normalize("NFD", _IN_BRACKETS.sub("", words) or words)
    latin = "".join(c for c in letters if not "\u0300" <= c <= "\u036f")
    joined = re.sub(r"\s*(?:&|\+|\band\b)\s*", " & ", unicodedata.normalize("NFC", latin))
    return joined.strip() or words


def known_as(words: str) -> str | None:
    """The name a brand is shown under, by any of its folded names; None for brands that have no second one."""
    return _names().get(plain_name(words))


@cache
def _names() -> Mapping[str, str]:
    table: dict[str, str] = {}
    for line in yaml.safe_load(PATH.read_text("utf-8")):
        names = [name.strip() for name in str(line).split(" | ")]
        for name in names:
            table.setdefault(plain_name(fold(name)), names[0])
    return table
