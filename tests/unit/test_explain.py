"""Explanations of a small model whose truth is known by construction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from core.domain import Fact
from core.explain.contrast import contrast, list_contrast
from core.explain.counterfactual import HISTORY, NEW_FACTS, WORDS, Search, smallest_changes
from core.explain.faithful import faithfulness
from core.explain.history import MAX_PLAYERS, history_shares
from core.explain.model import Masks, Scores
from core.explain.paths import fact_effects, paths
from core.explain.report import explanation
from core.explain.shapley import attribute
from core.explain.surrogate import agreement, lime_groups
from core.explain.whatif import Change, changed_facts, what_if
from core.explain.words import lime_words, segment, shap_words, without
from core.ontology import Family


@dataclass(frozen=True)
class _Group:
    name: str
    family: Family | None = None


def _fact(subject: str, relation: str, value: str) -> Fact:
    return Fact(f"{subject}-{relation}-{value}", f"product:{subject}", relation, value, ("a",), 1.0)


FACTS = {
    "tent": (_fact("tent", "usedFor", "use:camping"), _fact("tent", "material", "material:nylon")),
    "stove": (
        _fact("stove", "usedFor", "use:camping"),
        _fact("stove", "usedIn", "place:kitchen"),
        _fact("stove", "isAccessoryOrSparePartFor", "product:tent"),
    ),
    "cup": (_fact("cup", "material", "material:steel"),),
    "lamp": (),
}
WORTH = {"use:camping": 2.0, "place:kitchen": 0.25, "product:tent": 0.5}


class _Linear:
    """Score = a point for each past camping product, plus the worth of the product's own facts and words."""

    groups = (_Group("history.recent"), _Group("use", Family.USE), _Group("text"), _Group("price"))
    product_ids = ("tent", "stove", "cup", "lamp")
    weights = np.array([1.0, 2.0, -0.5, 0.0])

    def score(self, history: Sequence[str]) -> Scores:
        return np.array([float(self.score_histories([history], p)[0]) for p in self.product_ids])

    def score_coalitions(
        self,
        history: Sequence[str],
        product_id: str,
        masks: Masks,
        background: str = "average",
        shoppers: Sequence[Sequence[str]] = (),
    ) -> Scores:
        return np.asarray(masks, dtype=float) @ self.weights + 10

    def score_texts(self, history: Sequence[str], product_id: str, texts: Sequence[str]) -> Scores:
        return np.array([3.0 * ("camping" in text) - 1.0 * ("heavy" in text) for text in texts])

    def score_fact_sets(
        self, history: Sequence[str], product_id: str, kept: Sequence[Collection[str]]
    ) -> Scores:
        own = len(set(history)) if product_id == "stove" else 0.0
        return np.array(
            [own + sum(WORTH.get(f.object, 0) for f in FACTS[product_id] if f.id in keep) for keep in kept]
        )

    def score_histories(
        self, histories: Sequence[Sequence[str]], product_id: str, *, stranger: bool = True
    ) -> Scores:
        base = sum(WORTH.get(fact.object, 0) for fact in FACTS[product_id])
        lift = 1.0 if product_id == "stove" else 0.0
        return np.array([base + lift * len(set(history)) for history in histories])

    def score_lists(self, histories: Sequence[Sequence[str]]) -> Scores:
        return np.stack([self.score(history) for history in histories])

    def score_versions(
        self,
        history: Sequence[str],
        product_id: str,
        facts: Sequence[Collection[Fact]],
        text: str | None = None,
    ) -> Scores:
        own = len(set(history)) if product_id == "stove" else 0.0
        words = 0.0 if text is None else float(self.score_texts(history, product_id, [text])[0])
        return np.array([own + words + sum(WORTH.get(f.object, 0) for f in chosen) for chosen in facts])

    def score_past_fact_sets(
        self, history: Sequence[str], past: str, product_id: str, kept: Sequence[Collection[str]]
    ) -> Scores:
        led = f"product:{product_id}"
        return np.array(
            [sum(0.75 for f in FACTS[past] if f.id in chosen and f.object == led) for chosen in kept]
        )

    def uses(self, fact: Fact) -> bool:
        return fact.object in WORTH

    def facts_of(self, product_id: str) -> Sequence[Fact]:
        return FACTS[product_id]


