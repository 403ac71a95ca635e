"""What a conditional random field holds for likely in one text: the probabilities of labels, summed over all labellings
by the forward-backward algorithm, and what follows for a span that somebody else proposes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pycrfsuite

from core.extract.bio import begin, inside, of_value


class Marginals:
    """The field over ``rows``, a list of features for each token. The model remembers one text only, so these are of
    use until the next is laid into it."""

    def __init__(self, model: pycrfsuite.Tagger, rows: Sequence[Sequence[str]]) -> None:
        self._model = model
        self._labels = frozenset(model.labels())
        self._length = len(rows)
        model.set(rows)

    def likeliest(self) -> list[str]:
        """The likeliest labelling, by the Viterbi algorithm."""
        return list(self._model.tag())

    def of_label(self, label: str, at: int) -> float:
        """The probability of a label at a token; 0 for a label that was never learned."""
        return float(self._model.marginal(label, at)) if label in self._labels else 0.0

    def of_labels(self, labels: Mapping[int, str], relation: str) -> float:
        """The probability of a value with these labels by place, in [0, 1]: the least of its tokens' marginals, times
        the chance that it does not go on."""
        stop = max(labels) + 1
        goes_on = self.of_label(inside(relation), stop) if stop < self._length else 0.0
        least = min(self.of_label(label, at) for at, label in labels.items())
        return min(1.0, max(0.0, least * (1.0 - goes_on)))

    def of_value(self, places: Sequence[int], relation: str) -> float | None:
        """The probability that the tokens at ``places``, which ascend, are a value of the relation; None where the
        relation was never learned."""
        if begin(relation) not in self._labels:
            return None
        return self.of_labels(of_value(places, relation), relation) if places else 0.0
