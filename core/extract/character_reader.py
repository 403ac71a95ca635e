"""Reads values in texts of scripts without spaces, character by character.

A recurrent network and a conditional random field, which err differently, each give the exact probability of every
span; the spans are chosen by a weighted mean of the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.extract.chain import OUTSIDE, Found, choose, mixed
from core.extract.character_crf import CharacterCrf
from core.extract.character_network import CharacterNetwork
from core.extract.characters import features_of
from core.extract.chinese_words import WordLore
from core.extract.ground import Span

LEAST = 0.44
"""The probability from which a span raises F1: about half of the F1 there is to reach, and some for overconfidence."""

_NETWORK_SHARE = 2 / 3


@dataclass(frozen=True)
class CharacterReader:
    """``lore`` is what the training texts taught of words."""

    lore: WordLore
    network: CharacterNetwork
    crf: CharacterCrf

    @property
    def relations(self) -> frozenset[str]:
        """What it has learned."""
        return frozenset(label[2:] for label in self.network.labels if label != OUTSIDE)

    def read(
        self, text: str, category: str = "", known: Mapping[str, str] | None = None
    ) -> tuple[list[Span], float]:
        """The spans in text order with their probabilities, and the share of characters expected to be read wrongly,
        in [0, 1]. ``category`` is folded; ``known`` are column values by relation."""
        return self.chosen(text, self.posterior(text, category, known))

    def chosen(self, text: str, posterior: Mapping[Found, float]) -> tuple[list[Span], float]:
        """What ``read`` gives, by the ``posterior`` of the text."""
        if not text.strip():
            return [], 0.0
        chosen = choose(posterior, len(text), LEAST)
        spans = [
            _trimmed(text, Span(first, last + 1, relation, min(1.0, posterior[first, last, relation])))
            for first, last, relation in chosen
            if text[first : last + 1].strip()
        ]
        return spans, _doubt(posterior, chosen, len(text))

    def posterior(
        self, text: str, category: str = "", known: Mapping[str, str] | None = None
    ) -> dict[Found, float]:
        """The probability of every span that either holds for possible; none where there are no words."""
        if not text.strip():
            return {}
        rows = features_of(text, self.lore, category, known)
        network, crf = self.network.posterior(text, rows), self.crf.posterior(text, rows)
        return mixed(network, crf, _NETWORK_SHARE)

    def to_json(self) -> dict[str, Any]:
        """All but the weights, for ``load``."""
        return {
            "lore": self.lore.to_json(),
            "network": {"labels": self.network.labels, "names": list(self.network.names)},
            "crf": {"labels": self.crf.labels, "names": list(self.crf.names)},
        }

    def save(self, path: Path) -> None:
        """Write the weights."""
        from safetensors.numpy import save_file

        arrays = {f"network.{name}": weights for name, weights in self.network.weights.items()}
        save_file(arrays | {"crf.weights": self.crf.weights, "crf.transitions": self.crf.transitions}, path)

    @staticmethod
    def load(path: Path, raw: Mapping[str, Any]) -> CharacterReader:
        """The reader whose weights ``save`` wrote and whose ``to_json`` is ``raw``; raises OSError, ValueError or
        KeyError where they are damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            arrays = load_file(path)
        except SafetensorError as error:
            raise ValueError(str(error)) from error
        own = {name.removeprefix("network."): array for name, array in arrays.items() if name[0] == "n"}
        network, crf = raw["network"], raw["crf"]
        return CharacterReader(
            WordLore.from_json(raw["lore"]),
            CharacterNetwork(tuple(network["labels"]), _numbered(network["names"]), own),
            CharacterCrf(
                tuple(crf["labels"]),
                _numbered(crf["names"]),
                arrays["crf.weights"],
                arrays["crf.transitions"],
            ),
        )


def _numbered(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _trimmed(text: str, span: Span) -> Span:
    """Without white space at the edges."""
    words = text[span.start : span.end]
    start = span.start + len(words) - len(words.lstrip())
    return Span(start, start + len(words.strip()), span.relation, span.confidence)


def _doubt(posterior: Mapping[Found, float], chosen: Sequence[Found], length: int) -> float:
    right = np.ones(length)
    for (first, last, _), chance in posterior.items():
        right[first : last + 1] -= chance
    for found in chosen:
        right[found[0] : found[1] + 1] = posterior[found]
    return float(1.0 - np.clip(right, 0.0, 1.0).mean())
