"""Attacks and what is found of them, on a shop whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.recommend import gate
from core.recommend.adversary import Fgsm, Noise, Perturbation, Pgd, radius, ranking_slope
from core.recommend.scoring import Combined
from core.robust.checks import judged
from core.robust.defences import cold_products
from core.robust.detection import detection
from core.robust.figures import figures
from core.robust.guard import guarded
from core.robust.matrix import RobustParams, examine, lines
from core.robust.profiles import KINDS, FakeProfiles, injected, is_fake
from core.robust.spotting import auc
from core.robust.texts import commanded, invisible, stuffed, synonyms, typos
from core.robust.world import Model
from core.ui.robustness_matrix import frame, harm
from tests.recommend_world import interactions, outcome, products
from tests.robust_world import model, read

PROSE = "A kettle of stainless steel for two people. It boils a litre in four minutes, and it is quiet."
CHINESE = "手冲壶\n壶身为不锈钢，容量一升，四分钟烧开，适合两个人使用。"


def test_the_clean_world_measures_what_the_run_was_measured_at() -> None:
    told, own = figures(model(), model().clean), outcome().metrics["models"]["shelfgraph"]
    assert told["ndcg@10"] == pytest.approx(own["ndcg@10"], abs=1e-6)
    assert told["recall@20"] == pytest.approx(own["recall@20"], abs=1e-6)


def test_the_network_of_a_run_stays_as_it_was_trained() -> None:
    network = deepcopy(outcome().artefact.network).to(torch.float32)
    Model(replace(outcome().artefact, network=network), products(), interactions(), read)
    assert network.node.dtype == torch.float32


@pytest.mark.parametrize("attack", [Noise(), Fgsm(), Pgd(10)])
@pytest.mark.parametrize("epsilon", [0.1, 1.0])
def test_a_perturbation_stays_within_its_ball(attack: Perturbation, epsilon: float) -> None:
    combined = model().scorer(model().clean)
    vectors = torch.as_tensor(combined.vectors)
    moved = attack(vectors, ranking_slope(combined, model().cases), epsilon)
    assert float(torch.linalg.vector_norm(moved, dim=1).max()) <= radius(vectors, epsilon) * (1 + 1e-9)


def test_the_gradient_is_that_of_the_loss() -> None:
    combined = model().scorer(model().clean)
    vectors = torch.as_tensor(combined.vectors)
    slope = ranking_slope(combined, model().cases)
    _, gradient = slope(vectors)
    way = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    small = 1e-6
    measured = (slope(vectors + small * way)[0] - slope(vectors - small * way)[0]) / (2 * small)
    # The spread of the scores is held fixed in the gradient, so the two agree closely, not exactly.
    assert measured == pytest.approx(float((gradient * way).sum()), rel=0.2, abs=1e-4)


def test_the_gate_of_a_run_that_is_to_withstand_attacks_opens_less_wide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    combined, cases, counts = model().scorer(model().clean), model().cases, model().counts

    def likely(one: Combined, weights: Sequence[float], *_: object) -> dict[float, float]:
        moved = not np.array_equal(one.vectors, combined.vectors)
        return {weight: -(weight**2) if moved else weight for weight in weights}

    monkeypatch.setattr(gate, "as_good", list)
    monkeypatch.setattr(gate, "likelihoods", likely)
    assert [gate.opened(combined, cases, counts, attacked) for attacked in (0.0, 0.5, 2.0)] == [
        2.5,
        1.0,
        0.25,
    ]


def test_a_hidden_gradient_fails_loudly() -> None:
    names = ("random_vectors", "fgsm", "pgd")
    fair = [
        {"attack": name, "epsilon": e, "loss": 0.5 + e * place}
        for place, name in enumerate(names)
        for e in (0.0, 0.5, 1.0)
    ]
    assert all(one["ok"] for one in judged(fair))
    masked = [
        {**point, "loss": 0.5} if (point["attack"], point["epsilon"]) == ("pgd", 1.0) else point
        for point in fair
    ]
    told = {one["name"]: one for one in judged(masked)}
    assert not told["pgd_at_least_fgsm"]["ok"]
    assert not told["monotone"]["ok"]
    assert told["pgd_at_least_fgsm"]["broken"][0]["epsilon"] == 1.0
    assert told["fgsm_beats_random"]["ok"]


@given(st.text(min_size=0, max_size=80), st.integers(0, 2**16))
def test_marks_that_nobody_sees_are_taken_out_again(tail: str, seed: int) -> None:
    text = f"Ceramic kettle {tail}".replace("\u200c", "").replace("\u200d", "")
    attacked = invisible(text, 1.0, np.random.default_rng(seed))
    assert guarded(attacked) == guarded(text)


@pytest.mark.parametrize("text", [f"Kettle\n{PROSE}", CHINESE])
def test_the_guard_takes_out_commands_and_keyword_lists_and_nothing_else(text: str) -> None:
    titles = (
        ["鹅颈手冲壶 细口 家用", "咖啡滤杯 陶瓷"]
        if text == CHINESE
        else ["Red steel mug", "Travel pillow grey"]
    )
    assert guarded(text) == text
    assert guarded(commanded(text, titles, 2)) == text
    assert guarded(stuffed(text, titles, 30, np.random.default_rng(0))) == text


def test_typos_and_synonyms_change_words_and_leave_their_number() -> None:
    random = np.random.default_rng(1)
    slipped = typos(PROSE, 1.0, random)
    assert slipped != PROSE
    assert len(slipped.split()) == len(PROSE.split())
    assert typos(PROSE, 0.0, random) == PROSE
    assert "aluminium" not in synonyms("A frame of aluminium.", 1.0, random).split()
    assert synonyms(PROSE, 0.0, random) == PROSE


@pytest.mark.parametrize("kind", KINDS)
def test_fake_profiles_push_the_target_and_leave_genuine_histories_alone(kind: str) -> None:
    known, target = model().clean.known, 7
    fake = FakeProfiles(kind, 0.1).histories(known, target, np.random.default_rng(0))
    assert len(fake) == round(0.1 * (np.diff(known.bounds) > 0).sum())
    assert all(
        (history == target).sum() == 1 and len(set(history.tolist())) == len(history) for history in fake
    )
    mixed = injected(known, fake, np.random.default_rng(0))
    assert is_fake(mixed).sum() == len(fake)
    for shopper in range(len(known.shoppers)):
        assert np.array_equal(mixed.history(shopper), known.history(shopper))
    assert mixed.counts[target] == known.counts[target] + len(fake)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[float, bool]]) -> None:
    scores, planted = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[planted] for b in scores[~planted]]
    if pairs:
        assert auc(scores, planted) == pytest.approx(float(np.mean(pairs)))
    else:
        assert np.isnan(auc(scores, planted))


def test_planted_shoppers_and_facts_are_told_from_genuine_ones() -> None:
    told = detection(model(), 2, 0)
    bandwagon = next(row for row in told["profiles"] if row["attack"] == "profiles_bandwagon")
    assert bandwagon["mean"] > 0.8
    assert told["facts"]["mean"] > 0.8
    assert told["suspects"] == sorted(told["suspects"], key=lambda row: -row["score"])


def test_an_examination_is_plain_json_with_every_attack_and_what_it_did() -> None:
    found = examine(model(), RobustParams(targets=1, rounds=1), hardened=model())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [row["attack"] for row in found["rows"]] == [line.attack.name for line in lines(RobustParams())]
    by_name = {row["attack"]: row for row in found["rows"]}
    assert by_name["pgd"]["defence"] == "hardened"
    assert by_name["pgd"]["attacked"]["ndcg@10"] <= by_name["random_vectors"]["attacked"]["ndcg@10"]
    assert by_name["invisible"]["defended"]["extraction_f1"] == 1.0
    assert by_name["prompt_injection"]["defended"]["target_place"] == pytest.approx(
        by_name["prompt_injection"]["clean"]["target_place"]
    )
    pushed = by_name["profiles_bandwagon"]
    assert (harm(pushed, "attacked", "place") or 0) > 0
    assert harm(by_name["fgsm"], "attacked", "target_hit") is None
    assert len(frame(found)) == len(found["rows"])
    assert found["targets"][0] in {product.id for product in products()}
    assert all(place in cold_products(model().counts) for place in [model().names.index(found["targets"][0])])
