"""Labelled files: product texts with the values people found in them, and the attributes that are asked of a category.

Texts come as JSON lines ``{"id", "category", "text", "values": {attribute: [surface, …]}}``. An empty list says that
the attribute is absent; an attribute that is not listed was not annotated. An optional ``"normalised"``, of the same
form, has the values as they are after normalisation.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.extract.example import Example
from core.extract.ground import Span, find
from core.extract.normal_rules import Rule
from core.extract.schema_check import attribute_faults
from core.extract.trims import covering

Asked = Mapping[str, Mapping[str, str]]
"""Category → attribute → description ("" where there is none)."""

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """A product text and its gold values by attribute, each a surface form of the text; ``normalised`` has gold after
    normalisation, by attribute."""

    id: str
    category: str
    text: str
    values: Mapping[str, tuple[str, ...]]
    normalised: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Every place of every value, in text order. Places of two attributes may overlap: one word can answer both."""
        every = (span for name, found in self.values.items() for span in spans_of(self.text, {name: found}))
        return tuple(sorted(every, key=lambda span: (span.start, span.end, span.relation)))

    @property
    def example(self) -> Example:
        """The same as a lesson for a tagger, which gives a word one label only: of places that overlap the longer
        stays. Relations are the attributes' names."""
        return Example(self.text, spans_of(self.text, self.values), self.category)


def read_labelled(path: Path) -> list[Labelled]:
    """Read JSON lines; raises DataError with the numbers of the lines that cannot be used."""
    found: list[Labelled] = []
    bad: list[str] = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            found.append(_labelled(json.loads(line), number))
        except (ValueError, KeyError, TypeError) as error:
            bad.append(f"line {number}: {_why(error)}")
    if bad:
        more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        raise DataError(
            f"{len(bad)} lines cannot be read ({'; '.join(bad[:_SHOWN])}{more}).",
            where=str(path),
            remedy='Each line is an object with "category", "text" and "values" (attribute to a list of strings).',
        )
    if not found:
        raise DataError("The file has no line.", where=str(path), remedy="Give a file with labelled texts.")
    return found


def read_asked(path: Path) -> Asked:
    """Read a schema file: category → list of attributes, or category → {attribute: description}. In place of a
    description may stand an object with ``description`` and what ``read_rules`` reads.

    Raises DataError where it is something else.
    """
    return {str(category): _described(attributes) for category, attributes in _schema(path).items()}


def read_rules(path: Path) -> dict[str, dict[str, Rule]]:
    """How a schema file wants values normalised: category → attribute → rule, from ``type``, ``unit`` and ``normalise``
    of an attribute, as in a schema in YAML. Raises DataError for a rule that cannot be used."""
    found: dict[str, dict[str, Rule]] = {}
    for category, attributes in _schema(path).items():
        for name, told in attributes.items() if isinstance(attributes, dict) else ():
            if not isinstance(told, dict):
                continue
            wrong = next((fault for fault in attribute_faults(told) if fault.fatal), None)
            if wrong:
                raise DataError(wrong.what, where=f"{path}, {category}, {name}", remedy=wrong.remedy)
            rule = Rule.of(told.get("type", "text"), told.get("unit", ""), told.get("normalise"))
            found.setdefault(str(category), {})[str(name)] = rule
    return found


def _schema(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads("\n".join(_lines(path)))
        for attributes in raw.values():
            _described(attributes)
        return dict(raw)
    except (ValueError, AttributeError, TypeError) as error:
        raise DataError(
            f"This is not a schema ({error}).",
            where=str(path),
            remedy="Give a JSON object: category to a list of attribute names.",
        ) from error


def asked_of(items: Iterable[Labelled]) -> Asked:
    """What the labels themselves say is asked: every attribute seen in a category, in alphabetical order."""
    seen: dict[str, set[str]] = {}
    for item in items:
        seen.setdefault(item.category, set()).update(item.values)
    return {category: dict.fromkeys(sorted(names), "") for category, names in sorted(seen.items())}


def spans_of(text: str, values: Mapping[str, Sequence[str]]) -> tuple[Span, ...]:
    """Every place of every value; where two overlap the longer stays. A value that stands only inside a word has the
    place of that word; one that does not stand in the text has none."""
    places = [
        Span(start, end, attribute)
        for attribute, surfaces in values.items()
        for surface in dict.fromkeys(surfaces)
        for start, end in _places(text, surface)
    ]
    kept: list[Span] = []
    for span in sorted(places, key=lambda s: (s.start - s.end, s.start, s.relation)):
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return tuple(sorted(kept, key=lambda s: s.start))


def _places(text: str, surface: str) -> list[tuple[int, int]]:
    around = covering(text, surface)
    return find(text, surface) or ([around] if around else [])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").split("\n")
    except FileNotFoundError:
        raise DataError("The file does not exist.", where=str(path), remedy="Check its name.") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"The file is not UTF-8 ({error.reason} at byte {error.start}).",
            where=str(path),
            remedy="Save it as UTF-8.",
        ) from error


def _labelled(raw: Any, number: int) -> Labelled:
    if not isinstance(raw, dict) or not isinstance(raw.get("values"), dict):
        raise TypeError("not an object with values")
    if not isinstance(raw["text"], str):
        raise TypeError("the text is not a string")
    values = {str(name): _surfaces(found) for name, found in raw["values"].items()}
    normal = {str(name): _surfaces(found) for name, found in (raw.get("normalised") or {}).items()}
    return Labelled(str(raw.get("id", number)), str(raw.get("category") or ""), raw["text"], values, normal)


def _surfaces(raw: Any) -> tuple[str, ...]:
    if raw is None:
        return ()
    if isinstance(raw, str):
        return (raw,)
    if isinstance(raw, list) and all(isinstance(value, str) for value in raw):
        return tuple(value for value in raw if value)
    raise TypeError("a value is not a string")


def _described(raw: Any) -> dict[str, str]:
    if isinstance(raw, list):
        return {str(name): "" for name in raw}
    told = {name: text.get("description") if isinstance(text, dict) else text for name, text in raw.items()}
    return {str(name): str(text or "") for name, text in told.items()}


def _why(error: Exception) -> str:
    return f"no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)
