"""Pattern queries against brute force, and what is said of a pattern that is none."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import Fact, Ledger, Node, content_hash
from core.errors import GraphError
from core.graph.model import Graph
from core.graph.pattern import Clause, Pattern, Term, parse
from core.graph.pattern_match import Answer, match

NODES = {
    "product:a": Node("product:a", "Product", "Kettle A", ()),
    "product:b": Node("product:b", "Product", "不锈钢 壶", ()),
    "material:steel": Node("material:steel", "Material", "Steel", ("stainless steel", "不锈钢")),
    "use:steel": Node("use:steel", "Use", "steel", ()),
}
RELATIONS = ("material", "usedFor")


def graph_of(triples: set[tuple[str, str, str]]) -> Graph:
    facts = [Fact(content_hash(*t), *t, supports=(), confidence=1.0) for t in triples]
    return Graph(
        NODES, {f.id: f for f in facts}, {}, {}, {}, Ledger(), content_hash(*map(repr, sorted(triples)))
    )


triples = st.sets(st.tuples(*map(st.sampled_from, (list(NODES), RELATIONS, list(NODES)))), max_size=9)
node = st.one_of(
    st.sampled_from("xyz").map(lambda name: Term(name, True)),
    st.sampled_from(["kettle a", "STEEL", "不锈钢", "node:use:steel"]).map(Term),
)
relation = st.one_of(
    st.sampled_from("rs").map(lambda name: Term(name, True)),
    st.sampled_from(["material", "used_for"]).map(Term),
)
clauses = st.lists(st.builds(Clause, node, relation, node, st.booleans()), min_size=1, max_size=3)


def meant(term: Term) -> set[str]:
    if term.text.startswith("node:"):
        return {term.text.removeprefix("node:")}
    called = {
        "kettle a": {"product:a"},
        "STEEL": {"material:steel", "use:steel"},
        "不锈钢": {"material:steel"},
    }
    return {"material": {"material"}, "used_for": {"usedFor"}, **called}[term.text]


def brute(found: set[tuple[str, str, str]], pattern: Pattern) -> set[tuple[str, ...]]:
    """Every filling of the variables, tried one after the other."""
    names = pattern.variables
    of_relation = {c.relation.text for c in pattern.clauses if c.relation.variable}
    choices = [RELATIONS if name in of_relation else list(NODES) for name in names]

    def holds(clause: Clause, binding: dict[str, str]) -> bool:
        return any(
            all(
                binding.get(term.text, value) == value if term.variable else value in meant(term)
                for term, value in zip(clause.terms, triple, strict=True)
            )
            and _agree(clause, triple)
            for triple in found
        )

    return {
        filling
        for filling in product(*choices)
        if all(holds(c, dict(zip(names, filling, strict=True))) != c.negated for c in pattern.clauses)
    }


def _agree(clause: Clause, triple: tuple[str, str, str]) -> bool:
    """A variable that stands twice in a clause has one value."""
    values: dict[str, str] = {}
    return all(
        values.setdefault(term.text, value) == value
        for term, value in zip(clause.terms, triple, strict=True)
        if term.variable
    )


@settings(max_examples=300, deadline=None)
@given(triples, clauses)
def test_answers_are_those_of_brute_force(found: set[tuple[str, str, str]], asked: list[Clause]) -> None:
    pattern = Pattern(tuple(asked))
    try:
        parse(written(pattern))
    except GraphError:
        return
    known = {relation for _, relation, _ in found}
    wanted = {r for c in asked if not c.relation.variable for r in meant(c.relation)}
    if not wanted <= known:
        with pytest.raises(GraphError, match="No fact has this relation"):
            match(graph_of(found), pattern)
        return
    answer = match(graph_of(found), pattern)
    assert list(answer.rows) == sorted(brute(found, pattern))
    assert match(graph_of(found), written(pattern)) == answer
    cut = match(graph_of(found), pattern, limit=1)
    assert (cut.rows, cut.more) == (answer.rows[:1], len(answer.rows) > 1)


def written(pattern: Pattern) -> str:
    def word(term: Term) -> str:
        return f"?{term.text}" if term.variable else f'"{term.text}"'

    return " ; ".join(("not " if c.negated else "") + " ".join(map(word, c.terms)) for c in pattern.clauses)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "pattern"),
        (" ; ", "pattern"),
        ("?p material", "clause 1"),
        ("?p material steel ; ?p material stainless steel", "clause 2"),
        ('?p material "steel', '"steel'),
        ("not ?p material steel", "pattern"),
        ("?p ?p steel", "?p"),
        (" ; ".join(["?p material ?q"] * 9), "pattern"),
        ("?p colour ?q", "colour"),
        ("?p material gold", "gold"),
        ("?p material ?q ; not ?p usedFor ?z ; not ?z material ?q", "?z"),
    ],
)
def test_what_is_no_pattern_is_told_with_its_place(text: str, place: str) -> None:
    graph = graph_of({("product:a", "material", "material:steel"), ("product:a", "usedFor", "use:steel")})
    with pytest.raises(GraphError) as found:
        match(graph, text)
    assert found.value.where.startswith(place)
    assert found.value.remedy


def test_a_pattern_without_variables_holds_or_does_not() -> None:
    graph = graph_of({("product:a", "material", "material:steel")})
    assert match(graph, '"kettle a" material steel') == Answer((), ((),))
    assert match(graph, "node:product:b material steel") == Answer((), ())


def test_an_endless_pattern_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.graph.pattern_match.MOST_FOUND", 5_000)
    many = {f"n:{k}": Node(f"n:{k}", "N", f"n{k}") for k in range(300)}
    facts = [Fact(str(k), f"n:{k}", "next", f"n:{(k * 7) % 300}", (), 1.0) for k in range(300)]
    graph = Graph(many, {f.id: f for f in facts}, {}, {}, {}, Ledger(), "h")
    with pytest.raises(GraphError, match="more than 5,000 answers"):
        match(graph, "?a next ?b ; ?c next ?d ; ?e next ?f", seconds=20)
    with pytest.raises(GraphError, match="takes too long"):
        match(graph, "?a next ?b ; ?c next ?d ; ?e next ?f", seconds=0.0)
