"""What reviewers have said: decisions as entries of the log, taken back by further entries, never overwritten.

One decision may be about several readings (all those of a fact, or everything a filter shows); its entries carry the
same number in ``data["decision"]``, the position of the log at which it was made, so that one undo takes it back. The
number also keeps two reviewers who say the same apart, so that each of them is in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from core.domain import Assertion, Document, EntryKind, LogEntry
from core.errors import GraphError
from core.extract.ground import says_something
from core.graph.log import DOCUMENT, Log
from core.graph.reading import chunks, read_assertions, registers_of
from core.graph.registers import Registers
from core.storage import tables
from core.storage.workspaces import Workspace

EXTRACTOR = "reviewer"
VERSION = "1"
VERDICTS = (EntryKind.ACCEPTED, EntryKind.REJECTED, EntryKind.CORRECTED)
_Vote = tuple[EntryKind, bool]
_Votes = Mapping[Hashable, _Vote]
DECISION, BY, FOR = "decision", "by", "for"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reviewer says of one thing: ``verdict`` on all of its readings; for a correction the ``replacement``."""

    verdict: EntryKind
    ids: tuple[str, ...]
    replacement: Assertion | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that stands. ``verdicts`` are by assertion; ``replacements`` maps what was put in place to what it
    stands for; ``seqs`` are its entries."""

    id: int
    actor: str
    time: float
    seqs: tuple[int, ...]
    verdicts: Mapping[str, EntryKind] = field(default_factory=dict)
    replacements: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``done`` of the choices were written; ``taken`` had been decided by others meanwhile (reviewer and verdict of
    each) and were left alone; ``decision`` is 0 where nothing was written."""

    decision: int = 0
    done: int = 0
    taken: tuple[tuple[str, EntryKind], ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two reviewers on what both have decided: ``share`` of equal verdicts in [0, 1], Cohen's ``kappa`` in [-1, 1]
    (None where both always said one and the same thing, so that chance explains all)."""

    first: str
    second: str
    both: int
    share: float
    kappa: float | None


def corrected(document: Document, original: Assertion, start: int, end: int, relation: str) -> Assertion:
    """A reviewer's reading in place of ``original``: other words of its document, or another relation.

    Raises GraphError for words that say nothing or begin or end in white space, and for a change that is none.
    """
    words = document.text[start:end] if 0 <= start < end else ""
    if not says_something(words) or words != words.strip():
        raise GraphError(
            "These words name nothing.", where=words[:80], remedy="Pick whole words that are the value."
        )
    if (start, end, relation) == (original.start, original.end, original.relation):
        raise GraphError(
            "This is what was read already.", where=words[:80], remedy="Accept it, or pick other words."
        )
    return Assertion.of(
        document,
        relation,
        start,
        end,
        extractor=EXTRACTOR,
        extractor_version=VERSION,
        schema_version=original.schema_version,
    )


def decisions(entries: Iterable[LogEntry]) -> list[Decision]:
    """The decisions that stand, oldest first; what was taken back is left out. ``entries`` may be those of
    reviewers and the undoings alone."""
    known = sorted(entries, key=lambda entry: entry.seq)
    registers = Registers(known)
    groups: dict[int, list[LogEntry]] = {}
    for entry in known:
        if entry.kind in VERDICTS and not registers.void(entry.seq):
            groups.setdefault(int(entry.data.get(DECISION, entry.seq)), []).append(entry)
    return [_decision(number, group) for number, group in sorted(groups.items())]


def read_decisions(reader: Connection, since: int = 0) -> list[Decision]:
    """The decisions that stand and were made after position ``since``."""
    log = tables.log
    kinds = [*VERDICTS, EntryKind.UNDONE]
    rows = reader.execute(select(log).where(log.c.seq > since, log.c.kind.in_(kinds)).order_by(log.c.seq))
    return decisions(
        LogEntry(EntryKind(row.kind), row.target, row.data, row.actor, row.time, row.job_id, row.seq)
        for row in rows
    )


def final_verdicts(made: Iterable[Decision]) -> dict[str, EntryKind]:
    """What counts of each assertion: the last verdict, as in the graph."""
    found: dict[str, EntryKind] = {}
    for decision in made:
        found |= decision.verdicts
    return found


def decide(workspace: Workspace, choices: Sequence[Choice], actor: str, seen: int) -> Outcome:
    """Write choices as one decision, except those about which somebody said something after position ``seen``, which
    is the version of the graph that ``actor`` was looking at.

    Where that was another reviewer the outcome says so; where it was ``actor``, a press has come in twice.
    """
    log = Log(workspace)
    with workspace.db.write() as writer:
        if writer.dialect.name == "postgresql":
            writer.exec_driver_sql("LOCK TABLE log IN EXCLUSIVE MODE")
        since = read_decisions(writer, seen)
        by_id = {i: (made.actor, verdict) for made in since for i, verdict in made.verdicts.items()}
        taken = [next((by_id[i] for i in choice.ids if i in by_id), None) for choice in choices]
        free = [choice for choice, other in zip(choices, taken, strict=True) if other is None]
        number = log.head(writer) + 1
        entries = [entry for choice in free for entry in _entries(choice, actor, number)]
        replacements = [choice.replacement for choice in free if choice.replacement]
        log.append(replacements, entries, writer, actor=actor)
    others = tuple(other for other in taken if other and other[0] != actor)
    return Outcome(number if entries else 0, len(free), others)


def undo(workspace: Workspace, decision: Decision, actor: str) -> list[int]:
    """Take a decision back; gives the positions of what was written. A replacement that another reviewer put there
    or accepted too stays."""
    with workspace.db.read() as reader:
        others = [made for made in read_decisions(reader) if made.id != decision.id]
        held = {i for made in others for i in (*made.verdicts, *made.replacements)}
        alone = [i for i in decision.replacements if i not in held]
        registers = registers_of(reader, alone)
        own = {a.id for a in read_assertions(reader, alone) if a.extractor == EXTRACTOR}
    asserted = [mark.seq for i in own for mark in registers.marks(i) if mark.kind is EntryKind.ASSERTED]
    return Log(workspace).undo([*decision.seqs, *asserted], actor)


def agreement(made: Iterable[Decision], unit: Callable[[str], Hashable]) -> list[Agreement]:
    """Each two reviewers that decided something in common, those with most in common first.

    ``unit`` names the fact of an assertion. The last verdict of each reviewer counts. Who corrects a fact accepts what
    is put in its place: that counts as a verdict where the other reviewer gave one on it.
    """
    votes: dict[str, dict[Hashable, _Vote]] = {}
    for decision in made:
        mine = votes.setdefault(decision.actor, {})
        mine |= {unit(i): (EntryKind.ACCEPTED, True) for i in decision.replacements}
        mine |= {
            unit(i): (verdict, False)
            for i, verdict in decision.verdicts.items()
            if i not in decision.replacements
        }
    pairs = [(a, b) for a in sorted(votes) for b in sorted(votes) if a < b]
    found = [_agreement(a, b, votes[a], votes[b]) for a, b in pairs]
    return sorted((one for one in found if one.both), key=lambda one: -one.both)


def carried_over(
    made: Iterable[Decision], live: Iterable[Assertion], known: Mapping[str, Assertion]
) -> list[LogEntry]:
    """The entries that give a new reading the verdict on an older one of the same words, relation and text.

    A newer version of an extractor reads the same again under another id; what a reviewer said of it holds. ``known``
    are the assertions that decisions speak of.
    """
    said: dict[tuple[Any, ...], tuple[Decision, str]] = {}
    decided: set[str] = set()
    for decision in made:
        decided |= decision.verdicts.keys()
        said |= {_claim(known[i]): (decision, i) for i in decision.verdicts if i in known}
    entries = []
    for assertion in live:
        if assertion.id not in decided and (found := said.get(_claim(assertion))):
            decision, older = found
            verdict = decision.verdicts[older]
            data: dict[str, Any] = {DECISION: decision.id}
            if verdict is EntryKind.CORRECTED:
                data[BY] = next((by for by, of in decision.replacements.items() if of == older), "")
            entries.append(LogEntry(verdict, assertion.id, data, decision.actor))
    return entries


def carry_over(workspace: Workspace) -> int:
    """Bring decisions over to what a newer version of an extractor read; gives the number of entries written.

    What was accepted and is not read any more, though its words still stand, is asserted again.
    """
    with workspace.db.read() as reader:
        made = read_decisions(reader)
        decided = final_verdicts(made)
        known = {a.id: a for a in read_assertions(reader, list(decided))}
        around = _of_documents(reader, sorted({a.document_id for a in known.values()}))
        registers = registers_of(reader, [*known, *(a.id for a in around)])
    live = [a for a in around if registers.claim(a.id).live]
    there = {_claim(a) for a in live}
    back = [
        LogEntry(EntryKind.ASSERTED, i, actor=EXTRACTOR)
        for i, verdict in decided.items()
        if verdict is EntryKind.ACCEPTED
        and i in known
        and _claim(known[i]) not in there
        and registers.claim(i).retracted_because not in ("", DOCUMENT)
    ]
    entries = [*back, *carried_over(made, live, known)]
    return len(Log(workspace).append((), entries)) if entries else 0


def _entries(choice: Choice, actor: str, number: int) -> list[LogEntry]:
    data: dict[str, Any] = {DECISION: number}
    if choice.replacement is None:
        return [LogEntry(choice.verdict, i, data, actor) for i in choice.ids]
    put = choice.replacement.id
    marks = [LogEntry(EntryKind.CORRECTED, i, {**data, BY: put}, actor) for i in choice.ids if i != put]
    return [*marks, LogEntry(EntryKind.ACCEPTED, put, {**data, FOR: choice.ids[0]}, actor)]


def _decision(number: int, group: Sequence[LogEntry]) -> Decision:
    return Decision(
        number,
        group[0].actor,
        group[0].time,
        tuple(entry.seq for entry in group),
        {entry.target: entry.kind for entry in group},
        {entry.target: str(entry.data[FOR]) for entry in group if FOR in entry.data},
    )


def _agreement(
    first: str,
    second: str,
    ours: _Votes,
    theirs: _Votes,
) -> Agreement:
    pairs = [
        (ours[unit][0], theirs[unit][0])
        for unit in ours.keys() & theirs.keys()
        if not (ours[unit][1] and theirs[unit][1])
    ]
    if not pairs:
        return Agreement(first, second, 0, 0.0, None)
    n = len(pairs)
    share = sum(a is b for a, b in pairs) / n
    by_chance = sum(
        sum(a is kind for a, _ in pairs) * sum(b is kind for _, b in pairs) for kind in VERDICTS
    ) / (n * n)
    kappa = None if by_chance == 1.0 else (share - by_chance) / (1.0 - by_chance)
    return Agreement(first, second, n, share, kappa)


def _claim(assertion: Assertion) -> tuple[Any, ...]:
    return (
        assertion.document_id,
        assertion.document_hash,
        assertion.start,
        assertion.end,
        assertion.relation,
    )


def _of_documents(reader: Connection, ids: Sequence[str]) -> list[Assertion]:
    a = tables.assertions
    return [
        Assertion(*row)
        for part in chunks(ids)
        for row in reader.execute(select(a).where(a.c.document_id.in_(part)))
    ]
