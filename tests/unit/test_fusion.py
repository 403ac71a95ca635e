"""Several sources in one graph: what each adds, what may be one attribute, what they share, and their leaving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.catalogue.ingest import ingest
from core.catalogue.store import Catalogue
from core.domain import Assertion, Document, DocumentKind, EntryKind, LogEntry
from core.extract import columns, schema
from core.graph.alignments import alignment, apart
from core.graph.contributions import contributions
from core.graph.departure import delete_source, departure
from core.graph.fold import Fold, Graph, fold
from core.graph.intents import shared_intents
from core.graph.log import Log
from core.graph.model import OnConflict, Policy
from core.graph.previews import contradictions
from core.graph.rules import add_rule
from core.graph.schema_match import proposals
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace, Workspaces

Row = tuple[str, str, str, str]


def claims(rows: Sequence[Row]) -> tuple[list[Assertion], dict[str, str]]:
    """An assertion a (source, product, relation, value), and the source of each document."""
    made, sources = [], {}
    for source, product, relation, value in rows:
        text = Document.of(f"{source}/{product}/{relation}", product, relation, DocumentKind.CELL, value)
        made.append(
            Assertion.of(
                text, relation, 0, len(value), extractor="columns", extractor_version="1", schema_version="s"
            )
        )
        sources[text.id] = source
    return made, sources


def graph_of(rows: Sequence[Row], entries: Sequence[LogEntry] = (), policy: Policy | None = None) -> Graph:
    made, sources = claims(rows)
    log = [LogEntry(EntryKind.ASSERTED, a.id) for a in made] + list(entries)
    numbered = [LogEntry(e.kind, e.target, e.data, seq=k + 1) for k, e in enumerate(log)]
    return fold(made, numbered, {}, policy, sources)


SHOPS: list[Row] = [
    ("a", "p1", "color", "navy"), ("a", "p2", "color", "black"), ("a", "p3", "color", "sage"),
    ("a", "p1", "capacity", "1 l"), ("a", "p2", "capacity", "2 l"), ("a", "p1", "usedFor", "hiking"),
    ("a", "p1", "category", "Bottles"), ("a", "p1", "waterproof", "yes"), ("a", "p2", "waterproof", "no"),
    ("b", "q1", "farbe", "navy"), ("b", "q2", "farbe", "black"), ("b", "q3", "farbe", "sage"),
    ("b", "p1", "capacity", "3 l"), ("b", "p2", "capacity", "2000 ml"), ("b", "q1", "usedFor", "hiking"),
    ("b", "q1", "category", "Boots"), ("b", "q1", "lined", "yes"), ("b", "q2", "lined", "no"),
]  # fmt: skip


def test_contributions_tell_what_is_alone_shared_and_contradicted() -> None:
    found = {row.source: row for row in contributions(graph_of(SHOPS)).sources}
    assert (found["a"].facts, found["a"].alone, found["a"].shared, found["a"].contradicted) == (9, 8, 1, 1)
    assert (found["b"].products, found["b"].products_alone) == (5, 3)
    assert found["b"].relations_alone == ("farbe", "lined")
    # Three colours, "1 l", a category, "yes" and "no"; 2 l and hiking are shared.
    assert found["a"].values_alone == 7


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(SHOPS), unique=True, min_size=1))
def test_shares_of_the_sources_sum_to_the_graph(rows: list[Row]) -> None:
    graph = graph_of(rows)
    found = contributions(graph)
    assert sum(row.alone for row in found.sources) + found.shared == len(graph.facts)
    assert sum(row.gain for row in found.sources) <= found.completeness + 1e-9 <= 1 + 1e-9


def test_columns_of_other_names_with_the_same_values_are_proposed_and_yes_and_no_are_not() -> None:
    found = proposals(graph_of(SHOPS))
    assert [(p.relation, p.into) for p in found] == [("farbe", "color")]
    assert "navy" in found[0].common
    kept_apart = graph_of(SHOPS, [apart("color", "farbe")])
    assert kept_apart.hash == graph_of(SHOPS).hash
    assert not proposals(kept_apart)


def test_columns_that_one_source_fills_for_the_same_products_are_never_one() -> None:
    both: list[Row] = [("a", f"p{k}", relation, value) for k in range(5) for relation, value in
                       (("color", f"shade {k}"), ("lid", f"shade {k}"))]  # fmt: skip
    assert not proposals(graph_of(both))


def test_vectors_find_what_shares_no_words() -> None:
    rows: list[Row] = [("a", f"p{k}", "farbe", f"rot {k}a") for k in range(4)]
    rows += [("b", f"q{k}", "tint", f"red {k}b") for k in range(4)]
    graph = graph_of(rows)

    def alike(texts: Sequence[str]) -> NDArray[numpy.float32]:
        return numpy.ones((len(texts), 1), numpy.float32)

    assert not proposals(graph)
    (found,) = proposals(graph, alike)
    assert found.vectors == 1.0


def test_shared_intents_are_ranked_by_how_few_share_them() -> None:
    rows = [
        *SHOPS,
        ("a", "p2", "usedFor", "travel"),
        ("b", "q2", "usedFor", "travel"),
        ("a", "p3", "usedFor", "travel"),
    ]
    found = shared_intents(graph_of(rows))
    assert [one.node for one in found] == ["use:hiking", "use:travel"]
    assert found[0].categories == ("category:boot", "category:bottle")
    assert found[0].sources == ("a", "b")


@pytest.mark.parametrize("choice", list(OnConflict))
def test_the_preview_of_a_policy_is_what_it_does(choice: OnConflict) -> None:
    policy = Policy(on_conflict=choice, sources=("b", "a"))
    made, sources = claims(SHOPS)
    log = [LogEntry(EntryKind.ASSERTED, a.id, seq=k + 1) for k, a in enumerate(made)]
    state = Fold({}, Policy(on_conflict=OnConflict.MAJORITY))
    state.take(made, log, sources)
    after = graph_of(SHOPS, policy=policy)
    for (subject, relation), facts in contradictions(state, policy).items():
        standing = {f.id for f in after.facts_at(subject) if (f.subject, f.relation) == (subject, relation)}
        assert {fact.id for fact in facts} == standing
    assert len(contradictions(state, policy)) == 1


FIRST = "id,title,brand,material,capacity\nk1,Steel kettle,Acme,steel,1 l\nk2,Glass kettle,Acme,glass,2 l\n"
SECOND = "id,title,brand,cloth,capacity\nx1,Wool hat,Beta,wool,\nx2,Steel cup,Beta,steel,300 ml\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspaces(tmp_path).create("shop")
    _bring(made, FIRST, "first.csv")
    return made


def _bring(workspace: Workspace, table: str, name: str) -> str:
    (report,) = ingest(workspace, table.encode(), name)
    documents = Catalogue(workspace).documents()
    Log(workspace).reconcile()
    Log(workspace).append(columns.read_all(documents, schema.default()))
    return report.source_id


def test_a_source_that_came_and_went_leaves_the_graph_as_it_was(workspace: Workspace) -> None:
    store = GraphStore(workspace)
    add_rule(workspace, "if material is steel then feature is rustproof")
    before = store.graph()
    second = _bring(workspace, SECOND, "second.csv")
    (seq,) = Log(workspace).append((), [alignment("cloth", "material", source=second)])
    with_it = store.graph()
    assert with_it.derived == {next(iter(with_it.implications)): 2}
    going = departure(workspace, second)
    assert going.items == 2
    assert {fact.id for fact in going.gone} == with_it.facts.keys() - before.facts.keys()
    assert any(fact.derivations for fact in going.gone)
    assert store.graph().hash == with_it.hash
    delete_source(workspace, second)
    assert store.graph().hash == before.hash
    _bring(workspace, SECOND, "second.csv")
    assert store.graph().hash == with_it.hash
    Log(workspace).undo([seq])
    assert "cloth:steel" in store.graph().nodes
