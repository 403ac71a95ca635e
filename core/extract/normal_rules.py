"""What a schema may ask of an attribute's values beside the general normalisation, and how it is done.

    width:   {type: quantity, unit: cm, normalise: {assume: in, several: largest, digits: 1, show: figure}}
    brand:   {normalise: {expand: {HP: Hewlett-Packard}, case: upper}}
    color:   {normalise: {categories: {Blue: [navy, azure], Red: []}, otherwise: Other}}
    upc:     {normalise: {part: [2, 6]}}

The order is fixed: expand, category; or quantity, figure; then letters, part, case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from typing import Any

from core.extract import quantity
from core.extract.numbers import PREFIXES, WORDS, parse_number, plain, show
from core.extract.spelling import singular
from core.extract.tokens import fold
from core.extract.units import bases, is_unit
from core.extract.value_kinds import Found

KEYS = (
    "assume",
    "several",
    "digits",
    "show",
    "expand",
    "categories",
    "otherwise",
    "many",
    "keep",
    "part",
    "case",
)
SEVERAL = ("", "first", "smallest", "largest", "sum")
SHOW = ("", "figure")
KEEP = ("", "letters", "digits")
CASE = ("", "upper", "lower")
_FIGURES = re.compile(r"(\d+(?:[.,]\d+)*|\.\d+)\s*(k(?![a-z]))?")


def wanted(key: str, value: Any) -> str:
    """What the part ``key`` of a rule must be, in English; "" where ``value`` is that."""
    choices = {"several": SEVERAL, "show": SHOW, "keep": KEEP, "case": CASE}.get(key)
    if choices:
        return "" if value in choices else " or ".join(choice for choice in choices if choice)
    if key == "digits":
        return "" if isinstance(value, int) and 0 <= value <= 6 else "a whole number from 0 to 6"
    if key == "part":
        good = (
            isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) and n > 0 for n in value)
        )
        return "" if good else "its first and last character, such as [2, 6]"
    if key == "assume":
        return "" if isinstance(value, str) and is_unit(value) else "a unit"
    if key == "expand":
        good = isinstance(value, dict) and all(
            isinstance(part, str) for pair in value.items() for part in pair
        )
        return "" if good else "short forms with what they stand for, such as {HP: Hewlett-Packard}"
    if key == "categories":
        good = isinstance(value, dict) and all(_is_words(words) for words in value.values())
        return "" if good else "categories with lists of words, such as {Blue: [navy, azure]}"
    return "" if isinstance(value, str) else "a text"


def _is_words(words: Any) -> bool:
    return words is None or (isinstance(words, list) and all(isinstance(word, str) for word in words))


@dataclass(frozen=True, slots=True)
class Rule:
    """How the values of one attribute are normalised.

    ``kind`` is the attribute's value type, ``unit`` the unit its quantities are shown in; ``assume`` is the unit of a
    bare number; ``several`` picks among several numbers; ``digits`` are decimals; ``show: figure`` leaves the unit
    out. ``expand`` spells short forms out. ``categories`` names each category with words that mean it; a value of
    words of more than two categories is ``many``, one of none ``otherwise``. ``keep`` takes letters and digits, or
    digits, only; ``part`` is the first and last character to keep, from 1.
    """

    kind: str = ""
    unit: str = ""
    assume: str = ""
    several: str = ""
    digits: int | None = None
    show: str = ""
    expand: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, Sequence[str]] = field(default_factory=dict)
    otherwise: str = ""
    many: str = ""
    keep: str = ""
    part: Sequence[int] = ()
    case: str = ""

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def idle(self) -> bool:
        """Whether it changes nothing: a base unit leaves the handy multiple, and words are words."""
        plain_kind = self.kind in ("", "text", "name", "product", "quantity", "count")
        return plain_kind and self == Rule(kind=self.kind, unit=self.unit if self.unit in bases() else "")

    def to_json(self) -> dict[str, Any]:
        """The parts that say something, for the log."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None, {}, (), [])}

    @staticmethod
    def of(kind: str, unit: str = "", normalise: Mapping[str, Any] | None = None) -> Rule:
        """The rule of an attribute of that value type and unit; ``normalise`` is what its YAML says."""
        told = dict(normalise or {})
        if "categories" in told:
            told["categories"] = {name: tuple(words or ()) for name, words in told["categories"].items()}
        return Rule(kind=kind, unit=unit, **told)

    @staticmethod
    def from_json(raw: Mapping[str, Any]) -> Rule:
        """The rule that ``to_json`` made the data of; parts it does not know are left out."""
        names = {part.name for part in fields(Rule)}
        return Rule(**{name: value for name, value in raw.items() if name in names})


def shaped(relation: str, surface: str, rule: Rule) -> Found | None:
    """The value as the schema wants it; None where it asks for nothing that these words can give."""
    words = _expanded(surface, rule.expand)
    found = _category(words, rule) if rule.categories else _amount(relation, words, rule)
    if found is None and rule.expand:
        # What is a name in a list of names keeps its capitals, also where it is not a short one.
        found = Found(fold(words), words, "expand" if words != surface else "case")
    label = found.label if found else " ".join(surface.split())
    last = found.rule if found else ""
    for name, step in (("letters", _kept), ("part", _part), (rule.case or "upper", _cased)):
        changed = step(label, rule)
        if changed is not None:
            label, last = changed, name
    if not last:
        return None
    return Found(found.key if found and last == found.rule else fold(label) or label, label, last)


