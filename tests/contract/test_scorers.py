"""One contract for the three scorers: the formula is the same in both libraries, in both directions, and it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.domain import Fact
from core.graph.embedding import SCORERS, EmbeddingConfig, ScorerKind, Triples, divided, measure, train
from core.graph.embedding.measure import by_frequency, ranks, summary

KINDS = list(ScorerKind)


def vectors(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


RELATIONS = ("material", "usedFor", "usedIn", "style")


def shelf_world(products: int = 80, shelves: int = 8, relations: tuple[str, ...] = RELATIONS) -> list[Fact]:
    """Products of a shelf share what all of the shelf have: each fact follows from the others."""
    made = []
    for number in range(products):
        shelf = number % shelves
        for relation in relations:
            name = f"{relation.lower()}:{shelf}"
            made.append(Fact(f"{number}-{name}", f"product:{number:03d}", relation, name, ("a",), 0.9))
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_and_torch_give_the_same_scores(kind: ScorerKind) -> None:
    scorer = SCORERS[kind]
    head, relation, tail = vectors(3, 5, 8)
    plain = scorer.compared(np, scorer.moved(np, head, relation), tail)
    parts = [torch.from_numpy(part) for part in (head, relation, tail)]
    learned = scorer.compared(torch, scorer.moved(torch, parts[0], parts[1]), parts[2])
    np.testing.assert_allclose(plain, learned.numpy(), rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_moving_the_tail_back_gives_the_same_score_as_moving_the_head(kind: ScorerKind) -> None:
    scorer = SCORERS[kind]
    head, relation, tail = vectors(3, 5, 8)
    forth = scorer.compared(np, scorer.moved(np, head, relation), tail)
    back = scorer.compared(np, scorer.moved_back(np, tail, relation), head)
    np.testing.assert_allclose(forth, back, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_holds_each_pair_compared(kind: ScorerKind) -> None:
    scorer = SCORERS[kind]
    moved, others = vectors(10, 8)[:4], vectors(10, 8)[4:]
    pairs = scorer.compared(np, moved[:, None], others[None])
    np.testing.assert_allclose(scorer.table(np, moved, others), pairs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_facts_are_found_where_the_others_tell_them(kind: ScorerKind) -> None:
    parts = divided(Triples.of(shelf_world()), seed=1)
    learned = train(parts.train, EmbeddingConfig(scorer=kind, dim=16, steps=40), parts.valid)
    found = measure(learned, parts.test, parts.all)
    assert found.n == len(parts.test) > 20
    assert found.mrr > 0.9 > 2 * summary(ranks(by_frequency(parts.train), parts.test, parts.all)).mrr


@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_give_equal_vectors(kind: ScorerKind) -> None:
    known = Triples.of(shelf_world(20, 4))
    config = EmbeddingConfig(scorer=kind, dim=8, steps=5)
    one, two = train(known, config), train(known, config)
    np.testing.assert_array_equal(one.entity, two.entity)
    np.testing.assert_array_equal(one.relation, two.relation)
