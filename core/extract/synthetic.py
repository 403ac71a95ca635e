"""Product texts of our own with the exact place of every value, to teach a span reader what attributes' names mean.

Brands and codes are made up, so that they are learnt from their place and form. A value is the longest run of words a
shop would put into that one field, and every place where it stands is labelled. What is asked is part of what stands in
the text, and attributes that do not; what comes near to an attribute that is there is never asked as absent.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from core.extract.ground import Span, is_grounded
from core.extract.query import MAX_ASKED, Query
from core.extract.shelf_words import PRODUCT_TYPE, ProductType, Shelf, runs_of, shelf
from core.extract.synthetic_text import Fact, Part, Writer
from core.extract.tokens import fold, tokenize

_TOLD = (0.0, 0.0, 0.0, 0.3, 1.0, 1.0)
_MOST_ABSENT = 8


def generate(count: int, seed: int, bodies: float = 0.55) -> list[Query]:
    """``count`` queries with gold spans, a share of ``bodies`` with more than a title; the first ones of a longer run
    with the same seed are the same."""
    return [_query(shelf(), random.Random(f"{seed}/{number}"), bodies) for number in range(count)]


def _query(words: Shelf, drawn: random.Random, bodies: float) -> Query:
    kind = drawn.choice(words.types)
    with_body = drawn.random() < bodies
    facts = _facts(words, kind, with_body, drawn)
    written = Writer(words, kind, facts, drawn).write(with_body)
    text, spans = _joined(written)
    spans = [*spans, *_again(text, spans)]
    present = {span.relation for span in spans}
    asked = _asked(words, kind, present, text, drawn)
    named = {key: name for name, (key, _) in asked.items()}
    kept = [Span(s.start, s.end, named[s.relation]) for s in spans if s.relation in named]
    wording = {name: said for name, (_, said) in asked.items()}
    return Query(text, _category(kind, drawn), wording, tuple(sorted(kept, key=lambda s: s.start)))


def _category(kind: ProductType, drawn: random.Random) -> str:
    chance = drawn.random()
    category = "" if chance < 0.08 else drawn.choice(kind.categories)
    return category.lower() if chance > 0.9 else category


def _facts(words: Shelf, kind: ProductType, with_body: bool, drawn: random.Random) -> list[Fact]:
    """What the text will say. Of two attributes that are easily confused the second has to say which it is."""
    share = drawn.uniform(0.35, 0.75) if with_body else drawn.uniform(0.2, 0.5)
    keys = [key for key in kind.values if drawn.random() < (0.85 if key == "brand" else share)]
    drawn.shuffle(keys)
    facts: list[Fact] = []
    for key in sorted(keys[:14], key=lambda key: key != "brand"):
        attribute = words.attributes[key]
        others = [fact.attribute.key for fact in facts]
        unclear = bool(words.near[key] & set(others)) and not attribute.tells_itself
        if not unclear or with_body:
            facts.append(Fact(attribute, _values(words, kind, key, drawn), unclear))
    return facts


def _values(words: Shelf, kind: ProductType, key: str, drawn: random.Random) -> tuple[str, ...]:
    attribute = words.attributes[key]
    many = attribute.many and drawn.random() < 0.4
    made = [words.draw(kind.values[key], drawn) for _ in range(drawn.randint(2, 3) if many else 1)]
    if attribute.named:
        chance = drawn.random()
        made = [
            value.upper() if chance < 0.2 else value.lower() if chance > 0.97 else value for value in made
        ]
    return tuple(dict.fromkeys(made))


def _joined(parts: Sequence[Part]) -> tuple[str, list[Span]]:
    text, spans = "", []
    for part in parts:
        if part.key:
            assert is_grounded(text + part.text, part.text, len(text), len(text) + len(part.text)), part
            spans.append(Span(len(text), len(text) + len(part.text), part.key))
        text += part.text
    return text, spans


def _again(text: str, spans: Sequence[Span]) -> list[Span]:
    """Further places where a value with letters stands outside the known ones."""
    tokens = tokenize(text)
    folded = [fold(token.text) for token in tokens]
    values: dict[tuple[str, ...], str] = {}
    for span in spans:
        inside = tuple(
            word for token, word in zip(tokens, folded, strict=True) if span.start <= token.start < span.end
        )
        if sum(c.isalpha() for word in inside for c in word) >= 3:
            values.setdefault(inside, span.relation)
    taken = list(spans)
    found: list[Span] = []
    for value, key in sorted(values.items(), key=lambda item: (-len(item[0]), item[0])):
        for at in range(len(folded) - len(value) + 1):
            if tuple(folded[at : at + len(value)]) == value:
                span = Span(tokens[at].start, tokens[at + len(value) - 1].end, key)
                if not any(span.overlaps(other) for other in taken):
                    taken.append(span)
                    found.append(span)
    return found


def _asked(
    words: Shelf, kind: ProductType, present: Collection[str], text: str, drawn: random.Random
) -> dict[str, tuple[str, str]]:
    """Name → attribute and wording. No two names share a meaning, and none that is absent could mean what is there."""
    left_out = drawn.choice((0.0, 0.1, 0.3))
    share = {PRODUCT_TYPE: 0.35}
    wanted = [key for key in sorted(present) if drawn.random() < share.get(key, 1.0 - left_out)]
    runs = runs_of(text)
    unclear = {key for key, values in words.literals.items() if not values.isdisjoint(runs)}
    unclear = unclear.union(present, *(words.near[key] for key in present), {PRODUCT_TYPE})
    absent = _absent(words, kind, unclear, drawn)
    told = drawn.choice(_TOLD)
    asked: dict[str, tuple[str, str]] = {}
    meant: set[str] = set()
    drawn.shuffle(wanted)
    for key in [*wanted, *absent][:MAX_ASKED]:
        blocked = meant | (set(present) - {key} if key in present else unclear)
        names = [name for name in words.wordings[key] if not words.meanings[fold(name)] & blocked]
        if names:
            name = drawn.choice(names)
            meant |= words.meanings[fold(name)]
            chance = drawn.random()
            shown = name.lower() if chance < 0.1 else name.upper() if chance > 0.97 else name
            described = drawn.random() < told
            said = f"{shown}: {drawn.choice(words.attributes[key].told)}" if described else shown
            asked[shown] = (key, said)
    order = list(asked.items())
    drawn.shuffle(order)
    return dict(order)


def _absent(words: Shelf, kind: ProductType, unclear: Collection[str], drawn: random.Random) -> list[str]:
    """Attributes to ask in vain: mostly of the same product type, some of others."""
    own = [key for key in kind.values if key not in unclear]
    foreign = [key for key in words.attributes if key not in kind.values and key not in unclear]
    chosen = drawn.sample(own, min(len(own), drawn.randint(0, _MOST_ABSENT)))
    return chosen + drawn.sample(foreign, drawn.choice((0, 0, 1, 2, 3)))
