"""Records of any table as the resolver compares them, and what is read from their words once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from core.extract import brands, codes, quantity
from core.extract.numbers import parse_number
from core.extract.tokens import fold, has_cjk
from core.extract.units import units

_WORD = re.compile(r"[^\W_]+")
_CHUNK = re.compile(r"[^\s,;|()\[\]{}\"]+")
_CODE_MARKS = re.compile(r"[-./_#+]")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)*(?![\w])|(?<=v)\d+(?:\.\d+)+|(?<=\bv)\d+\b")
_LETTERS_AND_DIGITS = re.compile(r"(?=[a-z0-9]*\d)(?=[a-z0-9]*[a-z])[a-z0-9]{4,}")
_MANY_DIGITS = re.compile(r"\d{5,}")
_LONG_NUMBER = re.compile(r"(?<!\d)\d[\d -]{6,16}\d(?!\d)")
_MARKS = re.compile(r"\((?:tm|r|c)\)|[™®©]")
_LEAST_DIGITS = 12
_FIGURE = r"\d+(?:[.,]\d+)*|\.\d+"
_NOT_A_CODE = re.compile(r"\d{1,4}(?:p|i|k|x\d{1,4}|st|nd|rd|th|bit|pin|way|port|pack|pk|ct|user|users|in1)")


Amounts = Mapping[str, frozenset[tuple[float, bool]]]
"""Base unit to amounts in it, each with whether it was written in a metric unit."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a catalogue. ``model`` is the maker's own number, ``gtin`` a trade item number as it is written;
    ``attributes`` are all other structured values by name; ``source`` is the catalogue it comes from."""

    id: str
    title: str
    brand: str = ""
    price: float | None = None
    description: str = ""
    model: str = ""
    gtin: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    source: str = ""


_SERVES = re.compile(r"\b(?:for|fits?|compatible with|works with|replaces)\b|适用|兼容|适配|用于")
"""What follows is what a thing is made for, not what it is: a refill names the model of its device."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a record says, in comparable form.

    ``words`` are those of the title, ``codes`` its model numbers without separators, ``own`` those of them that are not
    of what it is made for, ``gtins`` its valid trade item numbers (14 digits), ``numbers`` plain figures of the title,
    ``amounts`` its quantities by base unit, in that unit; ``packs`` how many pieces it says it has; ``compact`` is
    title, model and description without anything but letters and digits, where a code can be looked for.
    """

    words: tuple[str, ...]
    title: str
    text: str
    brand: str
    codes: frozenset[str]
    own: frozenset[str]
    gtins: frozenset[str]
    numbers: frozenset[str]
    amounts: Amounts
    packs: frozenset[int]
    compact: str


def profile(record: Record) -> Profile:
    """Read a record."""
    title = fold(record.title)
    model = _CODE_MARKS.sub("", fold(record.model)).replace(" ", "")
    stated = {model} if len(model) > 2 else set()
    found = codes_in(title) | stated
    served = codes_in(title[at.start() :]) if (at := _SERVES.search(title)) else set()
    gtins = {g for text in (record.gtin, record.model) if (g := codes.gtin(text))}
    gtins |= gtins_in(f"{record.title}\n{record.description}")
    return Profile(
        tuple(words_of(title)),
        title,
        fold(f"{record.title} {record.model} {record.description}"),
        brand_key(record.brand),
        frozenset(found),
        frozenset(found - (served - stated)),
        frozenset(gtins),
        frozenset(numbers_in(title)),
        amounts_in(record.title),
        packs_in(record.title),
        re.sub(r"[^a-z0-9]", "", fold(f"{record.title} {record.model} {record.description}")),
    )


def words_of(text: str) -> list[str]:
    """Folded words; a script written without spaces gives pairs of its characters."""
    found: list[str] = []
    for word in _WORD.findall(unaccented(text)):
        if has_cjk(word) and len(word) > 1:
            found += [word[at : at + 2] for at in range(len(word) - 1)]
        else:
            found.append(word)
    return found


def unaccented(text: str) -> str:
    """Folded text without accents and trade marks."""
    if text.isascii():
        return _MARKS.sub(" ", text.casefold())
    apart = unicodedata.normalize("NFKD", text)
    return _MARKS.sub(
        " ",
        unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c))).casefold(),
    )


def codes_in(title: str) -> set[str]:
    """Model numbers of a folded title: runs of letters with figures, or of five figures and more, separators taken out;
    amounts with a unit ("500gb") and the like are none."""
    found = set()
    for chunk in _CHUNK.findall(title):
        parts = {chunk, *chunk.split("/")}
        for part in parts:
            joined = _CODE_MARKS.sub("", part.strip("-./'’:*&!?"))
            if (_LETTERS_AND_DIGITS.fullmatch(joined) or _MANY_DIGITS.fullmatch(joined)) and not _measures(
                part
            ):
                found.add(joined)
    return found


def numbers_in(title: str) -> set[str]:
    """Plain figures, "10.0" as "10"."""
    return {re.sub(r"(?:\.0+)+$", "", found).lstrip("0") or "0" for found in _NUMBER.findall(title)}


def gtins_in(text: str) -> set[str]:
    """The valid trade item numbers of at least twelve figures that stand in a text; shorter ones mean other things too
    often."""
    found = set()
    for written in _LONG_NUMBER.findall(text):
        digits = re.sub(r"\D", "", written)
        if len(digits) >= _LEAST_DIGITS and (valid := codes.gtin(digits)):
            found.add(valid)
    return found


@lru_cache(maxsize=65_536)
def amounts_in(text: str) -> Amounts:
    """The quantities that a text names."""
    found: dict[str, set[tuple[float, bool]]] = {}
    for match in _amount_pattern().finditer(
        fold(text).replace("''", '"').replace("”", '"').replace("″", '"')
    ):
        value = parse_number(match[1])
        entry = units().get(match[2].replace(".", "").strip("- "))
        if value and entry:
            found.setdefault(entry[0], set()).add((round(value * entry[1], 6), entry[2]))
    return {base: frozenset(values) for base, values in found.items()}


@lru_cache(maxsize=65_536)
def packs_in(text: str) -> frozenset[int]:
    """How many pieces a text says are in a pack."""
    found = set()
    for match in _PACK.finditer(fold(text)):
        digits = next(group for group in match.groups() if group)
        if 0 < int(digits) < 10_000:
            found.add(int(digits))
    return frozenset(found)


@lru_cache(maxsize=16_384)
def brand_key(brand: str) -> str:
    """Equal for all names of one brand."""
    folded = fold(brand)
    if not folded:
        return ""
    shorter = brands.without_legal_form(folded)
    known = brands.known_as(folded) or brands.known_as(shorter)
    return unaccented(brands.plain_name(fold(known) if known else shorter))


def _measures(chunk: str) -> bool:
    joined = chunk.replace("-", "")
    return bool(_NOT_A_CODE.fullmatch(joined)) or bool(_amount_pattern().fullmatch(joined))


@lru_cache(maxsize=1)
def _amount_pattern() -> re.Pattern[str]:
    names = sorted((re.escape(name) for name in units()), key=lambda name: (-len(name), name))
    return re.compile(rf"(?<![\w.])({_FIGURE})\s*-?\s*({'|'.join(names)})(?![a-z0-9]|[ -]1\b)")


def _pack_pattern() -> re.Pattern[str]:
    words = "|".join(
        sorted(
            map(re.escape, quantity.count_words() - {"ct", "units", "unit", "set", "sets", "can"}), key=len
        )[::-1]
    )
    return re.compile(
        rf"\b(?:pack|set|box|case|lot|carton|bundle)\s+of\s+(\d{{1,4}})\b"
        rf"|(?<![\w.])(\d{{1,4}})[\s-]*(?:{words}|ct|count|pk|user|users|license|licenses)(?![a-z0-9])(?!\s*of)"
        r"|(?<![\w.])(\d{1,3})\s*x\s*(?=\d+(?:\.\d+)?\s*(?:ml|g|kg|l|oz)\b)"
    )


_PACK = _pack_pattern()


def profiles(records: Iterable[Record]) -> list[Profile]:
    """The profile of each record, in order."""
    return [profile(record) for record in records]
