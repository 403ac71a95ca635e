"""Writes a product text from facts, as parts of which each knows which attribute's value it is."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.extract.shelf_words import PRODUCT_TYPE, Attribute, ProductType, Shelf

_FRONT_FIRST = ("brand", "line", "model_name", "model_number")
_BETWEEN = (" ", " ", " ", " ", ", ", ", ", " - ", " | ", " / ", "; ")
_AND = (", ", ", ", " / ", " and ", " & ", " or ")
_AFTER_LABEL = (": ", ": ", ": ", ": ", ":", " - ", " : ", " ")
_BULLETS = ("\n", "\n", "\n- ", "\n• ", "; ", ", ", " | ", ". ", " • ")
_TITLE_WORD = re.compile(r"\b[A-Z][a-z]+\b")
_NOUN = "@"
_SLOT = re.compile(f"(_|{_NOUN})")
_ARTICLE = re.compile(rf"\b([Aa]) {_NOUN}")
_VOWELS = frozenset("AEIOUaeiou")
_ENDS_IN_ARTICLE = re.compile(r"\b[Aa] $")
_FILLERS = (0, 0, 0, 1, 1, 2, 3, 5, 9, 14)
_OTHERS = (
    "Also available in _.",
    "Other options: _.",
    "Also sold in _.",
    "Not available in _.",
    "Choose from _ as well.",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text; ``key`` is the attribute it is a value of, "" of none."""

    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """An attribute's values; where ``unclear`` they may only stand beside a label."""

    attribute: Attribute
    values: tuple[str, ...]
    unclear: bool = False


