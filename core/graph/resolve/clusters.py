"""From pairs to things: one-to-one matching of two catalogues, and clusters that no chain can tie together.

Both go through the pairs from the surest to the least sure, ties in the order of the records, so that the
outcome does not depend on the order in which pairs come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.graph.resolve.features import Pairs


def one_to_one(pairs: Pairs, probability: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Positions of the pairs that are kept: each the surest that is left of both its records, none below the threshold.

    This is the stable matching of Gale and Shapley (1962) where both sides rank by the same number.
    """
    kept: list[int] = []
    rows: set[int] = set()
    columns: set[int] = set()
    for at in np.lexsort((pairs.columns, pairs.rows, -probability)).tolist():
        if probability[at] < threshold:
            break
        row, column = int(pairs.rows[at]), int(pairs.columns[at])
        if row not in rows and column not in columns:
            rows.add(row)
            columns.add(column)
            kept.append(at)
    return np.array(sorted(kept), np.int64)


@dataclass(frozen=True, slots=True)
class Link:
    """A scored pair of ids. ``apart`` says that it may not be one thing: by a rule, or because a person said so."""

    one: str
    other: str
    probability: float
    apart: bool = False


def clusters(
    links: Iterable[Link],
    threshold: float,
    floor: float,
    sources: Mapping[str, str] | None = None,
    together: Sequence[Collection[str]] = (),
) -> list[tuple[str, ...]]:
    """Groups of two and more, in the order of their first ids, ids in alphabetical order.

    Two groups become one over a link of at least ``threshold`` only where every pair across them was compared
    and has at least ``floor``: a chain of likenesses ties nothing together (complete linkage, as a guard of correlation
    clustering; Bansal, Blum and Chawla, 2004). Where ``sources`` are given, a group has at most one id of each.
    ``together`` are groups that stand already; they grow by the same rule and are never taken apart.
    """
    known: dict[tuple[str, str], Link] = {}
    for link in links:
        key = (min(link.one, link.other), max(link.one, link.other))
        other = known.get(key)
        probability = max(link.probability, other.probability) if other else link.probability
        known[key] = Link(*key, probability, link.apart or (other is not None and other.apart))
    group: dict[str, set[str]] = {}
    for members in together:
        joined = set(members).union(*(group.get(member, ()) for member in members))
        group |= dict.fromkeys(joined, joined)
    for link in sorted(known.values(), key=lambda link: (-link.probability, link.one, link.other)):
        if link.probability < threshold or link.apart:
            continue
        a, b = group.get(link.one, {link.one}), group.get(link.other, {link.other})
        if a is not b and _may_join(a, b, known, floor, sources):
            joined = a | b
            group |= dict.fromkeys(joined, joined)
    found = {tuple(sorted(members)) for members in group.values()}
    return sorted(members for members in found if len(members) > 1)


def _may_join(
    a: Collection[str],
    b: Collection[str],
    known: Mapping[tuple[str, str], Link],
    floor: float,
    sources: Mapping[str, str] | None,
) -> bool:
    for x in a:
        for y in b:
            link = known.get((min(x, y), max(x, y)))
            if link is None or link.apart or link.probability < floor:
                return False
            if sources is not None and sources.get(x, x) == sources.get(y, y):
                return False
    return True
