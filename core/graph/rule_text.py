"""Rules as one line of text, in English or Chinese, and back.

    if material is leather or suede and used for is hiking then suited to is "wet weather"
    if capacity >= 1.5 l and audience is any then size is large
    如果材质是皮革且用途是徒步，则适合是"雨天"

A relation is written by its name (``usedFor``), in words (``used for``) or by a label of the shipped schema. Quotes
keep words together that a value has in common with the language of rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.domain import EntryKind, LogEntry, canonical_json, content_hash
from core.errors import RuleError
from core.extract import schema
from core.extract.columns import relation_of
from core.graph.logic import amount

MOST_CHARS, MOST_CONDITIONS, MOST_VALUES = 500, 8, 20
EXAMPLE = 'if material is leather and used for is hiking then suited to is "wet weather"'
_QUOTED = re.compile(r"\"([^\"]*)\"|“([^”]*)”|「([^」]*)」")
_HELD = re.compile("\ue000(\\d+)\ue001")
_IF = re.compile(r"\s*(?:if\b|如果|若)\s*", re.IGNORECASE)
_THEN = re.compile(r"\s*[,，]?\s*(?:\bthen\b|那么|则)\s*", re.IGNORECASE)
_AND = re.compile(r"\s*[,，]?\s+and\s+|\s*[,，]?\s*(?:并且|而且|且)\s*", re.IGNORECASE)
_OR = re.compile(r"\s+or\s+|\s*或者?\s*", re.IGNORECASE)
_COMPARED = re.compile(r"\s*(<=|>=|≤|≥|<|>)\s*")
_IS = re.compile(r"\s+is\s+|\s*=\s*|\s*[是为]\s*", re.IGNORECASE)
_ANY = frozenset(("any", "anything", "任意", "任何"))
_SIGNS = {"≤": "<=", "≥": ">="}
_KEYWORD = re.compile(
    r"\b(?:if|then|and|or|is|any|anything)\b|[<>≤≥=\"“”]|[且或是为则若]|如果|那么|任[意何]", re.I
)


def rule_entry(text: str, actor: str = "") -> LogEntry:
    """The entry that records the rule this line says; raises RuleError for what is no rule.

    Equal rules have equal ids, however they are worded.
    """
    data = parse(text)
    return LogEntry(EntryKind.RULE, rule_id(data), data, actor)


def rule_id(data: Mapping[str, Any]) -> str:
    """The id of a rule by its parts."""
    return "rule:" + content_hash(canonical_json([data["if"], data["then"]]))[:12]


def parse(text: str) -> dict[str, Any]:
    """The parts of a rule: ``text`` in its plain form, ``if`` with its conditions in a fixed order, and ``then``.

    Raises RuleError with the place of what cannot be understood.
    """
    line = " ".join(text.split())
    if not line:
        raise RuleError("There is no rule.", remedy=f"Write one, such as: {EXAMPLE}")
    if len(line) > MOST_CHARS:
        raise RuleError(
            f"The rule is longer than {MOST_CHARS} characters.", where=line[:40] + "…", remedy="Split it up."
        )
    held: list[str] = []
    masked = _QUOTED.sub(lambda match: _hold(held, next(g for g in match.groups() if g is not None)), line)
    start = _IF.match(masked)
    if start is None:
        raise RuleError("A rule begins with “if”.", where=line[:40], remedy=f"Write it like: {EXAMPLE}")
    sides = _THEN.split(masked[start.end() :])
    if len(sides) != 2:
        problem = "There is no “then”." if len(sides) < 2 else "There is more than one “then”."
        raise RuleError(problem, where=line[:80], remedy="Say once what follows, after “then”.")
    conditions = _AND.split(sides[0])
    if len(conditions) > MOST_CONDITIONS:
        raise RuleError(
            f"There are more than {MOST_CONDITIONS} conditions.", where=line[:80], remedy="Split it up."
        )
    premises = {canonical_json(part): part for part in (_condition(one, held) for one in conditions)}
    data: dict[str, Any] = {
        "if": [premises[key] for key in sorted(premises)],
        "then": _conclusion(sides[1], held),
    }
    then = data["then"]
    if any(
        part["relation"] == then["relation"] and then["value"] in part.get("values", ())
        for part in data["if"]
    ):
        raise RuleError("The rule says nothing: what follows is one of its conditions.", where=line[:80])
    return {"text": describe(data), **data}


def describe(data: Mapping[str, Any]) -> str:
    """The plain form of a rule: parsing it gives the same parts."""
    then = data["then"]
    conditions = " and ".join(map(_described, data["if"]))
    return f"if {conditions} then {then['relation']} is {_quoted(then['value'])}"


def _condition(text: str, held: list[str]) -> dict[str, Any]:
    if compared := _COMPARED.search(text):
        relation, bound = _relation(text[: compared.start()], held), _plain(text[compared.end() :], held)
        if amount(bound, relation) is None:
            raise RuleError(
                f"“{bound}” is no amount to compare with.",
                where=_plain(text, held),
                remedy="Write a number, with its unit where it has one: capacity > 1.5 l.",
            )
        return {"relation": relation, "comparison": _SIGNS.get(compared[1], compared[1]), "bound": bound}
    relation, words = _sides(text, held)
    values = sorted({value for value in (_plain(one, held) for one in _OR.split(words)) if value})
    if not values or len(values) > MOST_VALUES:
        raise RuleError(
            f"A condition needs one to {MOST_VALUES} values.",
            where=_plain(text, held),
            remedy="Write a value after “is”, or “any”.",
        )
    return (
        {"relation": relation}
        if words.strip().casefold() in _ANY
        else {"relation": relation, "values": values}
    )


def _conclusion(text: str, held: list[str]) -> dict[str, str]:
    where = _plain(text, held)
    if _COMPARED.search(text):
        raise RuleError(
            "What follows cannot be a comparison.", where=where, remedy="Say which value follows."
        )
    relation, words = _sides(text, held)
    if len(_OR.split(words)) > 1 or len(_AND.split(words)) > 1 or words.strip().casefold() in _ANY:
        raise RuleError("One value follows from a rule.", where=where, remedy="Write a rule for each value.")
    return {"relation": relation, "value": _plain(words, held)}


def _sides(text: str, held: list[str]) -> tuple[str, str]:
    found = _IS.search(text)
    if found is None or not text[found.end() :].strip():
        raise RuleError(
            "There is no “is” with a value after it.",
            where=_plain(text, held) or "…",
            remedy="Write a relation and a value: material is leather.",
        )
    return _relation(text[: found.start()], held), text[found.end() :]


def _relation(text: str, held: list[str]) -> str:
    words = _plain(text, held)
    if not any(c.isalnum() for c in words):
        raise RuleError(
            "There is no relation before the value.", where=words or "…", remedy="Name one: material."
        )
    return relation_of(words, schema.default())


def _plain(text: str, held: list[str]) -> str:
    return " ".join(_HELD.sub(lambda match: held[int(match[1])], text).split()).strip(" ,，。.")


def _hold(held: list[str], words: str) -> str:
    held.append(words)
    return f"\ue000{len(held) - 1}\ue001"


def _described(part: Mapping[str, Any]) -> str:
    if "comparison" in part:
        return f"{part['relation']} {part['comparison']} {_quoted(part['bound'])}"
    return f"{part['relation']} is {' or '.join(_values(part))}"


def _values(part: Mapping[str, Any]) -> Iterator[str]:
    return iter([_quoted(value) for value in part["values"]] if "values" in part else ["any"])


def _quoted(value: str) -> str:
    if not _KEYWORD.search(value):
        return value
    return f'"{value}"' if '"' not in value else f"“{value}”"
