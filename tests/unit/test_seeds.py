"""Runs that differ in their seed alone."""

from __future__ import annotations

from typing import Any

import pytest

from core.recommend.runs import Run
from core.recommend.seeds import fresh_seed, seeds_apart, siblings, spread


def run(name: str, seed: int, ndcg: float = 0.1, *, at: float = 0.0, **other: Any) -> Run:
    status, data = other.pop("status", "done"), other.pop("data", "d")
    metrics = {"models": {"shelfgraph": {"ndcg@10": ndcg}}} | other.pop("metrics", {})
    return Run(name, name, status, {"seed": seed, **other}, data, "g", seed, metrics, "", at, None, False, "")


def test_only_runs_that_differ_in_the_seed_are_set_beside_each_other() -> None:
    one = run("a", 0, 0.10, threads=1)
    known = [
        one,
        run("b", 1, 0.14, threads=2, certificate=True),
        run("other settings", 2, 0.9, epochs=3),
        run("other data", 3, 0.9, data="e"),
        run("stopped", 4, 0.9, status="cancelled"),
        run("a fork", 5, 0.9, metrics={"fork": {"run": "a"}}),
        run("with what a search found", 6, 0.9, metrics={"search": {"same_budget": True}}),
    ]
    assert [found.id for found in siblings(one, known)] == ["a", "b"]
    found = spread(one, known)
    assert found is not None
    assert (found.runs, found.least, found.most) == (2, 0.10, 0.14)
    assert found.mean == pytest.approx(0.12)
    assert found.deviation == pytest.approx(0.02 * 2**0.5)


def test_a_seed_counts_once_with_the_opened_run_before_newer_ones() -> None:
    opened = run("opened", 0, 0.10, at=1.0)
    known = [run("again", 0, 0.30, at=2.0), opened, run("old", 1, 0.20, at=1.0), run("new", 1, 0.40, at=2.0)]
    assert [found.id for found in siblings(opened, known)] == ["opened", "new"]


def test_one_run_has_no_spread_and_a_fork_none_either() -> None:
    alone, fork = run("a", 0), run("b", 1, metrics={"fork": {"run": "a"}})
    assert spread(alone, [alone, fork]) is None
    assert spread(fork, [alone, fork]) is None


def test_a_fresh_seed_is_one_that_was_not_tried_even_in_vain() -> None:
    one = run("a", 0)
    known = [one, run("b", 1, status="failed"), run("other", 2, epochs=3)]
    assert fresh_seed(one, known) == 2


def test_a_difference_of_seeds_alone_is_told_from_one_of_settings() -> None:
    one, again, other = run("a", 0), run("b", 1), run("c", 1, epochs=3)
    assert seeds_apart([one, other, again])
    assert not seeds_apart([one, other])
    assert not seeds_apart([one, run("repeated", 0)])
