"""What chance has to do with a run's figures: runs that differ in nothing but their seed, beside each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev

from core.recommend.comparison import full_config
from core.recommend.runs import Run

APART = frozenset({"seed", "threads", "device", "certificate"})
"""Settings that may differ: the seed, where it was computed, and whether the graph was certified afterwards."""
LAST_SEED = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Spread:
    """NDCG@10 on the test of ``runs`` ≥ 2 runs that differ in their seed alone: mean, least and most, and the standard
    deviation between runs."""

    runs: int
    mean: float
    least: float
    most: float
    deviation: float


def repeatable(run: Run) -> bool:
    """Whether another seed would repeat what this run did: it is finished, and stands on no other run or search."""
    return run.status == "done" and not run.metrics.get("fork") and not run.metrics.get("search")


def siblings(run: Run, known: Iterable[Run]) -> list[Run]:
    """The finished runs of ``known``, ``run`` among them, with its data, graph and settings, one a seed: the newest.

    Empty for a run that is not finished, a fork or one with what a search found, which other seeds would not repeat.
    """
    if not repeatable(run):
        return []
    found: dict[int, Run] = {}
    for other in sorted(known, key=lambda one: (one.id != run.id, -one.created_at)):
        if repeatable(other) and _key(other) == _key(run):
            found.setdefault(other.seed, other)
    return list(found.values())


def spread(run: Run, known: Iterable[Run]) -> Spread | None:
    """How far runs of other seeds lie from each other; None where there is one run only."""
    values = [one.metrics["models"]["shelfgraph"]["ndcg@10"] for one in siblings(run, known)]
    if len(values) < 2:
        return None
    return Spread(len(values), fmean(values), min(values), max(values), stdev(values))


def seeds_apart(runs: Iterable[Run]) -> bool:
    """Whether two of these runs differ in nothing but their seed: a difference between them is one of chance."""
    seeds: dict[tuple[object, ...], set[int]] = {}
    for run in runs:
        if repeatable(run):
            seeds.setdefault(_key(run), set()).add(run.seed)
    return any(len(own) > 1 for own in seeds.values())


def fresh_seed(run: Run, known: Iterable[Run]) -> int:
    """The lowest seed that no run with these settings has had, finished or not."""
    taken = {other.seed for other in known if _key(other) == _key(run)} | {run.seed}
    return next(seed for seed in range(LAST_SEED) if seed not in taken)


def _key(run: Run) -> tuple[object, ...]:
    settings = {name: value for name, value in full_config(run).items() if name not in APART}
    return (run.data_hash, run.graph_hash, *sorted((name, str(value)) for name, value in settings.items()))
