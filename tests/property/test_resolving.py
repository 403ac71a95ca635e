"""Laws of entity resolution: what may never be one group, whatever the scores say and in whatever order they come."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.extract import codes
from core.graph.resolve.clusters import Link, clusters, one_to_one
from core.graph.resolve.constraints import Conflict, Rules, conflict
from core.graph.resolve.features import Pairs
from core.graph.resolve.records import Record, profile

IDS = tuple("abcdefgh")
SOURCES = {name: "first" if name in "abcd" else "second" for name in IDS}
LINKS = st.lists(
    st.builds(
        lambda pair, probability, apart: Link(pair[0], pair[1], probability, apart),
        st.sampled_from(list(combinations(IDS, 2))),
        st.floats(0, 1),
        st.booleans(),
    ),
    max_size=30,
)


def best(links: list[Link]) -> dict[frozenset[str], float]:
    found: dict[frozenset[str], float] = {}
    for link in links:
        key = frozenset((link.one, link.other))
        found[key] = max(found.get(key, 0.0), link.probability)
    return found


@given(LINKS, st.floats(0.5, 1), st.floats(0.1, 0.5))
def test_every_pair_of_a_group_was_compared_and_is_likely_enough(
    links: list[Link], threshold: float, floor: float
) -> None:
    known = best(links)
    apart = {frozenset((link.one, link.other)) for link in links if link.apart}
    for group in clusters(links, threshold, floor):
        for pair in map(frozenset, combinations(group, 2)):
            assert known[pair] >= floor
            assert pair not in apart


@given(LINKS, st.floats(0.5, 1))
def test_a_group_has_one_of_each_source(links: list[Link], threshold: float) -> None:
    for group in clusters(links, threshold, 0.3, SOURCES):
        assert len({SOURCES[name] for name in group}) == len(group)


@given(LINKS, st.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter(links: list[Link], random: object) -> None:
    turned = [Link(link.other, link.one, link.probability, link.apart) for link in links]
    random.shuffle(turned)  # type: ignore[attr-defined]
    assert clusters(turned, 0.6, 0.3, SOURCES) == clusters(links, 0.6, 0.3, SOURCES)


@given(LINKS)
def test_what_stands_together_is_never_taken_apart(links: list[Link]) -> None:
    groups = clusters(links, 0.8, 0.5, None, [("a", "b", "c")])
    assert any({"a", "b", "c"} <= set(group) for group in groups)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(0, 1)),
        max_size=40,
        unique_by=lambda x: x[:2],
    ),
    st.floats(0, 1),
)
def test_one_to_one_is_stable(found: list[tuple[int, int, float]], threshold: float) -> None:
    rows, columns = (np.array([pair[k] for pair in found], np.int64) for k in (0, 1))
    probability = np.array([pair[2] for pair in found], np.float64)
    kept = one_to_one(Pairs.of(rows, columns), probability, threshold)
    assert len(set(rows[kept])) == len(set(columns[kept])) == len(kept)
    assert (probability[kept] >= threshold).all()
    of_row = {int(rows[at]): probability[at] for at in kept}
    of_column = {int(columns[at]): probability[at] for at in kept}
    for row, column, value in found:
        # Nobody is left who would rather have each other.
        if value >= threshold:
            assert value <= of_row.get(row, -1.0) or value <= of_column.get(column, -1.0)


def gtin(body: int) -> str:
    digits = f"{body:012d}"
    return next(f"{digits}{check}" for check in range(10) if codes.gtin(f"{digits}{check}"))


def why(one: Record, other: Record, rules: Rules | None = None) -> Conflict | None:
    found = conflict(one, other, profile(one), profile(other), rules)
    assert found == conflict(other, one, profile(other), profile(one), rules)
    return found


@given(
    st.integers(10**11, 10**12 - 1), st.integers(10**11, 10**12 - 1), st.sampled_from(["", "Same title 5"])
)
def test_different_trade_numbers_never_merge(first: int, second: int, title: str) -> None:
    one, other = Record("a", title, gtin=gtin(first)), Record("b", title, gtin=gtin(second))
    assert why(one, other) == (None if first == second else Conflict.GTIN)


@given(st.integers(1, 5_000), st.integers(1, 5_000), st.sampled_from(["ml", "g", "cm", "GB"]))
def test_different_sizes_never_merge(first: int, second: int, unit: str) -> None:
    one, other = (
        Record(name, f"Oakmere tonic {size} {unit}") for name, size in (("a", first), ("b", second))
    )
    apart = abs(first - second) > 0.01 * max(first, second)
    assert why(one, other) == (Conflict.SIZE if apart else None)


@given(st.integers(1, 500), st.integers(1, 500))
def test_different_packs_never_merge(first: int, second: int) -> None:
    one, other = (
        Record("a", f"Tilvane filters, pack of {first}"),
        Record("b", f"Tilvane filters {second}-pack"),
    )
    assert why(one, other) == (None if first == second else Conflict.PACK)


@given(st.sampled_from(["red", "navy blue"]), st.sampled_from(["red", "Red", "sand"]), st.booleans())
def test_colours_part_only_where_they_matter(first: str, second: str, matters: bool) -> None:
    one, other = (Record(n, "Mug", attributes={"Color": c}) for n, c in (("a", first), ("b", second)))
    apart = matters and first.casefold() != second.casefold()
    assert why(one, other, Rules(color=matters)) == (Conflict.COLOR if apart else None)
