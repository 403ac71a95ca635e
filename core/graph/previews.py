"""What a change would bring: questions to a fold that leave it as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.domain import Fact
from core.graph.fold import Fold
from core.graph.logic import Implications
from core.graph.model import OnConflict, Policy


def would_follow(state: Fold, rule_id: str, data: Mapping[str, Any]) -> list[Fact]:
    """The facts that a rule of these parts would bring, its consequences by other rules among them."""
    rule = state.implication(rule_id, data)
    alone, rules = Implications([rule]), Implications([*state.rules.by_id.values(), rule])
    roots = {fact.subject for fact in state.facts.values() if alone.may_concern(fact)}
    judged = state.judged(roots, rules=rules)
    return [fact for new in judged.values() for fact in new.facts if fact.id not in state.facts]


def contradictions(state: Fold, policy: Policy) -> dict[tuple[str, str], tuple[Fact, ...]]:
    """For each subject and relation whose values contradict each other, whatever the fold's own policy: the facts that
    would stand by ``policy``."""
    roots = state.contested
    every = state.judged(roots, policy=replace(policy, on_conflict=OnConflict.KEEP))
    left = state.judged(roots, policy=policy)
    return {
        (root, relation): tuple(fact for fact in left[root].facts if fact.relation == relation)
        for root in sorted(roots)
        for relation in every[root].conflicts
    }


def without(state: Fold, source: str) -> tuple[list[Fact], list[Fact]]:
    """(facts that would go, facts that would come) if a source were not there. What may come are values that it has
    kept apart until then."""
    roots = state.subjects_of(source)
    left = {f.id: f for new in state.judged(roots, without=source).values() for f in new.facts}
    now = {f.id: f for root in roots for f in state.subject(root).facts}
    return [f for i, f in now.items() if i not in left], [f for i, f in left.items() if i not in now]
