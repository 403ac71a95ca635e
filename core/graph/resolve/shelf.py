"""One workspace compared with itself: products of different sources, and, where it is asked, twins within one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.graph.resolve.blocking import NEIGHBOURS, candidates
from core.graph.resolve.compare import Check, Encodes
from core.graph.resolve.constraints import Conflict, Rules, conflict
from core.graph.resolve.features import GROUPS, Pairs, features
from core.graph.resolve.matcher import Matcher
from core.graph.resolve.records import Profile, Record, profiles
from core.graph.resolve.space import Side, sides

NOTABLE = 0.02
"""Groups of features that move the log-odds by less are left out of the evidence."""


@dataclass(frozen=True, slots=True)
class Found:
    """A pair of record ids, in alphabetical order. ``parts`` are the log-odds that each group of features adds,
    ``anchor`` what exactly both have ("gtin", "code" or "title", "" for nothing), ``conflict`` why the pair may not be
    merged."""

    one: str
    other: str
    probability: float
    parts: dict[str, float]
    anchor: str = ""
    conflict: Conflict | None = None

    def evidence(self) -> dict[str, Any]:
        """Plain JSON for the log."""
        return {
            "how": "matcher",
            "anchor": self.anchor,
            "parts": {k: round(v, 3) for k, v in self.parts.items() if abs(v) >= NOTABLE},
        }


def compare_shelf(
    records: Sequence[Record],
    matcher: Matcher,
    *,
    within: bool = False,
    fresh: Collection[str] | None = None,
    rules: Rules | None = None,
    encoder: Encodes | None = None,
    least: float = 0.05,
    check: Check | None = None,
) -> list[Found]:
    """The pairs with a probability of at least ``least``, the surest first; pairs that a rule forbids are among them.

    ``fresh`` are the ids that are new or have changed: only pairs with one of them are given, and only what is needed
    for these is computed; all pairs where it is None. The order of the records does not matter.
    """
    ordered = sorted(records, key=lambda record: (record.source, record.id))
    read = profiles(ordered)
    meaning = encoder.encode([record.title for record in ordered]) if encoder else None
    empty = meaning[:0] if meaning is not None else None
    space, _ = sides(read, [], (meaning, empty) if meaning is not None and empty is not None else None)
    pairs = shelf_pairs(space, ordered, within, check)
    wanted = np.ones(len(pairs), bool)
    if fresh is not None:
        new = np.array([record.id in fresh for record in ordered], bool)
        wanted = new[pairs.rows] | new[pairs.columns]
        # What the matcher is told of a pair rests on its rivals, and what it is told of these on theirs.
        needed = _rivals(pairs, _rivals(pairs, wanted))
        pairs, wanted = pairs.only(needed), wanted[needed]
    if not wanted.any():
        return []
    table = features((ordered, ordered), (space, space), pairs)
    probability = matcher.probability(table, pairs)
    parts = matcher.explain(table, pairs)
    both: dict[tuple[str, str], list[int]] = {}
    for at in np.nonzero(wanted & (probability >= least / 2))[0].tolist():
        i, j = int(pairs.rows[at]), int(pairs.columns[at])
        one, other = sorted((ordered[i].id, ordered[j].id))
        both.setdefault((one, other), []).append(at)
    at_id = {record.id: place for place, record in enumerate(ordered)}
    found = []
    for (one, other), places in both.items():
        odds = float(np.mean([np.log(probability[at] / (1 - probability[at])) for at in places]))
        mean = {
            name: float(np.mean([parts[at].get(name, 0.0) for at in places])) for name in (*GROUPS, "bias")
        }
        i, j = at_id[one], at_id[other]
        why = conflict(ordered[i], ordered[j], read[i], read[j], rules)
        made = Found(one, other, float(1 / (1 + np.exp(-odds))), mean, anchor(read[i], read[j]), why)
        if made.probability >= least:
            found.append(made)
    return sorted(found, key=lambda pair: (-pair.probability, pair.one, pair.other))


def anchor(a: Profile, b: Profile) -> str:
    """What two records have exactly in common: a trade item number, a model code of their own, or all words of
    the title."""
    if a.gtins & b.gtins:
        return "gtin"
    if a.own & b.own:
        return "code"
    return "title" if a.words and sorted(a.words) == sorted(b.words) else ""


def shelf_pairs(
    space: Side, records: Sequence[Record], within: bool, check: Check | None = None, count: int = NEIGHBOURS
) -> Pairs:
    """Candidates of each two sources, both ways; with ``within`` also of each source with itself, each pair in both
    directions. Only pairs with the same other source compete: a product may have a partner in each."""
    names = sorted({record.source for record in records})
    number = {name: place for place, name in enumerate(names)}
    of = np.array([number[record.source] for record in records], np.int64)
    rows: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    columns: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    members = [np.nonzero(of == place)[0] for place in range(len(names))]
    for a, first in enumerate(members):
        for second in members[a if within else a + 1 :]:
            left, right = space.take(first), space.take(second)
            i, j = candidates(left, right, count, check)
            back, there = candidates(right, left, count, check)
            keys = np.unique(np.r_[first[i], first[there]] * len(records) + np.r_[second[j], second[back]])
            one, other = keys // len(records), keys % len(records)
            rows.append(one[one != other])
            columns.append(other[one != other])
    i, j = np.concatenate(rows), np.concatenate(columns)
    return Pairs(i, j, i * len(names) + of[j], j * len(names) + of[i])


def _rivals(pairs: Pairs, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pairs that compete with one of the chosen, themselves included."""
    return np.isin(pairs.row_groups, pairs.row_groups[chosen]) | np.isin(
        pairs.column_groups, pairs.column_groups[chosen]
    )
