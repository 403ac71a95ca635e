"""CRF and span reader together: agreement is surest, and nothing is invented by joining them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.extract import ensemble
from core.extract.candidates import FEATURES, candidates_of, values_of
from core.extract.ensemble import Weights, best, default_weights
from core.extract.ground import Place, Span

places = st.tuples(
    st.integers(0, 9), st.integers(1, 5), st.sampled_from(("Brand", "Color")), st.floats(0.01, 0.99)
)


def spans(raw: list[tuple[int, int, str, float]]) -> list[Span]:
    return [Span(start, start + width, relation, sure) for start, width, relation, sure in raw]


def weighed(read: list[Span], tagged: list[Span], doubted: float) -> dict[Place, float]:
    """How sure each span is by the shipped weights; the CRF gives ``doubted`` to those that it does not propose."""
    marginals = {span.place: doubted for span in read} | {span.place: span.confidence for span in tagged}
    candidates = candidates_of(read, tagged, (), marginals)
    return {span.place: span.confidence for span in ensemble.weighed(candidates, default_weights())}


@given(st.lists(places, max_size=8), st.lists(places, max_size=8))
def test_candidates_are_what_either_proposed_each_once(read: list, tagged: list) -> None:
    a, b = spans(read), spans(tagged)
    found = [(c.span.start, c.span.end, c.span.relation) for c in candidates_of(a, b)]
    assert sorted(found) == sorted({(s.start, s.end, s.relation) for s in [*a, *b]})
    assert all(len(c.features) == len(FEATURES) for c in candidates_of(a, b))


def test_a_span_that_both_propose_is_surer_than_one_of_either_alone() -> None:
    mine, other = Span(0, 5, "Brand", 0.7), Span(8, 12, "Brand", 0.7)
    agreed = weighed([mine], [mine], 0.1)[mine.place]
    assert agreed > weighed([mine], [], 0.1)[mine.place]
    assert agreed > weighed([], [mine], 0.1)[mine.place]
    assert agreed > weighed([mine], [other], 0.1)[mine.place]


def test_what_the_crf_nearly_chose_is_surer_than_what_it_rules_out() -> None:
    mine = Span(0, 5, "Brand", 0.7)
    ruled_out, nearly = (weighed([mine], [], doubted)[mine.place] for doubted in (0.001, 0.4))
    assert nearly > ruled_out
    (unheard,) = ensemble.weighed(candidates_of([mine], []), default_weights())
    assert unheard.confidence > ruled_out


def test_the_surest_span_above_the_threshold_is_the_value() -> None:
    found = best([Span(0, 3, "Brand", 0.5), Span(4, 9, "Brand", 0.6), Span(0, 3, "Color", 0.39)], 0.4)
    assert found == {"Brand": Span(4, 9, "Brand", 0.6)}
    assert 0 < Weights().threshold < 1


def test_a_product_of_features_has_a_weight_of_its_own() -> None:
    (candidate,) = candidates_of(spans([(0, 5, "Brand", 0.7)]), [])
    told = dict(zip(FEATURES, candidate.features, strict=True))
    found = values_of(candidate, ("one", "reader*margin"))
    assert found == [1.0, told["reader"] * told["margin"]]
