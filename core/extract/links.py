"""Links between products that a text says in so many words: "compatible with the V60 dripper", "适用于苹果手机".

What follows such a phrase is taken for a product where it looks like a name: in Latin script it begins with a capital
or holds a figure. "Compatible with most machines" names nothing and is passed over.
"""

from __future__ import annotations

import re

from core.extract.ground import Span

CONFIDENCE = 0.66
"""More than that of a lexicon word, since such words stand in names: Nescafé Gold is no colour."""
_PHRASES = {
    "isAccessoryOrSparePartFor": (
        r"accessor(?:y|ies) for|spare parts? for|replacement (?:part |filter |lid |cable )?for|refills? for",
        r"(?:是|作为)?(?:配件|替换件|备件|替换芯|替换装)[，,]?(?:适用于|用于)",
    ),
    "isCompatibleWith": (
        r"compatible with|works with|fits|for use with",
        r"兼容|适配|可搭载于",
    ),
    "isPartOf": (r"part of|belongs to|from(?= the )", r"属于"),
    "isSimilarTo": (
        r"(?:an? )?(?:substitute|alternative|replacement) (?:for|to)|similar to",
        r"可替代|可代替|媲美",
    ),
    "isRelatedTo": (r"pairs (?:well )?with|goes (?:well )?with|use it with|best with", r"搭配|配合"),
}
_WORD = r"(?:[a-z]?[A-Z][\w'’+-]*|\w*\d[\w'’+-]*)"
_KIND = r"(?:set|series|collection|line|range|kit|system|dripper|headphones?|case|machine)"
_NAME = rf"{_WORD}(?:[ -](?:{_WORD}|[a-z]+(?= {_KIND}\b)|{_KIND}\b))*"
_SET = r"(?=\b[^.,;!?\n]{0,60}\b(?:set|series|collection|line|range|kit|system)\b)"
_CHINESE_NAME = r"[\w+·-]{2,16}?(?=使用|的|[和与及或，。；、！,.;!\s]|$)"


def link_spans(text: str) -> list[Span]:
    """The products named after a linking phrase, each by the relation of the phrase."""
    found: list[Span] = []
    for relation, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = "name" if match["name"] is not None else "chinese"
            found.append(Span(match.start(group), match.end(group), relation, CONFIDENCE))
    return found


def _pattern(relation: str) -> re.Pattern[str]:
    english, chinese = _PHRASES[relation]
    whole = _SET if relation == "isPartOf" else ""
    return re.compile(
        rf"\b(?i:{english})\s+(?i:(?:the|all|your|our|its|an?)\s+)?{whole}(?P<name>{_NAME})"
        rf"|(?:{chinese})\s*(?P<chinese>{_CHINESE_NAME})"
    )


_PATTERNS = tuple((relation, _pattern(relation)) for relation in _PHRASES)