MODEL = _Linear()


def test_exact_shares_are_the_weights_and_lime_agrees_in_order() -> None:
    exact = attribute(MODEL, ["tent"], "stove")
    assert exact.values == pytest.approx(MODEL.weights)
    assert exact.additivity_error < 1e-9
    lime = lime_groups(exact.names, exact.scored)
    assert agreement(exact.values, lime.values) == pytest.approx(1.0)
    assert np.array_equal(lime.values, lime_groups(exact.names, exact.scored).values)
    assert exact.as_shap().values.sum() + exact.as_shap().base_values == pytest.approx(exact.score)


def test_the_card_tells_a_faithful_order_from_a_reversed_one() -> None:
    exact = attribute(MODEL, ["tent"], "stove")
    assert faithfulness(exact).reliable
    assert not faithfulness(exact, -exact.values).reliable


def test_history_shares_sum_to_what_the_history_is_worth() -> None:
    history = [f"p{i}" for i in range(MAX_PLAYERS + 5)]
    shares = history_shares(MODEL, history, "stove")
    assert len(shares) == MAX_PLAYERS
    assert shares[0].product_id == history[-1]
    assert sum(share.share for share in shares) == pytest.approx(len(history))
    assert len(shares[-1].older) == 6
    assert history_shares(MODEL, [], "stove") == []


def test_facts_are_ranked_by_what_their_deletion_costs() -> None:
    effects = fact_effects(MODEL, ["tent"], "stove")
    assert [(e.fact.object, e.effect) for e in effects] == [
        ("use:camping", 2.0),
        ("product:tent", 0.5),
        ("place:kitchen", 0.25),
    ]


def test_paths_exist_in_the_graph_and_carry_their_effect() -> None:
    found = paths(MODEL, FACTS, ["cup", "tent"], "stove", fact_effects(MODEL, ["tent"], "stove"))
    assert [(path.from_product, path.via, path.effect) for path in found] == [
        ("tent", "use:camping", 2.0),
        ("tent", "", 0.5),
    ]
    known = {fact for facts in FACTS.values() for fact in facts}
    assert all(fact in known for path in found for fact in path.facts)
    (led,) = [p for p in paths(MODEL, FACTS, ["stove"], "tent", []) if p.facts[0].subject == "product:stove"]
    assert (led.via, led.effect) == ("", 0.75)


def test_the_smallest_change_is_found_and_checked() -> None:
    search = Search(MODEL, [], "stove", k=1)
    by_facts = search.fact_change()
    assert by_facts.rank_before == 1
    assert [fact.split("-")[-1] for fact in by_facts.changed] == ["use:camping"]
    assert (by_facts.considered, by_facts.possible) == (3, 3)
    assert Search(MODEL, ["a", "b"], "stove", k=1).history_change().changed == ()
    assert Search(MODEL, ["a"], "cup", k=1).rank > 1


def test_a_product_outside_is_lifted_by_facts_of_those_inside() -> None:
    found = {one.kind: one for one in smallest_changes(MODEL, [], "cup", k=1, text="a cup")}
    assert found.keys() == {"facts", HISTORY, WORDS, NEW_FACTS}
    lifted = found[NEW_FACTS]
    assert (lifted.rank_before, lifted.rank_after) == (3, 1)
    assert len(lifted.changed) == 3
    assert found[WORDS].changed == ()


def test_what_if_moves_only_what_was_changed() -> None:
    own = MODEL.facts_of("stove")
    same = what_if(MODEL, [], "stove", Change((), tuple(own)))
    assert [(line.rank, line.rank_before) for line in same.first] == [(n, n) for n in range(1, 5)]
    less = what_if(MODEL, [], "stove", Change((), tuple(own[1:])))
    assert (less.product.rank_before, less.product.rank) == (1, 2)
    assert less.first[0].product_id == "tent"
    told = what_if(MODEL, [], "stove", Change((), tuple(own), "heavy"))
    assert told.product.score == pytest.approx(less.product.score_before - 1.0)


