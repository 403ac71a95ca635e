"""A conditional random field over characters (Lafferty et al., 2001), trained by CRFsuite, read with NumPy.

It sees what ``characters`` says of each character, and the characters and dictionary words themselves.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pycrfsuite
from numpy.typing import NDArray

from core.extract.chain import Chain, Found
from core.extract.characters import Rows
from core.extract.chinese_words import dictionary_words

Floats = NDArray[np.float32]
_SETTINGS = {"c1": 0.1, "c2": 0.05, "max_iterations": 80, "feature.possible_transitions": False}


@dataclass(frozen=True)
class CharacterCrf:
    """``weights`` is ``[features, labels]``, ``names`` has the row of each feature; ``transitions`` is
    ``[labels, labels]``."""

    labels: tuple[str, ...]
    names: Mapping[str, int]
    weights: Floats
    transitions: Floats

    def posterior(self, text: str, rows: Rows) -> dict[Found, float]:
        """The probability of every span that has at least 0.01; ``rows`` are those of ``characters``."""
        seen = zip(rows, windows(text), strict=True)
        scores = [
            self.weights[[self.names[name] for name in (*told, *around) if name in self.names]].sum(axis=0)
            for told, around in seen
        ]
        return self._chain.posterior(np.array(scores, dtype=np.float64))

    @cached_property
    def _chain(self) -> Chain:
        return Chain(self.labels, self.transitions.astype(np.float64))


def train(texts: Iterable[tuple[str, Rows, Sequence[str]]]) -> CharacterCrf:
    """Learn from texts, their rows and the labels of their characters."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    trainer.set_params(_SETTINGS)
    for text, rows, labels in texts:
        seen = zip(rows, windows(text), strict=True)
        trainer.append([[*told, *around] for told, around in seen], labels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.crf"
        trainer.train(str(path))
        model = pycrfsuite.Tagger()
        model.open(str(path))
        learned = model.info()
        model.close()
    labels = tuple(sorted(learned.labels))
    places = {label: at for at, label in enumerate(labels)}
    names = {name: at for at, name in enumerate(sorted({name for name, _ in learned.state_features}))}
    weights = np.zeros((len(names), len(labels)), np.float32)
    for (name, label), weight in learned.state_features.items():
        weights[names[name], places[label]] = weight
    transitions = np.zeros((len(labels), len(labels)), np.float32)
    for (before, after), weight in learned.transitions.items():
        transitions[places[before], places[after]] = weight
    return CharacterCrf(labels, names, weights, transitions)


def windows(text: str) -> Rows:
    """For each character itself and two on either side, alone, in pairs and in threes, and the longest words of the
    dictionary that begin and end there."""
    lowered = text.lower() if len(text.lower()) == len(text) else text
    around = f"<<{lowered}>>"
    rows = [
        [
            *(f"{place}:{around[at + 2 + place]}" for place in (-2, -1, 0, 1, 2)),
            *(f"{place}::{around[at + 2 + place : at + 4 + place]}" for place in (-2, -1, 0, 1)),
            f":::{around[at + 1 : at + 4]}",
        ]
        for at in range(len(text))
    ]
    begins, ends = {}, {}
    for first, stop in sorted(dictionary_words(lowered), key=lambda word: word[1] - word[0]):
        begins[first] = ends[stop - 1] = lowered[first:stop]
    for at, word in begins.items():
        rows[at].append(f"begins:{word}")
    for at, word in ends.items():
        rows[at].append(f"ends:{word}")
    return rows
