"""Made-up product texts: every value stands where it is said to stand, and no question has two answers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection

import pytest

from core.extract.ground import Span, is_grounded
from core.extract.query import MAX_ASKED, Query
from core.extract.reworded import reworded, wordings
from core.extract.shelf_words import runs_of, shelf, words_of
from core.extract.synthetic import generate
from core.extract.tokens import fold, pieces

TITLE = "Velnet Hearth Dark Roast Ground Coffee, 12 oz Bag (Pack of 2), Decaf"
VALUES = {
    "Brand": "Velnet Hearth",
    "Roast type": "Dark Roast",
    "Net content": "12 oz",
    "Pack size": "Pack of 2",
}
EMPTY = ("Country", "Flavor", "Machine type", "Specialty")


@pytest.fixture(scope="module")
def queries() -> list[Query]:
    return generate(2_000, seed=3)


def coffee() -> Query:
    spans = tuple(Span(TITLE.index(v), TITLE.index(v) + len(v), name) for name, v in VALUES.items())
    return Query(TITLE, "Coffee", {name: name for name in (*VALUES, *EMPTY)}, spans)


def disjoint(meanings: Collection[frozenset[str]]) -> bool:
    return all(not one & other for one, other in itertools.combinations(meanings, 2))


def test_every_span_is_whole_words_of_its_text_and_is_asked(queries: list[Query]) -> None:
    for query in queries:
        parts = pieces(query.text)
        starts, ends = {part.start for part in parts}, {part.end for part in parts}
        for span in query.spans:
            assert is_grounded(query.text, query.text[span.start : span.end], span.start, span.end)
            assert span.start in starts
            assert span.end in ends
            assert span.relation in query.asked
        assert all(a.end <= b.start for a, b in itertools.pairwise(query.spans))


def test_a_wording_is_the_relation_with_or_without_a_description(queries: list[Query]) -> None:
    described = 0
    for query in queries:
        assert 0 < len(query.asked) <= MAX_ASKED
        for relation, wording in query.asked.items():
            assert wording == relation or wording.startswith(f"{relation}: ")
            assert len(wording.removeprefix(f"{relation}: ").split()) <= 12
            described += wording != relation
    assert 0.2 < described / sum(len(query.asked) for query in queries) < 0.6


def test_no_two_wordings_of_a_text_could_mean_the_same(queries: list[Query]) -> None:
    meanings = shelf().meanings
    assert all(disjoint([meanings[fold(name)] for name in query.asked]) for query in queries)


def test_what_is_asked_in_vain_does_not_stand_in_the_text(queries: list[Query]) -> None:
    words = shelf()
    in_vain = 0
    for query in queries:
        runs = runs_of(query.text)
        found = {span.relation for span in query.spans}
        for name in set(query.asked) - found:
            assert not any(words.literals[key] & runs for key in words.meanings[fold(name)]), (
                name,
                query.text,
            )
            in_vain += 1
    assert in_vain > len(queries)


def test_a_labelled_value_hardly_ever_stands_once_more_unlabelled(queries: list[Query]) -> None:
    labelled = left = 0
    for query in queries:
        bare = query.text
        for span in reversed(query.spans):
            bare = f"{bare[: span.start]}\x00{bare[span.end :]}"
        values = {words_of(query.text[s.start : s.end]) for s in query.spans}
        long = {value for value in values if sum(map(str.isalpha, "".join(value))) >= 3}
        labelled += len(long)
        left += len(long & runs_of(bare))
    # Only as part of a longer value of something that is not asked.
    assert left < 0.002 * labelled


def test_the_same_seed_gives_the_same_texts_and_another_seed_others(queries: list[Query]) -> None:
    assert generate(50, seed=3) == queries[:50]
    assert not {query.text for query in generate(50, seed=4)} & {query.text for query in queries}


def test_texts_differ_and_every_product_type_and_nearly_every_attribute_comes_up(
    queries: list[Query],
) -> None:
    words = shelf()
    assert len({query.text for query in queries}) >= 0.9 * len(queries)
    categories = {query.category for query in queries}
    assert all(categories & set(kind.categories) for kind in words.types)
    named = set().union(*(words.meanings[fold(s.relation)] for query in queries for s in query.spans))
    assert len(named) > 0.95 * len(words.attributes)
    assert {"\n" in query.text for query in queries} == {True, False}


def test_every_pattern_gives_values_without_signs_of_the_pattern() -> None:
    words, drawn = shelf(), random.Random(0)
    for kind in words.types:
        for patterns in kind.values.values():
            for pattern in patterns:
                value = words.draw([pattern], drawn)
                assert value == value.strip()
                assert words_of(value)
                assert not set(value) & set("<>$~^|")


def test_what_is_near_to_an_attribute_or_shared_by_a_wording_exists() -> None:
    words = shelf()
    assert set().union(*(one.near for one in words.attributes.values())) <= set(words.attributes)
    assert set().union(*words.also.values()) <= set(words.attributes)
    names = [fold(name) for one in words.attributes.values() for name in one.names]
    assert len(set(names)) == len(names)
    assert all(2 <= len(one.told) <= 3 for one in words.attributes.values())
    assert all(len(told.split()) <= 12 for one in words.attributes.values() for told in one.told)


def test_rewording_keeps_values_and_asks_nothing_twice() -> None:
    query, known = coffee(), wordings()
    everything = {**known.attributes, **known.foreign}
    seen: set[str] = set()
    for seed in range(300):
        other = reworded(query, random.Random(seed))
        assert [(s.start, s.end) for s in other.spans] == [(s.start, s.end) for s in query.spans]
        assert {span.relation for span in other.spans} <= set(other.asked)
        for old, new in zip(query.spans, other.spans, strict=True):
            assert fold(new.relation) in known.names(old.relation)
        asked = [
            {key for key in (*query.asked, *everything) if fold(name) in known.names(key)}
            for name in other.asked
        ]
        asked = [keys & set(query.asked) or keys for keys in asked]
        assert disjoint([frozenset(keys) for keys in asked])
        assert all(said == name or said.startswith(f"{name}: ") for name, said in other.asked.items())
        seen |= set(other.asked)
    assert {"Brand", "Manufacturer", "Roast Level"} <= seen
    assert {"Shoe Type", "Carat Weight"} <= seen


def test_rewording_leaves_out_and_adds_only_what_has_no_value() -> None:
    query, known = coffee(), wordings()
    everything = {**known.attributes, **known.foreign}
    made = [reworded(query, random.Random(seed)) for seed in range(200)]
    assert any(len(other.asked) < len(query.asked) for other in made)
    assert any(len(other.asked) > len(query.asked) for other in made)
    here = {fold(name) for relation in query.asked for name in known.names(relation)}
    for other in made:
        for name in other.asked:
            if fold(name) not in here:
                keys = [key for key in everything if fold(name) in known.names(key)]
                assert any("Coffee" in everything[key].absent_from for key in keys)


def test_rewording_draws_the_same_from_the_same_and_leaves_the_unknown_alone() -> None:
    assert reworded(coffee(), random.Random(5)) == reworded(coffee(), random.Random(5))
    query = Query("Oak desk", "Desks", {"Wood": "Wood: what it is made of"}, (Span(0, 3, "Wood"),))
    assert reworded(query, random.Random(1)) == query
