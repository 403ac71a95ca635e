"""The words on screen: texts from ``assets/i18n/<language>/<page>.yaml``, numbers, times and names of relations.

The language of a visit comes from the link (``?lang=zh``), then from what was chosen before, then from the browser.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import streamlit as st
import yaml
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.domain import Standing
from core.ontology import Family
from core.settings import ASSETS

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
NOT_MEASURED = "–"

_FOLDER = ASSETS / "i18n"
_forced: ContextVar[Language | None] = ContextVar("language", default=None)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def t(key: str, **fields: Any) -> str:
    """The text of ``<page>.<key>`` in the visitor's language, with named fields filled in.

    A text that is missing in the language falls back to English, and one missing there to the key itself; tests
    see to it that neither happens for a key written in the code.
    """
    text = _find(key, language()) or _find(key, "en") or key
    return text.format(**fields) if fields else text


def has(key: str) -> bool:
    """Whether there is a text of that key; for keys made from data, such as the reason of a rejected row."""
    return _find(key, "en") is not None


def language() -> Language:
    """The language of this visit."""
    forced = _forced.get()
    if forced is not None:
        return forced
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    asked = st.query_params.get("lang") or st.session_state.get("lang")
    if asked in LANGUAGES:
        return cast(Language, asked)
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Within the block all texts are in that language; for reports and tests."""
    token = _forced.set(chosen)
    try:
        yield
    finally:
        _forced.reset(token)


def number(value: float | None, digits: int | None = None) -> str:
    """A figure with its thousands separated; "–" where nothing was measured.

    Without ``digits`` whole numbers are shown whole, and others with three significant digits.
    """
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    if digits is not None:
        return _minus(f"{value:,.{digits}f}")
    if float(value).is_integer() or abs(value) >= 1000:
        return _minus(f"{value:,.0f}")
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return _minus(f"{value:,.{min(decimals, 6)}f}")


def percent(value: float | None, digits: int | None = None) -> str:
    """A share (0.1234) as per cent; one decimal below ten per cent unless ``digits`` says otherwise."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    places = digits if digits is not None else (1 if 0 < abs(value) < 0.0995 else 0)
    return _minus(f"{value * 100:.{places}f}%")


def duration(seconds: float | None) -> str:
    """A span of time in its largest one or two units: "48 s", "3 min 20 s", "2 h 5 min"."""
    if seconds is None or not math.isfinite(seconds):
        return NOT_MEASURED
    if seconds < 9.95:
        return t("common.seconds", n=f"{max(seconds, 0.0):.1f}")
    whole = round(seconds)
    if whole < 60:
        return t("common.seconds", n=whole)
    if whole < 3600 and whole % 60 == 0:
        return t("common.minutes", m=whole // 60)
    if whole < 3600:
        return t("common.minutes_seconds", m=whole // 60, s=whole % 60)
    return t("common.hours_minutes", h=whole // 3600, m=whole % 3600 // 60)


def ago(moment: float | None, now: float | None = None) -> str:
    """How long ago an epoch time was: "just now", "3 min ago", "yesterday", or a date after a week."""
    if moment is None:
        return NOT_MEASURED
    seconds = (time.time() if now is None else now) - moment
    if seconds < 45:
        return t("common.just_now")
    if seconds < 3570:
        return t("common.minutes_ago", n=max(1, round(seconds / 60)))
    if seconds < 86_400:
        return t("common.hours_ago", n=max(1, round(seconds / 3600)))
    if seconds < 7 * 86_400:
        days = int(seconds // 86_400)
        return t("common.yesterday") if days == 1 else t("common.days_ago", n=days)
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def moment(epoch: float | None) -> str:
    """An epoch time in full, in the server's zone: what a relative time shows when pointed at."""
    return NOT_MEASURED if epoch is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(epoch))


def relation_label(name: str) -> str:
    """The name of a relation as people say it ("used for"); relations outside the ontology are spelt out."""
    key = f"ontology.relation_{name}"
    return t(key) if has(key) else spelt_out(name)


def family_label(family: Family) -> str:
    """The name of a family of relations."""
    return t(f"ontology.family_{family.value}")


def type_label(node_type: str) -> str:
    """The name of a node type ("Material"); types outside the ontology are spelt out."""
    key = f"ontology.type_{node_type}"
    return t(key) if has(key) else spelt_out(node_type).capitalize()


def standing_label(standing: Standing) -> str:
    """Where an assertion stands, in the words used on screen (quarantined reads "kept apart")."""
    return t(f"ontology.standing_{standing.value}")


def spelt_out(name: str) -> str:
    """Turn a camelCase name into words: "netContent" reads "net content"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.replace("_", " "))
    return " ".join(word if word.isupper() else word.lower() for word in words.split())


def distinct(names: Mapping[str, str], marks: Mapping[str, str] | None = None) -> dict[str, str]:
    """A label for each key that no other key has: the name, followed where two share it by the key's mark, such as its
    time, or where that is shared too by the key itself.

    Streamlit's choosers send a choice back as its label, so of two equal labels the last would always be chosen.
    """
    shared = Counter(names.values())
    if marks is None:
        return {key: name if shared[name] == 1 else f"{name} · {key}" for key, name in names.items()}
    return distinct(
        {key: name if shared[name] == 1 else f"{name} · {marks[key]}" for key, name in names.items()}
    )


def listed(parts: Iterable[str]) -> str:
    """Several names in one line, set apart as the language does it."""
    return t("common.list_separator").join(parts)


def _minus(text: str) -> str:
    return text.replace("-", "−")  # the minus sign is as wide as a figure; a hyphen is not


def _find(key: str, lang: Language) -> str | None:
    page, _, name = key.partition(".")
    path = _FOLDER / lang / f"{page}.yaml"
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return None
    return _texts(path, changed).get(name)


@lru_cache(maxsize=128)
def _texts(path: Path, _changed: int) -> Mapping[str, str]:
    found = yaml.load(path.read_text("utf-8"), Loader=_Loader) or {}
    return {str(name): str(text) for name, text in found.items()}
