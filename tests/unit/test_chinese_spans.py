"""Spans in texts without spaces: exact probabilities, the best set of them, and what training texts teach."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ExtractionError
from core.extract import tagger, tagger_training
from core.extract.chain import Chain, choose, labels_of
from core.extract.character_reader import CharacterReader
from core.extract.character_training import Lesson, NetworkConfig, train
from core.extract.characters import features_of, without_spaces
from core.extract.chinese_words import Counts, WordLore
from core.extract.example import Example
from core.extract.ground import Span

LABELS = ("O", "B-x", "M-x", "E-x", "S-x", "B-y", "E-y")


def allowed(labels: tuple[str, ...]) -> bool:
    spans = [(a, b, labels[a][2:]) for a in range(len(labels)) for b in range(a, len(labels))]
    chosen = [
        (a, b, name)
        for a, b, name in spans
        if (labels[a] == f"S-{name}" and a == b)
        or (labels[a] == f"B-{name}" and labels[b] == f"E-{name}" and set(labels[a + 1 : b]) <= {f"M-{name}"})
    ]
    return labels_of(len(labels), chosen) == list(labels)


@given(st.integers(1, 4), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_spans_probability_is_the_share_of_the_labellings_that_have_it(units: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    scores, moves = chance.normal(size=(units, len(LABELS))), chance.normal(size=(len(LABELS),) * 2)
    numbers = {label: at for at, label in enumerate(LABELS)}
    weight: dict[tuple[str, ...], float] = {}
    for labels in filter(allowed, itertools.product(LABELS, repeat=units)):
        path = [numbers[label] for label in labels]
        total = sum(scores[at, label] for at, label in enumerate(path))
        weight[labels] = float(np.exp(total + sum(moves[a, b] for a, b in itertools.pairwise(path))))
    for (first, last, relation), found in Chain(LABELS, moves).posterior(scores).items():
        span = labels_of(last - first + 1, [(0, last - first, relation)])
        having = sum(w for labels, w in weight.items() if list(labels[first : last + 1]) == span)
        assert found == pytest.approx(having / sum(weight.values()), abs=1e-6)


SPANS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from("xy")).filter(lambda f: f[0] <= f[1]),
    st.floats(0.01, 1.0),
    max_size=7,
)


@given(SPANS, st.floats(0.1, 0.6))
def test_no_set_of_spans_that_do_not_overlap_has_more_above_the_least(
    posterior: dict[tuple[int, int, str], float], least: float
) -> None:
    def worth(spans: object) -> float:
        return sum(posterior[span] - least for span in spans)  # type: ignore[attr-defined]

    def apart(spans: tuple[tuple[int, int, str], ...]) -> bool:
        return all(a[1] < b[0] for a, b in itertools.pairwise(sorted(spans)))

    chosen = choose(posterior, 6, least)
    assert apart(tuple(chosen))
    sets = (s for size in range(len(posterior) + 1) for s in itertools.combinations(posterior, size))
    assert worth(chosen) == pytest.approx(max(worth(s) for s in sets if apart(s)))


TEXTS = ("云朵家保温杯包邮", "云朵家陶瓷碗", "山野保温杯", "北溪双肩背包")
LABELLED = [(text, (Span(0, 3, "brand"),) if text.startswith("云") else ()) for text in TEXTS]


def test_a_text_is_looked_at_without_what_it_taught_itself() -> None:
    for at, (text, spans) in enumerate(LABELLED):
        others = Counts([labelled for number, labelled in enumerate(LABELLED) if number != at]).lore()
        seen = Counts(LABELLED).lore_without(text, spans)
        assert features_of(text, seen) == features_of(text, others)


def test_texts_are_told_by_their_letters() -> None:
    assert without_spaces("304不锈钢保温杯 500ml")
    assert not without_spaces("Thermos flask 保温杯, 500 ml steel")
    assert not without_spaces("500 + 20")


@pytest.fixture(scope="module")
def reader() -> CharacterReader:
    names, things = ("山野记", "云朵家", "北溪", "青木屋"), ("保温杯", "热水壶", "陶瓷碗", "背包")
    lessons = [
        Lesson(f"{a}{b}新款", (Span(0, len(a), "brand"), Span(len(a), len(a) + len(b), "product")), "home")
        for a in names
        for b in things
    ]
    return train(lessons, NetworkConfig(epochs=1, least_steps=40))


def test_what_was_taught_is_read_and_the_rest_is_left(reader: CharacterReader, tmp_path: Path) -> None:
    text = "青木屋陶瓷碗新款"
    spans, doubt = reader.read(text, "home", {"brand": "青木屋"})
    assert [(text[s.start : s.end], s.relation) for s in spans] == [
        ("青木屋", "brand"),
        ("陶瓷碗", "product"),
    ]
    assert 0 <= doubt < 0.5
    assert all(0 <= span.confidence <= 1 for span in spans)
    reader.save(tmp_path / "weights")
    again = CharacterReader.load(tmp_path / "weights", reader.to_json())
    assert again.read(text) == reader.read(text)


@given(st.text("云朵杯a1 \u3000，👍\u0301", max_size=12))
@settings(max_examples=25, deadline=None)
def test_any_text_can_be_read(reader: CharacterReader, text: str) -> None:
    spans, _ = reader.read(text)
    assert all(text[s.start : s.end] == text[s.start : s.end].strip() != "" for s in spans)
    assert len(features_of(text, WordLore())) == len(text)


def test_a_tagger_with_enough_of_them_reads_them_by_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tagger_training, "_ENOUGH", 12)
    examples = [
        Example(f"{name}{thing}", (Span(0, len(name), "brand"),), "home")
        for name in ("山野记", "云朵家", "北溪")
        for thing in ("保温杯", "热水壶", "陶瓷碗", "背包")
    ]
    examples += [
        Example(f"Acme {thing}", (Span(0, 4, "brand"),), "home") for thing in ("mug", "lamp", "tray")
    ]
    made = tagger_training.train(examples)
    made.save(tmp_path)
    again = tagger.Tagger.load(tmp_path)
    for text, brand in (("北溪热水壶", "北溪"), ("Acme stand", "Acme")):
        found = made.read(text, "home", allowed={"brand"})
        assert [text[span.start : span.end] for span in found.spans] == [brand]
        assert made.read(text, "home", allowed=()).spans == ()
        assert again.read(text, "home", allowed={"brand"}) == found
    assert again.kinds == {"text"}
    (tmp_path / "text.safetensors").write_bytes(b"{")
    with pytest.raises(ExtractionError):
        tagger.Tagger.load(tmp_path)
