"""Whether an archive holds together: every quote stands in its text, and the graph it promises follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from core.domain import EntryKind, LogEntry, canonical_json, content_hash
from core.errors import UnreadableFile
from core.graph.exchange.model import Archive
from core.graph.exchange.rows import broken
from core.graph.fold import fold
from core.graph.model import Policy, Title

_KINDS = frozenset(EntryKind)


def verify(archive: Archive, where: str) -> None:
    """Raise UnreadableFile for the first thing that does not hold, with its place."""
    _unique(archive, where)
    texts = {(d.id, d.hash): d.text for d in archive.documents}
    for document in archive.documents:
        if content_hash(document.text) != document.hash:
            raise broken("a text is not the one its hash was made from", f"{where}, document {document.id}")
    for assertion in archive.assertions:
        text = texts.get((assertion.document_id, assertion.document_hash))
        place = f"{where}, assertion {assertion.id}"
        if text is None:
            raise broken(f"the text {assertion.document_id!r} that it was read from is missing", place)
        if (
            not 0 <= assertion.start < assertion.end
            or text[assertion.start : assertion.end] != assertion.object
        ):
            raise broken(f"its words do not stand at {assertion.start} to {assertion.end}", place)
    graph = fold(
        archive.assertions,
        log_of(archive, where),
        {p.id: Title(p.title, p.brand or "") for p in archive.products},
        policy_of(archive, where),
        {d.id: d.source_id for d in sorted(archive.documents, key=lambda d: d.current)},
    )
    if graph.hash != archive.header.graph_hash:
        raise UnreadableFile(
            "The file does not give the graph that it says it holds.",
            where=f"{where}: graph {archive.header.graph_hash[:8]} promised, {graph.hash[:8]} found",
            remedy="It was changed after it was written, or by a version that folds otherwise; export it again.",
        )


def policy_text(policy: Policy) -> str:
    """A policy as canonical JSON: the parts in which it differs from the usual one."""
    usual = asdict(Policy())
    told = {name: value for name, value in asdict(policy).items() if value != usual[name]}
    return canonical_json({name: sorted(v) if isinstance(v, frozenset) else v for name, v in told.items()})


def policy_of(archive: Archive, where: str) -> Policy:
    """The policy that an archive's graph was folded by; raises UnreadableFile for one this version does not know."""
    told = plain(archive.header.policy, f"{where}, policy")
    usual = asdict(Policy())
    try:
        parts = {name: type(usual[name])(value) for name, value in told.items()}
    except (KeyError, ValueError, TypeError) as error:
        raise UnreadableFile(
            f"The graph was folded by a policy that this version does not know ({error}).",
            where=where,
            remedy="Read the file with a ShelfGraph as new as the one that wrote it.",
        ) from error
    return Policy(**parts)


def log_of(archive: Archive, where: str) -> Iterator[LogEntry]:
    """The entries of the log; raises UnreadableFile for a kind that this version does not know."""
    for entry in archive.log:
        place = f"{where}, log position {entry.seq}"
        if entry.kind not in _KINDS:
            raise UnreadableFile(
                f"The log has an entry of the kind {entry.kind[:40]!r}, which this version does not know.",
                where=place,
                remedy="Read the file with a ShelfGraph as new as the one that wrote it.",
            )
        yield LogEntry(
            EntryKind(entry.kind),
            entry.target,
            plain(entry.data, place),
            entry.actor,
            entry.time,
            entry.job_id,
            entry.seq,
        )


def plain(text: str, where: str) -> dict[str, Any]:
    """A JSON object kept as text; raises UnreadableFile for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise broken(f"it is not JSON ({error})", where) from error
    if not isinstance(found, dict):
        raise broken("it is no object", where)
    return found


def _unique(archive: Archive, where: str) -> None:
    keys: dict[str, list[Any]] = {
        "sources": [r.id for r in archive.sources],
        "products": [r.id for r in archive.products],
        "reviews": [r.id for r in archive.reviews],
        "documents": [(r.id, r.hash) for r in archive.documents],
        "assertions": [r.id for r in archive.assertions],
        "log": [r.seq for r in archive.log],
    }
    for name, found in keys.items():
        if len(set(found)) != len(found):
            raise broken("two records have the same key", f"{where}, {name}")
    known = {source.id for source in archive.sources}
    owners = [(r.id, r.source_id) for r in archive.products] + [(r.id, r.source_id) for r in archive.reviews]
    for name, owner in owners:
        if owner not in known:
            raise broken(f"the source {owner[:60]!r} is missing", f"{where}, {name}")
    if any(e.seq < 1 or (e.kind == EntryKind.UNDONE and not e.target.isdigit()) for e in archive.log):
        raise broken("a position is no positive number", f"{where}, log")
