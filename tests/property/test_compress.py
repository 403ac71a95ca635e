"""Compression loses nothing for good: each plan on each net is undone exactly; what goes follows from what stays."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain import Fact, Node
from core.graph.compress import STRENGTHS, Net, Plan, compress, expand, size_of
from core.graph.compress.mining import bundles
from core.graph.compress.net import GROUPS, META
from core.graph.compress.operators import SYMMETRIC, TRANSITIVE

PRODUCTS = [f"product:{name}" for name in "abcdef"]
VALUES = [f"feature:{n}" for n in range(5)] + [f"material:{n}" for n in range(3)]
LINKS = ("isSimilarTo", "isPartOf", "hasPart")
confidences = st.sampled_from([0.5, 0.7, 0.9, 1.0])


@st.composite
def nets(draw: st.DrawFn) -> Net:
    """Products with values and links between products, cycles and loops too."""
    values = draw(st.sets(st.tuples(st.sampled_from(PRODUCTS), st.sampled_from(VALUES)), max_size=40))
    links = draw(
        st.sets(
            st.tuples(st.sampled_from(PRODUCTS), st.sampled_from(LINKS), st.sampled_from(PRODUCTS)),
            max_size=20,
        )
    )
    claims = sorted({(s, node.partition(":")[0], node) for s, node in values} | links)
    facts = [
        Fact(f"{number:03d}", s, relation, o, ("x",), draw(confidences))
        for number, (s, relation, o) in enumerate(claims)
    ]
    names = {n for fact in facts for n in (fact.subject, fact.object)} | {"product:lonely"}
    return Net(
        {n: Node(n, n.partition(":")[0].title(), n.partition(":")[2]) for n in names},
        {fact.id: fact for fact in facts},
    )


plans = st.builds(
    Plan,
    inverse=st.booleans(),
    transitive=st.booleans(),
    equivalent=st.booleans(),
    bundles=st.booleans(),
    bundle_products=st.integers(2, 4),
    least_products=st.integers(1, 4),
    least_confidence=st.sampled_from([0.0, 0.6, 0.95]),
)


@given(nets(), plans)
@settings(max_examples=150, deadline=None)
def test_expanding_gives_the_net_back(net: Net, plan: Plan) -> None:
    made = compress(net, plan)
    assert expand(made) == net
    assert compress(net, plan) == made
    assert {
        n for fact in made.net.facts.values() for n in (fact.subject, fact.object)
    } <= made.net.nodes.keys()
    assert all(n in made.net.nodes for n in net.nodes if n.startswith("product:"))


@given(nets())
@settings(max_examples=100, deadline=None)
def test_grouping_never_adds_facts_and_its_groups_unfold_to_what_was_there(net: Net) -> None:
    made = compress(net, Plan(inverse=False, transitive=False, bundle_products=2)).net
    assert len(made.facts) <= len(net.facts)
    assert _claims(made) == _claims(net)


def _claims(net: Net) -> set[tuple[str, str, str]]:
    """What a reader who follows groups learns of products."""
    inside: dict[str, list[Fact]] = defaultdict(list)
    for fact in net.facts.values():
        if fact.subject.startswith(META):
            inside[fact.subject].append(fact)

    def told(fact: Fact) -> list[tuple[str, str, str]]:
        if fact.relation != GROUPS:
            return [(fact.subject, fact.relation, fact.object)]
        return [
            one
            for f in inside[fact.object]
            for one in told(Fact("", fact.subject, f.relation, f.object, (), 1.0))
        ]

    return {claim for fact in net.facts.values() if not fact.subject.startswith(META) for claim in told(fact)}


@given(nets())
@settings(max_examples=150, deadline=None)
def test_what_is_left_out_of_the_structure_can_be_inferred(net: Net) -> None:
    made = compress(net, Plan(equivalent=False, bundles=False)).net
    assert _closure(made) == _closure(net)


def _closure(net: Net) -> set[tuple[str, str, str]]:
    claims = {(f.subject, f.relation, f.object) for f in net.facts.values()}
    while True:
        more = {(o, r, s) for s, r, o in claims if r in SYMMETRIC}
        more |= {(o, "isPartOf", s) for s, r, o in claims if r == "hasPart"}
        more |= {(o, "hasPart", s) for s, r, o in claims if r == "isPartOf"}
        onward = defaultdict(set)
        for a, r, b in claims:
            onward[a, r].add(b)
        more |= {(a, r, c) for a, r, b in claims if r in TRANSITIVE for c in onward.get((b, r), ())}
        if more <= claims:
            return claims
        claims |= more


def test_a_set_of_values_that_many_products_share_becomes_one_node() -> None:
    having = {f"p{n}": {("feature", f"f{k}") for k in range(4)} | {("own", f"o{n}")} for n in range(6)}
    (bundle,) = bundles(having, 2)
    assert bundle.features == tuple(("feature", f"f{k}") for k in range(4))
    assert (len(bundle.subjects), bundle.saved) == (6, 6 * 4 - 6 - 4)


def test_strengths_leave_ever_fewer_bytes() -> None:
    facts = [
        Fact(f"{p}{k}", f"product:{p}", "feature", f"feature:{k}", ("x",), 0.5 + 0.05 * (k % 10))
        for p in range(12)
        for k in range(14)
        if p % (k + 1) == 0
    ]
    nodes = {n: Node(n, "X", n) for f in facts for n in (f.subject, f.object)}
    sizes = [size_of(compress(Net(nodes, {f.id: f for f in facts}), plan).net).facts for plan in STRENGTHS]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < sizes[0]