def test_an_edit_changes_the_facts_that_the_reader_finds_changed() -> None:
    own = FACTS["stove"]
    seen, fresh = _fact("edit", "usedFor", "use:camping"), _fact("edit", "usedIn", "place:garden")
    lost, gained = changed_facts(own, [seen], [fresh])
    assert lost == [own[0]]
    assert gained == [fresh]
    assert changed_facts(own, [], []) == ([], [])


def test_the_first_are_told_from_the_next() -> None:
    found = list_contrast(MODEL, [], k=2)
    assert found is not None
    assert found.first == ("stove", "tent")
    assert found.between.base + found.between.values.sum() == pytest.approx(found.between.gap)
    assert list_contrast(MODEL, [], k=4) is None


@pytest.mark.parametrize("explain", [shap_words, lime_words])
def test_words_that_matter_are_found(explain: object) -> None:
    text = "A heavy stove for camping, and more."
    shares = explain(lambda texts: MODEL.score_texts([], "stove", texts), text)  # type: ignore[operator]
    words = {text[s.start : s.end]: v for s, v in zip(shares.segments, shares.values, strict=True)}
    assert max(words, key=lambda w: words[w]) == "camping"
    assert min(words, key=lambda w: words[w]) == "heavy"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "…",
        "one",
        "露营炉具 适合户外",
        "👩‍🚀 café naïve",
        "a" * 5000,
        " ".join("word" for _ in range(500)),
    ],
)
def test_segments_lie_in_the_text_in_order(text: str) -> None:
    segments = segment(text)
    ends = [0, *(end for s in segments for end in (s.start, s.end)), len(text)]
    assert ends == sorted(ends)
    assert without(text, segments, np.ones(len(segments), bool)) == text
    shap_words(lambda texts: np.array([float(len(t)) for t in texts]), text)
    lime_words(lambda texts: np.array([float(len(t)) for t in texts]), text)


def test_chinese_is_cut_into_words() -> None:
    text = "露营炉具适合户外"
    assert "户外" in [text[s.start : s.end] for s in segment(text)]


def test_a_contrast_adds_up_to_the_gap() -> None:
    above, below = attribute(MODEL, ["tent"], "stove"), attribute(MODEL, ["tent"], "cup")
    gap = contrast(above, below)
    assert gap.base + gap.values.sum() == pytest.approx(gap.gap)


def test_the_report_is_plain_data_and_whole() -> None:
    import json

    found = explanation(MODEL, ["tent"], "stove", FACTS, text="stove for camping", against="cup", k=1)
    assert json.loads(json.dumps(found)) == found
    assert {"groups", "history", "facts", "paths", "counterfactuals", "words", "against"} <= found.keys()
    assert {"interactions", "list"} <= found.keys()
    for told in found["in_words"].values():
        assert all("{" not in sentences for sentences in told.values())


def test_the_sentences_name_what_the_figures_carry() -> None:
    found = explanation(MODEL, ["tent"], "stove", FACTS, k=1, label=lambda node: node.partition(":")[2])
    shopper = found["in_words"]["en"]["shopper"]
    assert shopper.startswith("“stove” is suggested mostly because")
    assert "what you chose lately, above all “tent”" in shopper
    assert "its facts: used for camping" in shopper
    assert "price" not in shopper
    assert "Score 12.50 against a reference of 10.00" in found["in_words"]["en"]["engineer"]
    assert found["in_words"]["zh"]["shopper"].startswith("推荐“stove”")


def test_long_texts_are_weighed_in_phrases_within_a_budget_of_readings() -> None:
    text = " ".join(["for", "camping"] + ["word"] * 60)
    read: list[str] = []

    def score(texts: Sequence[str]) -> Scores:
        read.extend(texts)
        return MODEL.score_texts(["tent"], "stove", texts)

    told = shap_words(score, text, evaluations=48, most=16)
    assert len(told.segments) == 16
    assert len(read) <= 64
    strongest = told.segments[int(np.argmax(told.values))]
    assert "camping" in text[strongest.start : strongest.end]
    assert told.base + told.values.sum() == pytest.approx(told.score)
    assert int(np.argmax(lime_words(score, text, samples=48, most=16).values)) == 0