class Writer:
    """Composes one text about a product; every call of ``write`` draws anew."""

    def __init__(self, words: Shelf, kind: ProductType, facts: Sequence[Fact], drawn: random.Random) -> None:
        self._words = words
        self._kind = kind
        self._facts = facts
        self._drawn = drawn
        self._noun = drawn.choice(kind.nouns)

    def write(self, with_body: bool) -> list[Part]:
        """The parts of a title, or of a title with a description or a list."""
        clear = [fact for fact in self._facts if not fact.unclear]
        if not with_body:
            return _cased(self._title(clear), self._draw_case())
        in_title = [fact for fact in clear if fact.attribute.key == "brand" or self._chance(0.45)]
        rest = [fact for fact in self._facts if fact not in in_title or self._chance(0.35)]
        title = _cased(self._title(in_title), self._draw_case())
        between = Part(self._drawn.choice(("\n", "\n", "\n", " ", ". ", " - ")))
        return [*title, between, *self._body(rest)]

    def _chance(self, share: float) -> bool:
        return self._drawn.random() < share

    def _draw_case(self) -> Callable[[str], str] | None:
        return self._drawn.choice((None, None, None, None, None, None, str.upper, str.lower))

    # Titles

    def _title(self, facts: Sequence[Fact]) -> list[Part]:
        front = sorted((f for f in facts if f.attribute.at == "front"), key=_rank)
        if self._chance(0.15):
            self._drawn.shuffle(front)
        before, after = self._sides([fact for fact in facts if fact not in front])
        noun = [[Part(self._noun, PRODUCT_TYPE)]]
        first, third = [self._plain(f) for f in before], [self._shown(f) for f in after]
        lead = [self._plain(f) for f in front]
        between = self._drawn.choice(_BETWEEN)
        pattern = self._drawn.random()
        if pattern < 0.55:
            items = [(lead + first + noun, " "), (third, between)]
        elif pattern < 0.7:
            items = [(noun, " "), (lead + first + third, between if between != " " else ", ")]
        elif pattern < 0.85:
            mixed = [*lead, *first, *noun, *third]
            self._drawn.shuffle(mixed)
            items = [(mixed, between)]
        else:
            items = [(first + noun, " "), (third + lead, between)]
        return self._noisy(_strung(items))

    def _sides(self, facts: Sequence[Fact]) -> tuple[list[Fact], list[Fact]]:
        mixed = list(facts)
        self._drawn.shuffle(mixed)
        left = self._drawn.choice((0.2, 0.5, 0.8))
        before = [fact for fact in mixed if not fact.attribute.at and self._chance(left)]
        return before, [fact for fact in mixed if fact not in before]

    def _plain(self, fact: Fact) -> list[Part]:
        forms = [form for form in fact.attribute.shown if form.startswith("_")]
        return self._filled(self._drawn.choice(forms or fact.attribute.shown), fact, soft=False)

    def _shown(self, fact: Fact) -> list[Part]:
        return self._filled(self._drawn.choice(fact.attribute.shown), fact, soft=False)

    def _noisy(self, parts: list[Part]) -> list[Part]:
        made = list(parts)
        for _ in range(self._drawn.choice((0, 0, 0, 1, 1, 2))):
            word = self._words.draw(["$noise"], self._drawn)
            made = [Part(word + " "), *made] if self._chance(0.5) else [*made, Part(" " + word)]
        if self._chance(0.1):
            shop = self._words.draw(["$shop"], self._drawn)
            made.append(Part(self._drawn.choice((" | ", " - ", " @ ", " : ")) + shop))
        return made

    # Descriptions

    def _body(self, facts: list[Fact]) -> list[Part]:
        self._drawn.shuffle(facts)
        in_list = self._drawn.choice((0.0, 0.5, 1.0))
        listed = [f for f in facts if f.unclear or not f.attribute.says or self._chance(in_list)]
        told = [fact for fact in facts if fact not in listed]
        blocks = [block for block in (self._sentences(told), self._list(listed) if listed else []) if block]
        if self._chance(0.2):
            blocks.reverse()
        return [part for at, block in enumerate(blocks) for part in ([Part("\n")] if at else []) + block]

    def _sentences(self, facts: Sequence[Fact]) -> list[Part]:
        made: list[list[Part]] = []
        left = list(facts)
        while left and len(made) < 5:
            size = self._drawn.randint(1, 3)
            made.append(self._sentence(left[:size]))
            left = left[size:]
        for filler in {self._filler(): None for _ in range(self._drawn.choice(_FILLERS))}:
            made.insert(self._drawn.randint(0, len(made)), [Part(filler)])
        if facts and self._chance(0.12):
            made.append(self._others(self._drawn.choice(facts)))
        return [part for at, one in enumerate(made) for part in ([Part(" ")] if at else []) + one]

    def _sentence(self, facts: Sequence[Fact]) -> list[Part]:
        frame = self._words.draw(["$frames"], self._drawn, {"noun": _NOUN})
        noun = self._noun
        if noun[0] in _VOWELS:
            frame = _ARTICLE.sub(rf"\1n {_NOUN}", frame)
        made: list[Part] = []
        for piece in _SLOT.split(frame):
            if piece == "_":
                made += self._clauses(facts)
            elif piece == _NOUN:
                made.append(Part(_soft(noun) if self._chance(0.7) else noun, PRODUCT_TYPE))
            elif piece:
                made.append(Part(piece))
        head = made[0]
        return [Part(head.text[0].upper() + head.text[1:], head.key), *made[1:]]

    def _clauses(self, facts: Sequence[Fact]) -> list[Part]:
        made: list[Part] = []
        for at, fact in enumerate(facts):
            if at:
                made.append(Part(" and " if at == len(facts) - 1 else ", "))
            label = self._drawn.choice(fact.attribute.names).lower()
            clauses = (
                (*fact.attribute.says, f"with a {label} of _") if self._chance(0.3) else fact.attribute.says
            )
            soft = not fact.attribute.keep and self._chance(0.75)
            made += self._filled(self._drawn.choice(clauses), fact, soft=soft)
        return made

    def _filler(self) -> str:
        noun = _soft(self._noun)
        other = _soft(self._drawn.choice(self._drawn.choice(self._words.types).nouns))
        return self._words.draw(["$filler"], self._drawn, {"noun": noun, "other": other})

    def _others(self, fact: Fact) -> list[Part]:
        """A sentence on other choices, none of which is this product's."""
        patterns = self._kind.values[fact.attribute.key]
        made = {self._words.draw(patterns, self._drawn) for _ in range(2)}
        return [Part(self._drawn.choice(_OTHERS).replace("_", " and ".join(sorted(made))))]

    def _list(self, facts: Sequence[Fact]) -> list[Part]:
        case = self._drawn.choice((None, None, None, str.upper, str.lower))
        colon = self._drawn.choice(_AFTER_LABEL)
        between = self._drawn.choice(_BULLETS)
        bare = self._chance(0.15)
        rows = [self._row(fact, case, colon, bare and not fact.unclear) for fact in facts]
        for _ in range(self._drawn.choice((0, 0, 0, 1, 2))):
            line = self._words.draw(["$lines"], self._drawn)
            rows.insert(self._drawn.randint(0, len(rows)), [Part(line)])
        made: list[Part] = []
        if self._chance(0.4):
            made.append(Part(self._words.draw(["$heads"], self._drawn) + self._drawn.choice((":", "", " -"))))
            made.append(Part(between if between.startswith("\n") else " "))
        for at, row in enumerate(rows):
            made += [Part(between), *row] if at else row
        return made

    def _row(self, fact: Fact, case: Callable[[str], str] | None, colon: str, bare: bool) -> list[Part]:
        if bare:
            return self._shown(fact)
        label = self._drawn.choice(fact.attribute.names)
        return [Part((case(label) if case else label) + colon), *self._filled("_", fact, soft=False)]

    # Values

    def _filled(self, form: str, fact: Fact, *, soft: bool) -> list[Part]:
        """The form with the values in the place of its sign; ``soft`` ones without capitals."""
        head, _, tail = form.partition("_")
        between = self._drawn.choice(_AND)
        if _ENDS_IN_ARTICLE.search(head) and fact.values[0][0] in _VOWELS:
            head = f"{head[:-1]}n "
        made: list[Part] = [Part(head)] if head else []
        for at, value in enumerate(fact.values):
            made += [Part(between)] if at else []
            made.append(Part(_soft(value) if soft else value, fact.attribute.key))
        return [*made, Part(tail)] if tail else made


def _rank(fact: Fact) -> int:
    key = fact.attribute.key
    return _FRONT_FIRST.index(key) if key in _FRONT_FIRST else len(_FRONT_FIRST)


def _strung(groups: Sequence[tuple[Sequence[list[Part]], str]]) -> list[Part]:
    """Groups of items, each group with its own sign between its items and before its first."""
    made: list[Part] = []
    for items, between in groups:
        for item in items:
            if made:
                sign = " " if item[0].text[0] in "(-[," and not item[0].key else between
                made.append(Part("" if item[0].text.startswith(",") else sign))
            made += item
    return made


def _cased(parts: Sequence[Part], case: Callable[[str], str] | None) -> list[Part]:
    return [Part(case(part.text), part.key) for part in parts] if case else list(parts)


def _soft(text: str) -> str:
    """Without capitals at the start of words; what is written in capitals stays so."""
    return _TITLE_WORD.sub(lambda match: match[0].lower(), text)
