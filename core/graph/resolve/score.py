"""How good resolution is against gold matches of two catalogues."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.graph.resolve.clusters import one_to_one
from core.graph.resolve.compare import Compared, Encodes, compare
from core.graph.resolve.constraints import Rules
from core.graph.resolve.features import Pairs
from core.graph.resolve.matcher import Matcher, load, train
from core.graph.resolve.records import Record

SURE = 0.95
"""The probability above which the studio merges without asking."""
Matches = Collection[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Catalogues:
    """Two catalogues and the pairs of ids that are known to be one product."""

    left: Sequence[Record]
    right: Sequence[Record]
    matches: Matches


def taught(given: Catalogues, test: Catalogues | None = None, encoder: Encodes | None = None) -> Matcher:
    """A matcher taught by these catalogues.

    What matches nothing there is taken for a record without a match, but not where it is in ``test`` as well:
    then it may have one that is only known there. Raises DataError for too few matches.
    """
    shared = {r.id: r for r in test.left} if test else {}
    matched = {left for left, _ in given.matches}
    left = [r for r in given.left if r.id in matched or shared.get(r.id) != r]
    compared = compare(left, given.right, encoder)
    return train(compared.table, compared.pairs, truth_of(compared, given.matches), "training matches")


def score(
    test: Catalogues, given: Catalogues | None = None, encoder: Encodes | None = None
) -> dict[str, Any]:
    """Precision, recall and F1 of one-to-one matching, top-1 and what the candidates hold, with the shipped weights or
    those of ``given``.

    ``top1`` is the share of the left records with a match whose first candidate is one; ``false_merge_rate`` the
    share of wrong ones among the pairs that are matched; ``sure`` the same for pairs that would be merged
    without asking; rates are None where there is nothing to divide by. Left records whose match was given to
    learn from are not looked at. Raises DataError for a test without matches.
    """
    begun = time.perf_counter()
    matcher = taught(given, test, encoder) if given else load()
    trained = time.perf_counter() - begun
    known = _known(test, given)
    left = [record for record in test.left if record.id not in known]
    gold = {(a, b) for a, b in test.matches if a not in known}
    if not gold:
        raise DataError(
            "No match is left to judge by.",
            where="matches",
            remedy="Give matches that were not learned from.",
        )
    compared = compare(left, test.right, encoder)
    probability = compared.score(matcher, Rules())
    truth = truth_of(compared, gold)
    kept = one_to_one(compared.pairs, probability, matcher.threshold)
    sure = one_to_one(compared.pairs, probability, SURE)
    return {
        **measures(truth, kept, len(gold)),
        "top1": top1(compared.pairs, probability, truth, len({a for a, _ in gold})),
        "candidates_recall": int(truth.sum()) / len(gold),
        "sure": {"merged": len(sure), **measures(truth, sure, len(gold))},
        "candidates": len(truth),
        "matched": len(kept),
        "threshold": matcher.threshold,
        "matcher": matcher.version,
        "weights": "taught" if given else "shipped",
        "train_seconds": trained,
        "seconds": time.perf_counter() - begun,
        "n": len(gold),
        "n_left": len(left),
        "n_right": len(test.right),
    }


def measures(truth: NDArray[np.bool_], kept: NDArray[np.int64], gold: int) -> dict[str, float | None]:
    """Precision, recall, F1 and the rate of false merges of the pairs at these positions."""
    right = int(truth[kept].sum())
    precision = right / len(kept) if len(kept) else None
    return {
        "precision": precision,
        "recall": right / gold,
        "f1": 2 * right / (len(kept) + gold),
        "false_merge_rate": 1.0 - precision if precision is not None else None,
    }


def top1(pairs: Pairs, probability: NDArray[np.float64], truth: NDArray[np.bool_], matched: int) -> float:
    """The share of ``matched`` left records whose surest candidate is a match."""
    order = np.lexsort((pairs.columns, -probability, pairs.rows))
    first = order[np.r_[True, np.diff(pairs.rows[order]) > 0]] if len(order) else order
    return int(truth[first].sum()) / matched


def truth_of(compared: Compared, matches: Matches) -> NDArray[np.bool_]:
    """bool[pairs]: which candidates are among the matches."""
    wanted = set(matches)
    ids = ([r.id for r in compared.left], [r.id for r in compared.right])
    return np.array(
        [
            (ids[0][i], ids[1][j]) in wanted
            for i, j in zip(compared.pairs.rows.tolist(), compared.pairs.columns.tolist(), strict=True)
        ],
        bool,
    )


def _known(test: Catalogues, given: Catalogues | None) -> set[str]:
    """Left records of the test whose match was given: the same record, and the same match."""
    if given is None:
        return set()
    there = {record.id: record for record in given.left}
    same = {record.id for record in test.left if there.get(record.id) == record}
    return {a for a, _ in given.matches if a in same}
