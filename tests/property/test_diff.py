"""The difference of two versions: what it names is all there is, and it runs in both directions."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import Fact, LogEntry, Node
from core.graph.diff import GraphDiff, SourceDiff, by_source, diff
from core.graph.model import Graph
from core.graph.support import sources_of
from core.storage.workspaces import Workspace
from tests.graph_world import fill
from tests.property.test_fold import folded, logs


def applied(graph: Graph, difference: GraphDiff) -> tuple[dict[str, Fact], dict[str, Node], set[object]]:
    facts = dict(graph.facts)
    nodes = dict(graph.nodes)
    for fact in difference.gone:
        del facts[fact.id]
    for node in difference.nodes_gone:
        del nodes[node.id]
    facts |= {f.id: f for f in difference.added} | {c.after.id: c.after for c in difference.changed}
    nodes |= {n.id: n for n in difference.nodes_added} | {
        c.after.id: c.after for c in difference.nodes_changed
    }
    return facts, nodes, (set(graph.conflicts) - set(difference.settled)) | set(difference.contradicted)


@settings(max_examples=40, deadline=None)
@given(logs(), st.data())
def test_applied_to_the_old_it_gives_the_new_and_its_inverse_leads_back(
    log: list[LogEntry], data: st.DataObject
) -> None:
    a, b = (folded(log[: data.draw(st.integers(0, len(log)))]) for _ in range(2))
    there = diff(a, b)
    assert applied(a, there) == (b.facts, b.nodes, set(b.conflicts))
    assert diff(b, a) == there.inverse()
    assert there.inverse().inverse() == there
    assert bool(there) == ((a.facts, a.nodes) != (b.facts, b.nodes))
    assert not diff(a, a)


@settings(max_examples=20, deadline=None)
@given(logs(), st.data())
def test_every_fact_is_due_to_a_source(log: list[LogEntry], data: st.DataObject) -> None:
    a, b = folded(log[: data.draw(st.integers(0, len(log)))]), folded(log)
    there = diff(a, b)
    one = by_source(there, dict.fromkeys(there.assertion_ids(), "shop"))
    added, gone = ([fact for fact in part if fact.supports] for part in (there.added, there.gone))
    changed = [c for c in there.changed if c.before.supports or c.after.supports]
    if added or gone or changed:
        assert one["shop"] == SourceDiff(len(added), len(gone), len(changed))
    back = by_source(there.inverse(), dict.fromkeys(there.assertion_ids(), "shop"))
    assert [(s.gone, s.added) for s in back.values()] == [(s.added, s.gone) for s in one.values()]


def test_a_source_is_that_of_the_document(workspace: Workspace) -> None:
    made = fill(workspace)
    assert sources_of(workspace, [made[0].id, "not stored"]) == {made[0].id: "s"}
