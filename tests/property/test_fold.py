"""The graph is a pure fold: no order, batching, repetition or detour changes what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry, Standing
from core.graph.fold import Fold, Graph, fold
from core.graph.model import OnConflict, Policy, Title

TITLES = {
    "p1": Title("Hario V60 Dripper", "Hario"),
    "p2": Title("Steel Kettle", "Fellow"),
    "p3": Title("不锈钢保温杯"),
}
VALUES = {
    "material": ["stainless steel", "Stainless Steel", "glass", "不锈钢"],
    "capacity": ["1.5 l", "1500 ml", "big"],
    "brand": ["Hario", "Fellow"],
    "isAccessoryOrSparePartFor": ["Hario V60 Dripper", "steel kettle", "moka pot"],
    "unknownThing": ["yes"],
}


def assertion(product: str, relation: str, value: str, extractor: str, confidence: float) -> Assertion:
    document = Document.of(f"{product}/{relation}", product, relation, DocumentKind.TEXT, value)
    return Assertion.of(
        document,
        relation,
        0,
        len(value),
        extractor=extractor,
        extractor_version="1",
        schema_version="s1",
        confidence=confidence,
    )


POOL = [
    assertion(product, relation, value, extractor, 0.2 + 0.15 * ((len(value) + len(product) + k) % 6))
    for product in TITLES
    for relation, values in VALUES.items()
    for k, value in enumerate(values)
    for extractor in ("columns", "tagger", "llm")
]
NODES = ["material:stainless steel", "material:glass", "brand:hario", "product:p1", "product:p2", "use:none"]
ids = st.sampled_from([a.id for a in POOL])
entry = st.one_of(
    st.builds(LogEntry, st.sampled_from([EntryKind.ASSERTED, EntryKind.ACCEPTED, EntryKind.REJECTED]), ids),
    st.builds(LogEntry, st.just(EntryKind.RETRACTED), ids),
    st.builds(
        LogEntry,
        st.just(EntryKind.QUARANTINED),
        ids,
        st.sampled_from([{"reason": "low_confidence"}, {"reason": "ungrounded"}, {"reason": "odd"}]),
    ),
    st.builds(
        LogEntry,
        st.just(EntryKind.WEIGHED),
        ids,
        st.floats(0.0, 1.0).map(lambda sure: {"confidence": round(sure, 4)}),
    ),
    st.builds(
        LogEntry,
        st.just(EntryKind.MERGED),
        st.sampled_from(NODES),
        st.sampled_from(NODES).map(lambda node: {"into": node}),
    ),
    st.builds(LogEntry, st.just(EntryKind.SPLIT), st.sampled_from(NODES)),
    st.just(LogEntry(EntryKind.SCHEMA, "s1", {"relations": ["material", "capacity", "brand"]})),
    st.sampled_from(
        [{"material": {"case": "upper"}}, {"capacity": {"kind": "quantity", "unit": "l"}}, {}]
    ).map(
        lambda rules: LogEntry(
            EntryKind.SCHEMA, "s1", {"relations": ["material", "capacity"], "rules": rules}
        )
    ),
)
policy = st.builds(
    Policy, minimum_confidence=st.sampled_from([0.0, 0.5]), on_conflict=st.sampled_from(list(OnConflict))
)


@st.composite
def logs(draw: st.DrawFn, most: int = 40) -> list[LogEntry]:
    """A log: all of a drawn pool asserted, then anything, with undoings (of undoings too) among it."""
    base = [
        LogEntry(EntryKind.ASSERTED, i) for i in draw(st.lists(ids, min_size=1, max_size=25, unique=True))
    ]
    numbered: list[LogEntry] = []
    for item in [*base, *draw(st.lists(entry, max_size=most))]:
        numbered.append(replace(item, seq=len(numbered) + 1))
        if draw(st.integers(0, 5)) == 0:
            numbered.append(undoing(draw(st.sampled_from(numbered)), len(numbered) + 1))
    return numbered


def undoing(done: LogEntry, seq: int) -> LogEntry:
    target = done.data["target"] if done.kind is EntryKind.UNDONE else done.target
    return LogEntry(EntryKind.UNDONE, str(done.seq), {"target": target}, seq=seq)


def folded(entries: Sequence[LogEntry], rules: Policy | None = None) -> Graph:
    return fold(POOL, entries, TITLES, rules)


def parts(graph: Graph) -> tuple[object, ...]:
    links = dict(graph.by_node), graph.by_node.own
    return (
        graph.nodes,
        graph.facts,
        graph.standing,
        graph.reasons,
        graph.conflicts,
        graph.merged,
        links,
        graph.hash,
    )


@settings(max_examples=60, deadline=None)
@given(logs(), policy, st.randoms(use_true_random=False), st.data())
def test_order_batches_and_repeats_change_nothing(
    log: list[LogEntry], rules: Policy, random: object, data: st.DataObject
) -> None:
    whole = folded(log, rules)
    delivered = [*log, *data.draw(st.lists(st.sampled_from(log), max_size=10))]
    pool = list(POOL)
    random.shuffle(delivered)  # type: ignore[attr-defined]
    random.shuffle(pool)  # type: ignore[attr-defined]
    state = Fold(
        data.draw(st.sampled_from([TITLES, {}, {"p1": Title("Steel Kettle"), "p9": Title("Moka pot")}])),
        rules,
    )
    while delivered or pool:
        size = data.draw(st.integers(1, 20))
        state.take(pool[: size * 3], delivered[:size])
        state.graph()
        pool, delivered = pool[size * 3 :], delivered[size:]
    state.retitle(TITLES)
    assert parts(state.graph()) == parts(whole)


@settings(max_examples=60, deadline=None)
@given(logs(), policy)
def test_ledger_sums_to_what_is_live(log: list[LogEntry], rules: Policy) -> None:
    graph = folded(log, rules)
    assert graph.ledger.extracted == len(graph.standing)
    supports = [i for fact in graph.facts.values() for i in fact.supports]
    standing = list(graph.standing.values())
    assert len(supports) == len(set(supports)) == graph.ledger.committed + graph.ledger.merged
    assert len(graph.facts) == graph.ledger.committed == standing.count(Standing.COMMITTED)
    assert graph.reasons.keys() == graph.standing.keys() - set(supports)
    assert {n for f in graph.facts.values() for n in (f.subject, f.object)} == graph.nodes.keys()


@settings(max_examples=40, deadline=None)
@given(logs(20), st.lists(entry, min_size=1, max_size=12))
def test_undoing_everything_that_followed_restores_the_hash(
    log: list[LogEntry], later: list[LogEntry]
) -> None:
    before = folded(log)
    more = [replace(e, seq=len(log) + k + 1) for k, e in enumerate(later)]
    undone = [undoing(e, len(log) + len(more) + k + 1) for k, e in enumerate(more)]
    state = Fold(TITLES, Policy())
    for item in (log, more):
        state.take(POOL, item)
    changed = state.graph()
    state.take((), undone)
    assert parts(state.graph()) == parts(before)
    redone = [undoing(e, undone[-1].seq + k + 1) for k, e in enumerate(undone)]
    state.take((), redone)
    assert parts(state.graph()) == parts(changed)


@settings(max_examples=40, deadline=None)
@given(logs(20), st.sampled_from(list(TITLES)))
def test_adding_a_source_and_taking_it_back_restores_the_hash(log: list[LogEntry], product: str) -> None:
    without = [e for e in log if e.kind is not EntryKind.UNDONE]
    here = {a.id for a in POOL if a.subject == product}
    kept = [e for e in without if e.target not in here]
    before = folded(kept)
    start = kept[-1].seq if kept else 0
    added = [LogEntry(EntryKind.ASSERTED, i, seq=start + k + 1) for k, i in enumerate(sorted(here))]
    gone = [
        LogEntry(EntryKind.RETRACTED, e.target, {"reason": "document"}, seq=start + len(here) + k + 1)
        for k, e in enumerate(added)
    ]
    assert parts(folded([*kept, *added, *gone])) == parts(before)


def test_two_sources_in_either_order_make_one_graph() -> None:
    first = [a.id for a in POOL if a.subject == "p1"]
    second = [a.id for a in POOL if a.subject != "p1"]
    one, other = (
        folded([LogEntry(EntryKind.ASSERTED, i, seq=k + 1) for k, i in enumerate(order)])
        for order in ([*first, *second], [*second, *first])
    )
    assert one.hash == other.hash
    assert len(one.facts) > 5
    assert one.hash != folded([LogEntry(EntryKind.ASSERTED, first[0], seq=1)]).hash