def _amount(relation: str, surface: str, rule: Rule) -> Found | None:
    if rule.kind not in ("quantity", "count", "number"):
        return None
    amount = _quantity(relation, surface, rule)
    if amount is None:
        figures = rule.kind != "quantity" and (rule.show == "figure" or rule.several)
        return _figure(surface, rule) if figures else None
    picked = _picked(amount, rule.several)
    if rule.unit in bases() and not rule.show and rule.digits is None:
        return None if picked == amount and not rule.assume else Found(picked.key, picked.label, "unit")
    unit = rule.unit or amount.base
    written = picked.in_unit(unit, rule.digits)
    if written is None:
        return None
    joined = (" × " if amount.kind == "dimensions" else "–").join(written)
    return Found(picked.key, joined if rule.show == "figure" else f"{joined} {unit}", "unit")


def _quantity(relation: str, surface: str, rule: Rule) -> quantity.Quantity | None:
    found = quantity.parse(surface, relation, rule.unit)
    bare = found is None or found.kind == "count"
    if bare and rule.assume and (assumed := quantity.parse(f"{surface} {rule.assume}", relation, rule.unit)):
        return assumed
    if found is None or found.kind == "count" or not rule.unit:
        return None
    return found if found.in_unit(rule.unit) is not None else None


def _picked(amount: quantity.Quantity, several: str) -> quantity.Quantity:
    if not several or len(amount.values) < 2:
        return amount
    return quantity.Quantity((_one(amount.values, several),), amount.base, "quantity", amount.metric)


def _figure(surface: str, rule: Rule) -> Found | None:
    """The number that the words say, in figures: "15K" → 15000, "Quad-core" → 4, "24/Box" → 24."""
    values = list(_numbers(surface))
    if not values:
        return None
    value = _one(values, rule.several or "first")
    label = show(value) if rule.digits is None else f"{value:.{rule.digits}f}"
    return Found(show(value), label, "figure")


def _numbers(surface: str) -> list[float]:
    text = plain(surface)
    found = []
    for match in _FIGURES.finditer(text):
        value = parse_number(match[1])
        if value is not None:
            found.append(value * (1_000.0 if match[2] else 1.0))
    if found:
        return found
    words = re.findall(r"[a-z]+|[^\W\da-z_]", text)
    numbers = WORDS | PREFIXES
    return [float(numbers[word]) for word in words if word in numbers and word != "a"]


def _one(values: Sequence[float], several: str) -> float:
    match several:
        case "smallest":
            return min(values)
        case "largest":
            return max(values)
        case "sum":
            return sum(values)
    return values[0]


def _expanded(text: str, names: Mapping[str, str]) -> str:
    """Short forms spelled out wherever they stand as words; a figure beside one is set off by a space."""
    if not names:
        return " ".join(text.split())
    short = "|".join(sorted(map(re.escape, names), key=lambda name: (-len(name), name)))
    pattern = _expansion(short)
    spelled = pattern.sub(
        lambda m: f"{(m[1] and m[1] + ' ') or ''}{names[m[2]]}{(m[3] and ' ' + m[3]) or ''}", text
    )
    return " ".join(spelled.split())


@lru_cache(maxsize=256)
def _expansion(short: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(\d)[\s-]*)?(?<![^\W\d_])({short})(?![^\W\d_])(?:[\s-]*(\d))?")


def _category(surface: str, rule: Rule) -> Found | None:
    hits = list(dict.fromkeys(_categories_of(surface, rule)))
    chosen = rule.many if rule.many and len(hits) > 2 else hits[0] if hits else rule.otherwise
    return Found(fold(chosen), chosen, "category") if chosen else None


def _categories_of(surface: str, rule: Rule) -> list[str]:
    """Categories by the place where their words stand; of words that share a place the longer ones count."""
    text = _plain_words(surface)
    hits: list[tuple[int, int, str]] = []
    for word, category in _meant(rule):
        hits += [
            (m.start(), m.end(), category) for m in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        ]
    kept: list[tuple[int, int, str]] = []
    for hit in sorted(hits, key=lambda hit: hit[0] - hit[1]):
        if all(hit[1] <= other[0] or other[1] <= hit[0] for other in kept):
            kept.append(hit)
    return [category for _, _, category in sorted(kept)]


@lru_cache(maxsize=256)
def _meant(rule: Rule) -> list[tuple[str, str]]:
    table = {
        _plain_words(word): category
        for category, words in rule.categories.items()
        for word in (category, *words)
    }
    return [(word, category) for word, category in table.items() if word]


def _plain_words(text: str) -> str:
    return " ".join(singular(word) for word in re.findall(r"[^\W_]+", fold(text)))


def _kept(label: str, rule: Rule) -> str | None:
    if not rule.keep:
        return None
    kept = "".join(c for c in label if (c.isalnum() if rule.keep == "letters" else c.isdecimal()))
    return kept or None


def _part(label: str, rule: Rule) -> str | None:
    if len(rule.part) != 2:
        return None
    return label[max(0, rule.part[0] - 1) : rule.part[1]] or None


def _cased(label: str, rule: Rule) -> str | None:
    return {"upper": label.upper(), "lower": label.lower()}.get(rule.case)
