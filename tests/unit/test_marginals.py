"""What the CRF holds for likely: its probabilities are those of a distribution, and the same for what it proposes."""

from __future__ import annotations

from functools import cache
from itertools import product
from tempfile import TemporaryDirectory

import pycrfsuite
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract import tagger_training
from core.extract.candidates import FEATURES, candidates_of
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.marginals import Marginals
from core.extract.tagger import Tagger
from core.extract.tagger_training import TaggerConfig
from core.extract.tokens import tokenize

LEARNED = ("color", "material")
WORDS = ("blue", "steel", "red", "oak", "dark", "mug", "of", "puce", ",")

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join)


def _example(text: str, **values: str) -> Example:
    spans = (Span(text.index(v), text.index(v) + len(v), relation) for relation, v in values.items())
    return Example(text, tuple(spans), "mugs")


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    lessons = [
        _example("dark blue mug of steel", color="dark blue", material="steel"),
        _example("red mug of dark oak", color="red", material="dark oak"),
        _example("mug , oak , blue", color="blue", material="oak"),
    ]
    return tagger_training.train(lessons, TaggerConfig(iterations=15))


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=3), min_size=1, max_size=4))
def test_a_label_is_as_likely_as_all_labellings_that_have_it(rows: list[list[str]]) -> None:
    model = _model()
    marginals = Marginals(model, rows)
    labels = model.labels()
    chances = {labelling: model.probability(labelling) for labelling in product(labels, repeat=len(rows))}
    for at, label in product(range(len(rows)), labels):
        summed = sum(chance for labelling, chance in chances.items() if labelling[at] == label)
        assert marginals.of_label(label, at) == pytest.approx(summed, abs=1e-6)
    assert marginals.of_label("B-taste", 0) == 0.0
    assert marginals.of_value([0], "taste") is None


@cache
def _model() -> pycrfsuite.Tagger:
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.append([["a"], ["b", "c"], ["c"]], ["B-color", "I-color", "O"])
    trainer.append([["b"], ["a", "b"], []], ["O", "B-color", "O"])
    with TemporaryDirectory() as folder:
        trainer.train(f"{folder}/model")
        model = pycrfsuite.Tagger()
        model.open(f"{folder}/model")
    return model


@given(texts)
def test_every_span_has_a_probability_and_the_relations_of_one_share_it(tagger: Tagger, text: str) -> None:
    places = [(a.start, b.end) for n, a in enumerate(tokenize(text)) for b in tokenize(text)[n:]]
    asked = [(*place, relation) for place in places for relation in (*LEARNED, "taste")]
    silent, told = tagger.read(text, "mugs"), tagger.read(text, "mugs", asked=asked)
    assert told.spans == silent.spans
    assert told.doubt == silent.doubt
    assert told.marginals.keys() == {place for place in asked if place[2] in LEARNED}
    for place in places:
        shares = [told.marginals[(*place, relation)] for relation in LEARNED]
        assert min(shares) >= 0.0
        assert sum(shares) <= 1.0 + 1e-9
    for span in told.spans:
        assert told.marginals[span.place] == span.confidence
        assert tagger.confidence(text, *span.place, "mugs") == span.confidence


def test_a_span_that_the_crf_nearly_chose_is_told_from_one_that_it_rules_out(tagger: Tagger) -> None:
    text = "puce mug of steel"
    read = [Span(0, 4, "color", 0.5), Span(9, 11, "color", 0.5), Span(0, 4, "taste", 0.5)]
    tagging = tagger.read(text, "mugs", asked=[span.place for span in read])
    told = {
        candidate.span.place: dict(zip(FEATURES, candidate.features, strict=True))
        for candidate in candidates_of(read, tagging.spans, (), tagging.marginals)
    }
    assert told[0, 4, "color"]["crf_marginal"] > told[9, 11, "color"]["crf_marginal"]
    assert [told[span.place]["crf_unlearned"] for span in read] == [0.0, 0.0, 1.0]
    (material,) = [told[span.place] for span in tagging.spans if span.relation == "material"]
    assert material["crf_marginal"] == material["crf"]
    untaught = candidates_of(read, [])
    assert {c.features[FEATURES.index("crf_marginal")] for c in untaught} == {0.0}
