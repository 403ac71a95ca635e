"""The graph is a pure fold: no order, batching, repetition or detour changes what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry, Standing
from core.graph.alignments import alignment
from core.graph.fold import Fold, Graph, fold
from core.graph.model import OnConflict, Policy, Title, value_subject

TITLES = {
    "p1": Title("Hario V60 Dripper", "Hario"),
    "p2": Title("Steel Kettle", "Fellow"),
    "p3": Title("不锈钢保温杯"),
}
VALUES = {
    "material": ["stainless steel", "Stainless Steel", "glass", "不锈钢"],
    "capacity": ["1.5 l", "1500 ml", "big"],
    "brand": ["Hario", "Fellow"],
    "Werkstoff": ["glass", "Steel"],
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


BROADER = [
    assertion(value_subject("material", words), "broader", broader, "statements", 0.9)
    for words, broader in [("Glass", "mineral"), ("mineral", "matter"), ("stainless steel", "metal")]
] + [assertion(value_subject("Werkstoff", "steel"), "broader", "metal", "statements", 0.9)]
POOL = BROADER + [
    assertion(product, relation, value, extractor, 0.2 + 0.15 * ((len(value) + len(product) + k) % 6))
    for product in TITLES
    for relation, values in VALUES.items()
    for k, value in enumerate(values)
    for extractor in ("columns", "tagger", "llm")
]
SOURCES = {a.document_id: a.document_id[1] for a in POOL}
NODES = [
    "material:stainless steel",
    "material:glass",
    "material:mineral",
    "suitedTo:rain",
    "brand:hario",
    "product:p1",
    "product:p2",
    "use:none",
]
ids = st.sampled_from([a.id for a in POOL])


def rule(name: str, conclusion: tuple[str, str], *conditions: dict[str, object]) -> LogEntry:
    then = {"relation": conclusion[0], "value": conclusion[1]}
    return LogEntry(EntryKind.RULE, f"rule:{name}", {"if": list(conditions), "then": then})


GLASS = {"relation": "material", "values": ["glass", "不锈钢"]}
RULES = [
    rule("1", ("suitedTo", "rain"), GLASS, {"relation": "capacity", "comparison": ">", "bound": "1 l"}),
    rule("2", ("feature", "Fragile"), {"relation": "suitedTo", "values": ["rain"]}),
    rule("3", ("suitedTo", "rain"), {"relation": "feature", "values": ["fragile"]}),
    rule("4", ("brand", "Acme"), {"relation": "brand"}, GLASS),
    rule("5", ("feature", "fragile"), {"relation": "Werkstoff", "values": ["glass"]}),
    rule("6", ("broader", "stuff"), {"relation": "broader", "values": ["metal", "mineral"]}),
]
ALIGNMENTS = [
    alignment("Werkstoff", "material"),
    alignment("Werkstoff", "unknownThing", source="1"),
    alignment("unknownThing", "style", schema="s1"),
    alignment("material", "Werkstoff"),
    alignment("unknownThing", "brand", source="2"),
]
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
    st.sampled_from(ALIGNMENTS),
    st.sampled_from([*RULES, *RULES, *(replace(rule, data={}) for rule in RULES)]),
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
    Policy,
    minimum_confidence=st.sampled_from([0.0, 0.5]),
    on_conflict=st.sampled_from(list(OnConflict)),
    sources=st.permutations(["1", "2"]).map(tuple),
)


@st.composite
def logs(draw: st.DrawFn, most: int = 40) -> list[LogEntry]:
    """A log: some of the pool asserted, some rules and alignments, then anything, with undoings (of undoings too)."""
    base = [
        LogEntry(EntryKind.ASSERTED, i) for i in draw(st.lists(ids, min_size=1, max_size=50, unique=True))
    ]
    base += draw(st.lists(st.sampled_from(RULES), max_size=6))
    base += draw(st.lists(st.sampled_from(ALIGNMENTS), max_size=3))
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
    return fold(POOL, entries, TITLES, rules, SOURCES)


def parts(graph: Graph) -> tuple[object, ...]:
    named = graph.nodes, graph.facts, graph.standing, graph.reasons, graph.conflicts, graph.merged
    links = dict(graph.by_node), graph.by_node.own
    return *named, graph.alignments, graph.implications, graph.derived, links, graph.hash


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
        state.take(pool[: size * 3], delivered[:size], SOURCES)
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
    derived = [fact for fact in graph.facts.values() if not fact.supports]
    assert len(graph.facts) - len(derived) == graph.ledger.committed == standing.count(Standing.COMMITTED)
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
        state.take(POOL, item, SOURCES)
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


@settings(max_examples=60, deadline=None)
@given(logs(), policy)
def test_what_follows_rests_on_facts_that_stand(log: list[LogEntry], rules: Policy) -> None:
    graph = folded(log, rules)
    derived = {i: fact for i, fact in graph.facts.items() if fact.derivations}
    assert all(bool(fact.derivations) != bool(fact.supports) for fact in graph.facts.values())
    resting: set[str] = set(graph.facts) - set(derived)
    while reached := {
        i
        for i, fact in derived.items()
        if i not in resting and any(resting.issuperset(way.premises) for way in fact.derivations)
    }:
        resting |= reached
    assert resting == set(graph.facts)
    for fact in derived.values():
        premises = [graph.facts[i] for way in fact.derivations for i in way.premises]
        assert {premise.subject for premise in premises} == {fact.subject}
        assert fact.confidence <= max(premise.confidence for premise in premises)
        for way in fact.derivations:
            conditions = graph.implications[way.rule].conditions
            assert all(
                any(
                    graph.facts[i].relation == c.relation and c.holds(graph.facts[i].object)
                    for i in way.premises
                )
                for c in conditions
            )
    assert graph.derived == Counter(way.rule for fact in derived.values() for way in fact.derivations)
