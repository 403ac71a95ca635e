"""Graphs to take along: a shop with every kind of entry in its log, and small ones that hypothesis makes up."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry, canonical_json
from core.graph.alignments import alignment
from core.graph.exchange.model import (
    Archive,
    DocumentRecord,
    EntryRecord,
    Header,
    Package,
    ProductRecord,
    ReviewRecord,
    SourceRecord,
)
from core.graph.fold import fold
from core.graph.log import Log
from core.graph.model import OnConflict, Title
from core.graph.policies import choose_policy
from core.graph.prior import import_statements
from core.graph.rule_text import rule_entry
from core.storage.workspaces import Workspace
from tests.graph_world import HOSTILE, fill, readings

TRICKY = [
    *HOSTILE,
    "'=1+1", "''=x", "-3", "\t=x", "不锈钢保温杯", "كأس قهوة", "שלום", "👩‍👩‍👧‍👦 e\u0301 \u202eright to left",
    "_x0007_ _x005F_", "a\r\nb\rc\u0085d\u2028e", "\ufeffmark \ufffe \uffff \x7f\x9f", '"quoted"; semi, comma | bar',
    "\\n not a new line", "' or 1=1", "]]>", "{} <> ^` ", "%41 %", " lead and trail ", "~",
]  # fmt: skip
text = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12),
)
number = st.floats(allow_nan=False, allow_infinity=False)


def every_kind(workspace: Workspace) -> None:
    """The shop of ``graph_world`` with accepted, rejected, corrected, weighed, kept-apart, merged and undone things."""
    fill(workspace)
    log = Log(workspace)
    made = readings()
    log.accept([made[0].id])
    log.reject([made[1].id])
    log.correct(made[5].id, replace(made[5], id="c" * 32, extractor="reviewer"))
    log.append(
        (), [LogEntry(EntryKind.WEIGHED, made[2].id, {"confidence": 0.61234567890123})], actor="ensemble"
    )
    log.append((), [LogEntry(EntryKind.QUARANTINED, made[3].id, {"reason": "odd"})])
    log.merge("material:stainless steel", "material:不锈钢", "the same metal", "reviewer")
    (undone,) = log.merge("use:pour-over coffee", "use:coffee")
    log.undo([undone])
    log.schema("s1", {"material", "capacity", "usedFor", "usedIn", "audience"})
    log.retract([made[7].id], "no longer wanted")
    log.append((), [alignment("usedIn", "usedFor")])
    log.append((), [rule_entry("if material is paper then usedFor is filtering")])
    import_statements(
        workspace, b"subject,relation,object\nmaterial: glass,broader,ceramics\n", "taxonomy.csv"
    )
    choose_policy(workspace, OnConflict.MAJORITY)


@st.composite
def packages(draw: st.DrawFn) -> Package:
    """A small graph with any text at any place, and any order of things in its log."""
    sources = [
        SourceRecord(
            name, "products", draw(text), "upload", draw(text), '{"columns":{}}', draw(number), 1, 1, 0
        )
        for name in ("s", "t")
    ]
    products, documents, assertions, reviews = [], [], [], []
    for place in draw(st.lists(text, min_size=1, max_size=3, unique=True)):
        titled = draw(text)
        attributes = canonical_json(draw(st.dictionaries(text, text, max_size=2)))
        products.append(
            ProductRecord(
                place,
                "s",
                titled,
                draw(text),
                draw(st.none() | text),
                None,
                draw(st.none() | number),
                "EUR",
                attributes,
            )
        )
        made = Document.of(f"{place}/title", place, "title", DocumentKind.TEXT, titled + draw(text))
        documents.append(
            DocumentRecord(
                made.id, made.hash, place, "title", "text", made.text, "en", "s", draw(st.booleans())
            )
        )
        for relation in draw(
            st.lists(st.sampled_from(["material", "brand", "isRelatedTo", "净含量", "a:b c"]), max_size=3)
        ):
            start = draw(st.integers(0, len(made.text) - 1))
            end = draw(st.integers(start + 1, len(made.text)))
            assertions.append(
                Assertion.of(
                    made,
                    relation,
                    start,
                    end,
                    extractor=draw(text),
                    extractor_version="1",
                    schema_version="s1",
                    confidence=draw(st.floats(0, 1)),
                )
            )
        reviews.append(ReviewRecord(f"r-{place}", "t", place, draw(text), draw(st.none() | number), None))
    assertions = list({a.id: a for a in assertions}.values())
    log = _log(draw, assertions)
    titles = {p.id: Title(p.title, p.brand or "") for p in products}
    graph = fold(assertions, log, titles)
    archive = Archive(
        Header(draw(text), graph.hash, len(log)),
        tuple(sources),
        tuple(products),
        tuple(reviews),
        tuple(documents),
        tuple(assertions),
        tuple(
            EntryRecord(e.seq, e.kind.value, e.target, canonical_json(e.data), e.actor, e.time, e.job_id)
            for e in log
        ),
    )
    return Package(archive.ordered(), graph)


def _log(draw: st.DrawFn, assertions: list[Assertion]) -> list[LogEntry]:
    entries = [LogEntry(EntryKind.ASSERTED, a.id, actor=a.extractor) for a in assertions]
    for a in assertions:
        kinds = [
            EntryKind.ACCEPTED,
            EntryKind.REJECTED,
            EntryKind.RETRACTED,
            EntryKind.QUARANTINED,
            EntryKind.WEIGHED,
        ]
        kind = draw(st.sampled_from([None, *kinds]))
        data = {
            EntryKind.QUARANTINED: {"reason": draw(text)},
            EntryKind.WEIGHED: {"confidence": draw(st.floats(0, 1))},
        }
        if kind:
            entries.append(LogEntry(kind, a.id, data.get(kind, {}), draw(text), draw(number)))
    entries.append(LogEntry(EntryKind.MERGED, "material:a", {"into": "material:b", "evidence": draw(text)}))
    entries.append(LogEntry(EntryKind.SCHEMA, "s1", {"relations": ["material", "净含量"]}))
    numbered = [replace(e, seq=k, time=e.time or 1.5) for k, e in enumerate(entries, 1)]
    undone = draw(st.sampled_from(numbered))
    return [
        *numbered,
        LogEntry(EntryKind.UNDONE, str(undone.seq), {"target": undone.target}, seq=len(numbered) + 1),
    ]
