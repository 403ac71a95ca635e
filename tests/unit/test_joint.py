"""Tagger and span reader together: one confidence a value, and no trace of what else was in the batch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.extract import shipped, teach
from core.extract.batches import STEP, alike
from core.extract.example import Example
from core.extract.ground import Span
from core.extract.joint import READER, TAGGER, Joint, Passage, weights
from core.extract.query import Query
from core.extract.schema import default
from core.extract.teach import ReaderFiles
from core.llm.files import SENTENCES, status
from core.storage.workspaces import Workspace
from tests.conftest import need

TITLE = "Sonvaro Drift 2 over-ear headphones, midnight blue, 240 g"


class Pointer:
    """A span reader that points at given words, and remembers what it was asked."""

    version, taught = "pointer", False

    def __init__(self, **words: str) -> None:
        self.words, self.queries = words, []  # type: ignore[var-annotated]

    def load(self) -> Pointer:
        return self

    def read(self, queries: Sequence[Query]) -> list[list[Span]]:
        self.queries += queries
        return [
            [
                Span(q.text.index(words), q.text.index(words) + len(words), relation, 0.9)
                for relation, words in self.words.items()
                if words in q.text
            ]
            for q in queries
        ]


def heard(reader: Pointer | None, passage: Passage) -> dict[tuple[str, str], tuple[float, tuple[str, ...]]]:
    (found,) = Joint(default(), None, reader).read([passage])  # type: ignore[arg-type]
    return {
        (s.span.relation, passage.text[s.span.start : s.span.end]): (s.span.confidence, s.by)
        for s in found.said
    }


def test_who_says_it_is_told_and_agreement_is_surest() -> None:
    passage = Passage(TITLE, "Audio")
    alone = heard(None, passage)
    both = heard(Pointer(weight="240 g", brand="Sonvaro"), passage)
    against = heard(Pointer(weight="2"), passage)
    assert both["weight", "240 g"][1] == (TAGGER, READER)
    assert both["brand", "Sonvaro"][1] == (READER,)
    assert both["weight", "240 g"][0] > alone["weight", "240 g"][0] > against["weight", "240 g"][0]
    assert both["weight", "240 g"][0] > both["brand", "Sonvaro"][0]


@pytest.mark.parametrize(
    "passage",
    [
        Passage("不锈钢保温杯 500毫升", "厨房", language="zh"),
        Passage("Kopfhörer mit 240 g für das Büro", "Audio", language="de"),
        Passage("The sound is great, 240 g", "Audio", kind="review", language="en"),
    ],
)
def test_what_the_span_reader_does_not_know_is_left_to_the_tagger(passage: Passage) -> None:
    reader = Pointer(weight="240 g")
    found = heard(reader, passage)
    assert reader.queries == []
    assert found == heard(None, passage)


def test_a_category_the_tagger_has_not_seen_makes_it_less_sure() -> None:
    tagger = shipped.default_tagger()
    text = "Sonvaro Drift over-ear headphones, midnight blue"
    seen = Joint(default(), tagger).tag(Passage(text, "Audio"))
    unseen = Joint(default(), tagger).tag(Passage(text, "Garage"))
    known = {(s.start, s.relation): s.confidence for s in seen}
    common = [s for s in unseen if (s.start, s.relation) in known]
    assert common
    assert all(s.confidence < known[s.start, s.relation] for s in common)
    for use in ("tagger_seen", "tagger_unseen", "tagger_review", "both_seen", "both_unseen"):
        assert 0.0 < weights(use).threshold <= 0.5


@given(st.lists(st.integers(1, 400), max_size=60), st.integers(1, 20))
def test_texts_are_read_once_beside_equally_long_ones(lengths: list[int], rows: int) -> None:
    groups = list(alike(lengths, rows))
    assert sorted(at for group in groups for at in group) == list(range(len(lengths)))
    assert all(1 <= len(group) <= rows for group in groups)
    assert all(len({-(-lengths[at] // STEP) for at in group}) == 1 for group in groups)


def test_reviewers_lessons_teach_the_shipped_reader_a_version_of_the_workspaces_own(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {state.name: state.present for state in status()}
    need(files[SENTENCES], "The sentence encoder is not fetched.")
    monkeypatch.setattr(teach, "REHEARSED", 1)
    before = teach.reader_of(workspace)
    assert before is not None
    assert not before.taught
    foreign = [Example("不锈钢水杯", (Span(0, 3, "material"),), "厨房")]
    assert teach.teach_reader(workspace, foreign, default()) is None
    lessons = [
        Example(f"Quux {color} gadget", (Span(0, 4, "brand"), Span(5, 5 + len(color), "color")), "Gadgets")
        for color in ("teal", "ochre", "mauve")
    ]
    told: list[int] = []
    made = teach.teach_reader(workspace, lessons, default(), lambda done, of, loss: told.append(done))
    assert made == teach.reader_of(workspace)
    assert made is not None
    assert made.taught
    assert made.version != before.version
    assert told == sorted(told) != []
    joint = Joint(default(), None, made)
    assert joint.version != Joint(default(), None, before).version
    (query,) = [joint.query(Passage("Quux puce gadget", "Gadgets"))]
    spans = {s.relation: s for s in made.load().read([query])[0] if s.start == 0 and s.end == 4}
    raw = {s.relation: s for s in before.load().read([query])[0] if s.start == 0 and s.end == 4}
    assert spans["brand"].confidence > (raw["brand"].confidence if "brand" in raw else 0.0)


def test_a_text_is_read_the_same_whatever_stands_beside_it() -> None:
    files = {state.name: state.present for state in status()}
    need(files[SENTENCES], "The sentence encoder is not fetched.")
    reader = ReaderFiles(shipped.READER, "shipped", False)
    texts = [TITLE, "Red steel mug", "Oak desk tray for pens, 30 x 20 cm", "Green tea 100 g " * 9]
    joint = Joint(default(), None, reader)
    together = joint.read([Passage(text, "Desk") for text in texts])
    assert together == [joint.read([Passage(text, "Desk")])[0] for text in texts]
    assert together[::-1] == joint.read([Passage(text, "Desk") for text in texts[::-1]])
