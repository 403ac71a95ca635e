"""The words of the cards in one language, and how figures are written in them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

from core.settings import ASSETS

LANGUAGES = ("en", "zh")
NOT_MEASURED = "–"


class Wording:
    """``say(key, **fields)`` gives a text of ``assets/i18n/<language>/card.yaml``."""

    def __init__(self, language: str = "en") -> None:
        self.language = language if language in LANGUAGES else "en"
        self._texts = _texts(self.language, "card")
        self._relations = _texts(self.language, "ontology")

    def say(self, key: str, **fields: Any) -> str:
        """A text with its fields filled in; the key itself where there is none."""
        text = self._texts.get(key, key)
        return text.format(**fields) if fields else text

    def relation(self, name: str) -> str:
        """A relation as people say it."""
        return self._relations.get(f"relation_{name}", name)

    def group(self, dimension: str, name: str) -> str:
        """A group of products or shoppers."""
        key = f"group_{dimension}_{name or 'none'}"
        return self._texts.get(key, name or self.say("group_none"))

    def of(self, kind: str, name: str) -> str:
        """The name of a model, an attack, a feature group …; the name itself where it has no other."""
        return self._texts.get(f"{kind}_{name}".replace(".", "_"), name)

    def yes(self, value: object) -> str:
        """Yes or no."""
        return self.say("yes" if value else "no")


def number(value: float | None, digits: int | None = None) -> str:
    """A figure with thousands separated; "–" where nothing was measured."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    if digits is not None:
        return f"{value:,.{digits}f}"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:,.4g}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as per cent."""
    return NOT_MEASURED if value is None or not math.isfinite(value) else f"{100 * value:.{digits}f}%"


def interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """Both ends of an interval."""
    return f"{number(low, digits)} … {number(high, digits)}"


def moment(epoch: float | None) -> str:
    """An epoch time, UTC."""
    if epoch is None or not math.isfinite(epoch):
        return NOT_MEASURED
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(epoch))


@lru_cache(maxsize=8)
def _texts(language: str, name: str) -> Mapping[str, str]:
    raw = yaml.safe_load((ASSETS / "i18n" / language / f"{name}.yaml").read_text("utf-8")) or {}
    return {str(key): str(value) for key, value in raw.items()}
