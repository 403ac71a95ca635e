"""The queue finds errors early, decisions move the graph, and nobody's word is lost."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain import Assertion, EntryKind, LogEntry, Standing
from core.errors import GraphError
from core.extract.example import Example
from core.extract.labelled import read_labelled
from core.extract.normal_rules import Rule
from core.graph.fold import fold
from core.graph.labelled_export import ReviewedText, labelled, lessons, model_texts, reviewed_texts, to_jsonl
from core.graph.log import Log
from core.graph.reading import read_assertions
from core.graph.review import Item, Narrow, Signals, chance, doubt, key_of, order, queue, worth
from core.graph.review_log import (
    Choice,
    agreement,
    carry_over,
    corrected,
    decide,
    decisions,
    final_verdicts,
    read_decisions,
    undo,
)
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace
from tests.graph_world import SHOP, document, fill, put_documents, put_products, read, readings

ACCEPT, REJECT, CORRECT = EntryKind.ACCEPTED, EntryKind.REJECTED, EntryKind.CORRECTED


def stored(workspace: Workspace) -> dict[str, Assertion]:
    with workspace.db.read() as reader:
        return {a.id: a for a in read_assertions(reader)}


def items(workspace: Workspace) -> list[Item]:
    return queue(GraphStore(workspace).graph(), stored(workspace), dict.fromkeys(SHOP, "kitchen"))


def item(workspace: Workspace, product: str, relation: str, words: str) -> Item:
    (found,) = [
        i
        for i in items(workspace)
        if (i.lead.subject, i.lead.relation, i.lead.object) == (product, relation, words)
    ]
    return found


def say(workspace: Workspace, verdict: EntryKind, ids: Sequence[str], actor: str, seen: int = 10**9) -> int:
    return decide(workspace, [Choice(verdict, tuple(ids))], actor, seen).decision


def taken_back(workspace: Workspace, number: int, actor: str) -> None:
    with workspace.db.read() as reader:
        (one,) = [made for made in read_decisions(reader) if made.id == number]
    undo(workspace, one, actor)


def texts(workspace: Workspace) -> list[ReviewedText]:
    store = GraphStore(workspace)
    with workspace.db.read() as reader:
        verdicts = final_verdicts(read_decisions(reader))
    return reviewed_texts(store, store.graph(), stored(workspace), verdicts, dict.fromkeys(SHOP, "kitchen"))


def test_the_first_tenth_of_the_queue_meets_half_of_the_errors() -> None:
    """Readings as sure as they are right: most are clear, one in eight is a toss-up, and a second reader sees half."""
    chosen = random.Random(5)
    known: list[Signals] = []
    wrong: list[bool] = []
    for _ in range(4000):
        confidence = chosen.uniform(0.4, 0.7) if chosen.random() < 0.12 else chosen.uniform(0.97, 1.0)
        is_wrong = chosen.random() > confidence
        seen = chosen.random() < 0.5
        agrees = seen and chosen.random() < (0.3 if is_wrong else 0.9)
        known.append(Signals(confidence, int(agrees), int(seen and not agrees), chosen.choice([1, 2, 5, 30])))
        wrong.append(is_wrong)
    first = order(known)[: len(known) // 10]
    assert sum(wrong[at] for at in first) >= 0.5 * sum(wrong)


def test_agreement_lowers_and_contradiction_raises_the_chance_of_an_error() -> None:
    plain = doubt(Signals(0.8))
    assert plain == pytest.approx(0.2)
    assert doubt(Signals(0.8, agreeing=1)) < plain < doubt(Signals(0.8, against=1))
    assert doubt(Signals(0.8, agreeing=1, against=1)) == pytest.approx(plain)
    assert chance(Signals(0.3, apart=True)) == pytest.approx(0.3)
    assert worth(Signals(0.8, reach=20)) > worth(Signals(0.8, reach=2)) > 0
    assert 0 < doubt(Signals(1.0, agreeing=9)) < doubt(Signals(0.0, against=9)) < 1


def test_the_queue_holds_every_reading_once_and_tells_what_contradicts(workspace: Workspace) -> None:
    put_products(workspace)
    text = document("k2", SHOP["k2"][2])
    steel, litres = read(text, "material", "Stainless Steel"), read(text, "capacity", "1.2 l")
    other = read(text, "color", "Steel", "llm", 0.6)
    title = document("k2", "Kettle 0.9 l, stainless steel", "title")
    put_documents(workspace, [text, title])
    rival, again = read(title, "capacity", "0.9 l"), read(title, "material", "stainless steel")
    apart = LogEntry(EntryKind.QUARANTINED, other.id, {"reason": "contested"})
    Log(workspace).append([steel, litres, other, rival, again], [apart])
    found = items(workspace)
    assert sorted(i for one in found for i in one.ids) == sorted(
        a.id for a in (steel, litres, other, rival, again)
    )
    by_relation = {(one.lead.relation, one.lead.object): one for one in found}
    assert by_relation[("capacity", "1.2 l")].rivals == (rival.id,)
    assert by_relation[("color", "Steel")].rivals == (steel.id,)
    assert by_relation[("color", "Steel")].reason == "contested"
    (steels,) = [one for one in found if one.lead.relation == "material"]
    assert (set(steels.ids), steels.signals.agreeing, steels.rivals) == ({steel.id, again.id}, 1, (other.id,))
    assert found == sorted(found, key=lambda one: -one.worth)
    assert [one for one in found if Narrow(reasons=frozenset({"contested"})).passes(one)] == [
        by_relation[("color", "Steel")]
    ]


def test_rejecting_a_fact_takes_it_out_and_one_undo_brings_all_of_it_back(workspace: Workspace) -> None:
    fill(workspace)
    store = GraphStore(workspace)
    before = store.graph()
    chosen = [one for one in items(workspace) if one.lead.relation == "material"]
    assert len(chosen) == 4
    made = decide(workspace, [Choice(REJECT, one.ids) for one in chosen], "Lin", before.seq)
    after = store.graph()
    assert made.done == 4
    assert not [f for f in after.facts.values() if f.relation == "material"]
    assert after.ledger.rejected == sum(len(one.ids) for one in chosen)
    assert after.ledger.extracted == before.ledger.extracted
    taken_back(workspace, made.decision, "Lin")
    assert store.graph().hash == before.hash
    assert Log(workspace).head() > after.seq, "the log only grows"


def test_what_is_kept_apart_becomes_a_fact_when_accepted(workspace: Workspace) -> None:
    put_products(workspace)
    weak = read(document("k1", SHOP["k1"][2]), "style", "pour-over", confidence=0.2)
    Log(workspace).append([weak])
    (one,) = items(workspace)
    assert (one.standing, one.reason, one.signals.apart) == (Standing.QUARANTINED, "low_confidence", True)
    say(workspace, ACCEPT, one.ids, "Lin")
    (fact,) = GraphStore(workspace).graph().facts.values()
    assert fact.confidence == 1.0
    assert item(workspace, "k1", "style", "pour-over").fact_id == fact.id


def test_a_correction_is_made_of_the_texts_own_words(workspace: Workspace) -> None:
    fill(workspace)
    text = document("k1", SHOP["k1"][2])
    one = item(workspace, "k1", "usedFor", "pour-over coffee")
    start = text.text.index("coffee")
    put = corrected(text, one.lead, start, start + 6, "usedFor")
    assert put.object == "coffee"
    for bad in ((start - 1, start + 6), (start, start), (one.lead.start, one.lead.end), (0, 1)):
        with pytest.raises(GraphError):
            corrected(text, one.lead, *bad, "usedFor")
    made = decide(workspace, [Choice(CORRECT, one.ids, put)], "Lin", 10**9)
    objects = {f.object for f in GraphStore(workspace).product_facts("k1") if f.relation == "usedFor"}
    assert objects == {"use:coffee"}
    with workspace.db.read() as reader:
        (decision,) = read_decisions(reader)
    assert decision.id == made.decision
    assert decision.verdicts == {one.lead.id: CORRECT, put.id: ACCEPT}


def test_another_reviewers_word_is_not_passed_over_in_silence(workspace: Workspace) -> None:
    fill(workspace)
    seen = GraphStore(workspace).graph().seq
    one = item(workspace, "k1", "usedIn", "home")
    say(workspace, ACCEPT, one.ids, "Lin", seen)
    late = decide(workspace, [Choice(REJECT, one.ids)], "Mo", seen)
    assert (late.decision, late.done, late.taken) == (0, 0, (("Lin", ACCEPT),))
    assert GraphStore(workspace).graph().standing[one.lead.id] is Standing.COMMITTED
    assert decide(workspace, [Choice(ACCEPT, one.ids)], "Lin", seen).done == 0, "a press that came in twice"
    knowing = decide(workspace, [Choice(REJECT, one.ids)], "Mo", Log(workspace).head())
    assert knowing.done == 1
    assert GraphStore(workspace).graph().standing[one.lead.id] is Standing.REJECTED
    taken_back(workspace, knowing.decision, "Mo")
    assert GraphStore(workspace).graph().standing[one.lead.id] is Standing.COMMITTED
    with workspace.db.read() as reader:
        assert final_verdicts(read_decisions(reader)) == {one.lead.id: ACCEPT}


def test_two_who_correct_alike_do_not_undo_each_other(workspace: Workspace) -> None:
    fill(workspace)
    before = GraphStore(workspace).graph().hash
    text = document("k1", SHOP["k1"][2])
    one = item(workspace, "k1", "usedIn", "home")
    put = corrected(text, one.lead, one.lead.start, one.lead.end, "style")
    numbers = [
        decide(workspace, [Choice(CORRECT, one.ids, put)], name, 10**9).decision for name in ("Lin", "Mo")
    ]
    taken_back(workspace, numbers[0], "Lin")
    assert GraphStore(workspace).graph().standing[put.id] is Standing.COMMITTED
    taken_back(workspace, numbers[1], "Mo")
    assert GraphStore(workspace).graph().hash == before


def test_agreement_is_cohens_kappa_over_what_both_have_decided(workspace: Workspace) -> None:
    fill(workspace)
    ids = [a.id for a in readings()]
    unit = {i: i for i in ids}.__getitem__
    for at, i in enumerate(ids[:10]):
        say(workspace, ACCEPT if at < 6 else REJECT, [i], "Lin")
        say(workspace, ACCEPT if at < 4 or at == 9 else REJECT, [i], "Mo")
    say(workspace, REJECT, [ids[12]], "Lin")
    with workspace.db.read() as reader:
        (one,) = agreement(read_decisions(reader), unit)
    assert (one.first, one.second, one.both, one.share) == ("Lin", "Mo", 10, 0.7)
    by_chance = 0.6 * 0.5 + 0.4 * 0.5
    assert one.kappa == pytest.approx((0.7 - by_chance) / (1 - by_chance))


def test_reviewers_of_one_mind_have_no_kappa(workspace: Workspace) -> None:
    fill(workspace)
    i = readings()[0].id
    for name in ("Lin", "Mo"):
        say(workspace, ACCEPT, [i], name)
    with workspace.db.read() as reader:
        (one,) = agreement(read_decisions(reader), str)
    assert (one.both, one.share, one.kappa) == (1, 1.0, None)


def test_the_labelled_set_is_what_people_said_and_reads_back(workspace: Workspace, tmp_path: Path) -> None:
    fill(workspace)
    for relation, words, verdict in (
        ("material", "stainless steel", ACCEPT),
        ("usedFor", "pour-over coffee", ACCEPT),
        ("usedIn", "home", REJECT),
    ):
        say(workspace, verdict, item(workspace, "k1", relation, words).ids, "Lin")
    say(workspace, ACCEPT, item(workspace, "c1", "audience", "上班族").ids, "Lin")
    rows = labelled(texts(workspace))
    assert [row["id"] for row in rows] == ["c1/description", "k1/description"]
    kettle = rows[1]
    assert kettle["values"] == {
        "material": ["stainless steel"],
        "usedFor": ["pour-over coffee"],
        "usedIn": [],
    }
    assert [kettle["text"][s["start"] : s["end"]] for s in kettle["spans"]] == [
        "stainless steel",
        "pour-over coffee",
    ]
    path = tmp_path / "labelled.jsonl"
    path.write_text(to_jsonl(rows), "utf-8")
    back = read_labelled(path)
    assert [(one.id, one.category, dict(one.values)) for one in back] == [
        (row["id"], row["category"], {k: tuple(v) for k, v in row["values"].items()}) for row in rows
    ]
    assert json.loads(path.read_text("utf-8").splitlines()[0])["values"] == {"audience": ["上班族"]}


def test_lessons_keep_what_stands_and_leave_out_what_was_rejected(workspace: Workspace) -> None:
    fill(workspace)
    say(workspace, REJECT, item(workspace, "k1", "usedIn", "home").ids, "Lin")
    for one in items(workspace):
        if one.lead.subject == "f1":
            say(workspace, REJECT, one.ids, "Lin")
    paper, kettle = lessons(texts(workspace))
    assert paper == Example(SHOP["f1"][2], (), "kitchen")
    assert [kettle.text[s.start : s.end] for s in kettle.spans] == [
        "stainless steel",
        "0.9 l",
        "pour-over coffee",
    ]


def test_a_language_models_texts_are_lessons_where_all_in_them_is_sure(workspace: Workspace) -> None:
    put_products(workspace)
    sure, doubtful, plain = (document(product, SHOP[product][2]) for product in ("k1", "k2", "f1"))
    Log(workspace).append(
        [
            read(sure, "material", "stainless steel", "llm:large", 0.95),
            read(sure, "usedIn", "home", "tagger", 0.9),
            read(doubtful, "material", "Stainless Steel", "llm:large", 0.95),
            read(doubtful, "usedFor", "pour-over coffee", "llm:large", 0.4),
            read(plain, "audience", SHOP["f1"][2].split()[0], "tagger", 0.99),
        ]
    )
    store, known = GraphStore(workspace), stored(workspace)
    categories = dict.fromkeys(SHOP, "kitchen")
    found = lessons(model_texts(store, store.graph(), known, categories, set()))
    assert [[one.text[s.start : s.end] for s in one.spans] for one in found] == [["stainless steel", "home"]]
    assert model_texts(store, store.graph(), known, categories, {sure.id}) == []


def test_decisions_hold_for_what_a_newer_reader_finds_again(workspace: Workspace) -> None:
    fill(workspace)
    text = document("k1", SHOP["k1"][2])
    wrong = item(workspace, "k1", "usedIn", "home")
    right = item(workspace, "k1", "material", "stainless steel")
    number = say(workspace, REJECT, wrong.ids, "Lin")
    say(workspace, ACCEPT, right.ids, "Lin")
    log = Log(workspace)
    log.retract([*wrong.ids, *right.ids], "superseded")
    newer = Assertion.of(
        text,
        "usedIn",
        wrong.lead.start,
        wrong.lead.end,
        extractor="tagger",
        extractor_version="2",
        schema_version="s1",
        confidence=0.9,
    )
    log.append([newer])
    assert carry_over(workspace) == 2
    graph = GraphStore(workspace).graph()
    assert graph.standing[newer.id] is Standing.REJECTED
    assert graph.standing[right.lead.id] is Standing.COMMITTED
    assert carry_over(workspace) == 0
    taken_back(workspace, number, "Lin")
    assert GraphStore(workspace).graph().standing[newer.id] is Standing.COMMITTED


POOL = readings()
verdict = st.tuples(
    st.sampled_from([ACCEPT, REJECT]),
    st.lists(st.sampled_from([a.id for a in POOL]), min_size=1, max_size=5, unique=True),
    st.sampled_from(["Lin", "Mo"]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(verdict, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_undoing_all_decisions_in_any_order_restores_the_graph(
    workspace: Workspace, said: list[tuple[EntryKind, list[str], str]], chosen: random.Random
) -> None:
    order = list(range(len(said)))
    chosen.shuffle(order)  # before anything is written: drawing may end the example
    if not Log(workspace).head():
        fill(workspace)
    before = GraphStore(workspace).graph().hash
    numbers = [(say(workspace, kind, ids, who), who) for kind, ids, who in said]
    for number, who in (numbers[at] for at in order):
        taken_back(workspace, number, who)
    with workspace.db.read() as reader:
        assert read_decisions(reader) == []
    assert GraphStore(workspace).graph().hash == before
    entries = list(Log(workspace).entries())
    assert fold(POOL, entries).hash == fold(POOL, entries[: len(POOL)]).hash
    assert decisions(entries) == []


def test_one_value_has_one_key_however_it_is_written() -> None:
    first, second = (read(document("k2", words), "material", words) for words in ("Steel", "steel"))
    assert key_of(first) == key_of(second)
    assert key_of(first) != key_of(read(document("k2", "Steel"), "color", "Steel"))


def test_a_schemas_own_rules_say_which_words_are_one_value() -> None:
    short, full = (read(document("k2", words), "material", words) for words in ("SS", "steel"))
    rules = {short.schema_version: {"material": Rule(kind="text", expand={"SS": "steel"})}}
    assert key_of(short) != key_of(full)
    assert key_of(short, rules) == key_of(full, rules)
