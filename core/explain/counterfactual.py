"""The smallest change after which a product leaves the list, or enters it, scored by the real model.

Sizes are tried in order and each size in full, so an answer of size n is proof that no smaller one exists among the
edits considered; how many were considered, and of how many, is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.domain import Fact
from core.explain.model import Explainable, Scores
from core.explain.words import segment, without

MAX_EDITS = 3
MAX_CANDIDATES = 12
MAX_WORDS = 10
"""Each set of words is a text to be encoded: at most 175 of them."""
HISTORY, FACTS, NEW_FACTS, WORDS = "history", "facts", "new_facts", "words"
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """With ``changed`` the product goes from ``rank_before`` to ``rank_after`` (1 is best): out of the first k, or into
    them.

    ``kind`` is HISTORY (product ids taken away), FACTS (ids of facts taken away), NEW_FACTS (ids of other products'
    facts given to it) or WORDS (words of the text taken away). ``changed`` is empty where no set of at most
    ``MAX_EDITS`` is enough; ``tried`` counts the sets that were scored, ``considered`` the edits they were made of, and
    ``possible`` those there are.
    """

    kind: str
    changed: tuple[str, ...]
    rank_before: int
    rank_after: int
    tried: int
    considered: int = 0
    possible: int = 0


Ranks = Callable[[Sequence[tuple[int, ...]]], Sequence[int]]


class Search:
    """Looks for the smallest changes of one recommendation; ``excluded`` are never in the list, like the history."""

    def __init__(
        self,
        model: Explainable,
        history: Sequence[str],
        product_id: str,
        k: int,
        excluded: Collection[str] = (),
    ) -> None:
        self.model = model
        self.history = tuple(history)
        self.product_id = product_id
        self.k = k
        place = {product: at for at, product in enumerate(model.product_ids)}
        self._own = place[product_id]
        barred = {*history, *excluded} - {product_id}
        self._barred = np.array([place[p] for p in barred if p in place], dtype=int)
        self._scores = self._free(np.asarray(model.score(history), dtype=np.float64))
        self._others = np.sort(np.delete(self._scores, self._own))
        self.rank = self._rank(float(self._scores[self._own]))

    @property
    def inside(self) -> bool:
        """Whether the product is in the list now, so that the search is for its way out."""
        return self.rank <= self.k

    def history_change(self) -> Counterfactual:
        """The fewest past products without which the product leaves the list, or enters it."""
        past = list(dict.fromkeys(reversed(self.history)))

        def lists(sets: Sequence[tuple[int, ...]]) -> Iterator[Scores]:
            for start in range(0, len(sets), _BATCH):
                gone = [{past[i] for i in chosen} for chosen in sets[start : start + _BATCH]]
                kept = [[p for p in self.history if p not in away] for away in gone]
                yield from (self._free(row) for row in self.model.score_lists(kept))

        def ranks(sets: Sequence[tuple[int, ...]]) -> list[int]:
            return [int((row > row[self._own]).sum()) + 1 for row in lists(sets)]

        singles = [(at,) for at in range(len(past))]
        ahead = np.array([row[self._own] - self._edge(row) for row in lists(singles)])
        order = np.argsort(ahead if self.inside else -ahead, kind="stable")[:MAX_CANDIDATES]
        return self._smallest(HISTORY, past, [int(at) for at in order], ranks)

    def _edge(self, scores: Scores) -> float:
        """The score of the product's last rival within the list."""
        others = np.delete(scores, self._own)
        place = max(len(others) - self.k, 0)
        return float(np.partition(others, place)[place]) if len(others) else 0.0

    def fact_change(self) -> Counterfactual:
        """The fewest of its facts without which the product leaves the list, or enters it."""
        facts = list(self.model.facts_of(self.product_id))

        def score(sets: Sequence[tuple[int, ...]]) -> Scores:
            kept = [[f for at, f in enumerate(facts) if at not in chosen] for chosen in sets]
            return self.model.score_versions(self.history, self.product_id, kept)

        return self._by_score(FACTS, [fact.id for fact in facts], score, MAX_CANDIDATES)

    def new_fact_change(self) -> Counterfactual:
        """The fewest facts of the first k with which the product would enter the list; nothing for one that is in."""
        facts = list(self.model.facts_of(self.product_id))
        known = {(fact.relation, fact.object) for fact in facts}
        first = np.argsort(-self._scores, kind="stable")[: self.k]
        fresh: dict[tuple[str, str], Fact] = {}
        for at in () if self.inside else first:
            for fact in self.model.facts_of(self.model.product_ids[int(at)]):
                if (fact.relation, fact.object) not in known and self.model.uses(fact):
                    fresh.setdefault((fact.relation, fact.object), fact)
        given = list(fresh.values())

        def score(sets: Sequence[tuple[int, ...]]) -> Scores:
            grown = [[*facts, *(given[i] for i in chosen)] for chosen in sets]
            return self.model.score_versions(self.history, self.product_id, grown)

        return self._by_score(NEW_FACTS, [fact.id for fact in given], score, MAX_CANDIDATES)

    def word_change(self, text: str) -> Counterfactual:
        """The fewest words of the text without which the product leaves the list, or enters it."""
        words = segment(text)

        def score(sets: Sequence[tuple[int, ...]]) -> Scores:
            keep = [np.array([at not in chosen for at in range(len(words))]) for chosen in sets]
            texts = [without(text, words, row) for row in keep]
            return self.model.score_texts(self.history, self.product_id, texts)

        return self._by_score(WORDS, [text[w.start : w.end] for w in words], score, MAX_WORDS)

    def _by_score(
        self, kind: str, names: Sequence[str], score: Callable[[Sequence[tuple[int, ...]]], Scores], most: int
    ) -> Counterfactual:
        """Edits that change this product's score only; the most promising ones alone are combined."""
        if not names:
            return Counterfactual(kind, (), self.rank, self.rank, 0)
        single = np.asarray(score([(at,) for at in range(len(names))]), dtype=np.float64)
        order = np.argsort(single if self.inside else -single, kind="stable")[:most]

        def ranks(sets: Sequence[tuple[int, ...]]) -> list[int]:
            return [self._rank(float(value)) for value in np.asarray(score(sets), dtype=np.float64)]

        return self._smallest(kind, names, [int(at) for at in order], ranks)

    def _smallest(
        self, kind: str, names: Sequence[str], candidates: Sequence[int], ranks: Ranks
    ) -> Counterfactual:
        tried = 0
        for size in range(1, min(MAX_EDITS, len(candidates)) + 1):
            sets = list(combinations(candidates, size))
            found = list(ranks(sets))
            tried += len(sets)
            best = int(np.argmax(found) if self.inside else np.argmin(found))
            if (found[best] <= self.k) != self.inside:
                changed = tuple(names[i] for i in sets[best])
                return Counterfactual(
                    kind, changed, self.rank, found[best], tried, len(candidates), len(names)
                )
        return Counterfactual(kind, (), self.rank, self.rank, tried, len(candidates), len(names))

    def _free(self, scores: Scores) -> Scores:
        free: Scores = np.array(scores, dtype=np.float64)
        free[self._barred] = -np.inf
        return free

    def _rank(self, score: float) -> int:
        return int(len(self._others) - np.searchsorted(self._others, score, side="right")) + 1


def smallest_changes(
    model: Explainable,
    history: Sequence[str],
    product_id: str,
    k: int,
    text: str = "",
    excluded: Collection[str] = (),
) -> tuple[Counterfactual, ...]:
    """The smallest change of each kind there is: facts, past products, words of ``text``, and for a product outside of
    the first ``k`` the facts that would bring it in."""
    search = Search(model, history, product_id, k, excluded)
    found = [search.fact_change(), search.history_change()]
    if text:
        found.append(search.word_change(text))
    if not search.inside:
        found.append(search.new_fact_change())
    return tuple(found)
