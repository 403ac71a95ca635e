"""The rules and alignments of a workspace: what is in force, since when and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.domain import EntryKind, LogEntry
from core.errors import GraphError
from core.graph.log import Log
from core.graph.model import Graph
from core.graph.reading import entries_at, registers_of
from core.graph.rule_text import rule_entry
from core.storage.workspaces import Workspace


@dataclass(frozen=True, slots=True)
class InForce:
    """An entry that counts now: its target, what it says, its position in the log, by which it is undone, and when and
    by whom it was made."""

    target: str
    data: Mapping[str, Any]
    seq: int
    time: float = 0.0
    actor: str = ""


def rules_in_force(workspace: Workspace, graph: Graph) -> list[InForce]:
    """The rules that facts may follow by, the latest first."""
    return _in_force(workspace, graph.implications, EntryKind.RULE)


def alignments_in_force(workspace: Workspace, graph: Graph) -> list[InForce]:
    """The alignments that claims are counted by, the latest first."""
    return _in_force(workspace, graph.alignments.targets, EntryKind.ALIGNED)


def add_rule(workspace: Workspace, text: str, actor: str = "reviewer") -> str:
    """Record the rule that a line says; gives its id. Raises RuleError for what is no rule."""
    entry = rule_entry(text, actor)
    Log(workspace).append((), [entry])
    return entry.target


def withdraw_rule(workspace: Workspace, rule_id: str, actor: str = "reviewer") -> list[int]:
    """Take a rule out of force, and with it what follows by it alone; raises GraphError for one that is not there."""
    log = Log(workspace)
    with workspace.db.read() as reader:
        known = registers_of(reader, [rule_id]).implication(rule_id)
    if known is None:
        raise GraphError("There is no such rule.", where=rule_id[:120], remedy="Pick one from the list.")
    return log.append((), [LogEntry(EntryKind.RULE, rule_id, {}, actor)])


def _in_force(workspace: Workspace, targets: Iterable[str], kind: EntryKind) -> list[InForce]:
    with workspace.db.read() as reader:
        registers = registers_of(reader, targets)
        latest = {
            marks[-1].seq: target
            for target in targets
            if (marks := [mark for mark in registers.marks(target) if mark.kind is kind]) and marks[-1].data
        }
        entries = sorted(entries_at(reader, latest), key=lambda entry: -entry.seq)
    return [InForce(entry.target, entry.data, entry.seq, entry.time, entry.actor) for entry in entries]
