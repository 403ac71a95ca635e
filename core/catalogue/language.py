"""The language of a short text, from its script and, for Latin script, its commonest words."""

from __future__ import annotations

import re

_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002ebef]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[a-zà-öø-ÿ]+")
_COMMON = {
    "en": "the and with for of in is to you your this from it a on are that as",
    "de": "der die das und mit für von ist ein eine im zu auf nicht den dem aus sie",
    "fr": "le la les et avec pour de du des est un une en dans sur pas vous votre",
    "es": "el la los las y con para de del es un una en por que su sin muy",
    "it": "il lo la gli e con per di del è un una in che non sono della molto",
    "pt": "o os as e com para de do da é um uma em que não seu sua muito",
    "nl": "de het een en met voor van is in op niet uw dat zijn aan te",
}
_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_SAMPLE = 2_000


def detect(text: str) -> str:
    """ISO 639-1 code. "" for a text without letters; "en" for Latin script that gives nothing away.

    A fifth of another script's letters is enough for it: Chinese product texts are full of Latin brand names.
    """
    sample = text[:_SAMPLE]
    if sample.isascii():
        return _latin(sample) if _LETTER.search(sample) else ""
    letters = len(_LETTER.findall(sample))
    if not letters:
        return ""
    for language, script in _SCRIPTS:
        share = len(script.findall(sample)) / letters
        if share >= (0.05 if language in ("ja", "ko") else 0.2):
            return language
    return _latin(sample)


def _latin(text: str) -> str:
    words = _LATIN.findall(text.casefold())
    votes = {language: sum(word in common for word in words) for language, common in _WORDS.items()}
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] > votes["en"] else "en"
